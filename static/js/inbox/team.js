/** @import { PresenceFrame } from "../shared/types.js" */

import { agentId, htmx, part, setChosen, setText } from "./dom.js";
import { Refetch } from "./refetch.js";

/** Who of the team is there. */
export class Team {
  #section = part(document, "#team", HTMLElement);
  #own = part(document, "#own-status", HTMLSelectElement);
  #refetch = new Refetch(
    () => this.#section.dataset.path ?? "",
    (html) => {
      htmx.swap(this.#section, html, { swapStyle: "innerHTML" });
      this.#showOwn(this.#find(agentId)?.dataset.presence);
    },
  );

  /** @param {PresenceFrame} presence */
  onPresence({ agent_id: id = "", status = "offline" }) {
    this.#refetch.overtake();
    if (id === agentId) this.#showOwn(status);
    const row = this.#find(id);
    if (!row) return this.refetch();
    row.dataset.presence = status;
    setText(row, ".team-status", status[0].toUpperCase() + status.slice(1));
  }

  refetch() {
    this.#refetch.start();
  }

  #showOwn(status = "offline") {
    if (status !== "offline") setChosen(this.#own, status);
  }

  /** @param {string} id */
  #find(id) {
    return /** @type {HTMLElement | null} */ (this.#section.querySelector(`[data-agent="${CSS.escape(id)}"]`));
  }
}
