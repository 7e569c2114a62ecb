/** @import { PresenceFrame } from "../shared/types.js" */

import { part, setText } from "./dom.js";

const RETRY_PAUSE = 5_000;

/** Who of the team is there. What changes while the team is fetched would be overwritten, so it is fetched once more. */
export class Team {
  section = part(document, "#team", HTMLElement);
  #isFetching = false;
  #isStale = false;

  /** @param {string} agentId whose inbox this is */
  constructor(agentId) {
    this.agentId = agentId;
    this.section.addEventListener("htmx:afterRequest", (event) => {
      const { successful } = /** @type {CustomEvent<{successful: boolean}>} */ (event).detail;
      this.#isFetching = false;
      if (!successful) setTimeout(() => this.refetch(), RETRY_PAUSE);
      else if (this.#isStale) this.refetch();
      else this.#showOwn();
    });
  }

  /** @param {PresenceFrame} presence */
  onPresence({ agent_id: id = "", status = "offline" }) {
    if (id === this.agentId && status !== "offline") part(document, "#own-status", HTMLSelectElement).value = status;
    const row = /** @type {HTMLElement | null} */ (this.section.querySelector(`[data-agent="${CSS.escape(id)}"]`));
    if (!row || this.#isFetching) return this.refetch();
    row.dataset.presence = status;
    setText(row, ".team-status", status[0].toUpperCase() + status.slice(1));
  }

  #showOwn() {
    const own = /** @type {HTMLElement | null} */ (this.section.querySelector(`[data-agent="${this.agentId}"]`));
    const status = own?.dataset.presence ?? "offline";
    if (status !== "offline") part(document, "#own-status", HTMLSelectElement).value = status;
  }

  refetch() {
    this.#isStale = this.#isFetching;
    if (this.#isStale) return;
    this.#isFetching = true;
    this.section.dispatchEvent(new Event("refetch"));
  }
}
