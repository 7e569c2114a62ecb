import { newId } from "../shared/messages.js";
import { sendFile } from "../shared/send_file.js";
import { agentId, clone, part, setText, toast } from "./dom.js";
import { showSignedOut } from "./status.js";

/** Files on their way into one conversation, one after the other. They go on while another one is read. */
export class Uploads {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** @type {Map<string, HTMLElement>} by client_id, until their messages have come */
  #rows = new Map();
  /** @type {HTMLElement | undefined} */
  #list;
  #path = "";

  /** @param {() => void} onPressed a button that had the focus is gone */
  constructor(onPressed) {
    this.onPressed = onPressed;
  }

  /** Some are not stored yet. */
  get isWaiting() {
    return [...this.#rows.values()].some(({ dataset }) => dataset.state !== "sent");
  }

  /** @param {HTMLElement} root the conversation, which was just drawn: with the messages that had been stored */
  show(root) {
    this.#path = part(root, ".composer", HTMLFormElement).dataset.upload ?? "";
    this.#list = part(root, ".uploads", HTMLElement);
    for (const [clientId, row] of this.#rows) {
      if (row.dataset.state === "sent") this.#remove(clientId);
      else this.#list.append(row);
    }
  }

  /** @param {Iterable<File>} files */
  send(files) {
    for (const file of files) {
      const row = clone("upload-template");
      const clientId = newId(); // the same for each try: the file is stored once
      setText(row, ".upload-name", file.name);
      part(row, "progress", HTMLProgressElement).ariaLabel = `Sending ${file.name}`;
      const going = new AbortController();
      part(row, ".upload-retry", HTMLElement).addEventListener("click", () => {
        this.#queue(row, file, clientId, going.signal);
        this.onPressed();
      });
      part(row, ".upload-discard", HTMLElement).addEventListener("click", () => {
        going.abort();
        this.#remove(clientId);
      });
      this.#rows.set(clientId, row);
      this.#list?.append(row);
      this.#queue(row, file, clientId, going.signal);
    }
  }

  /** @param {string | null} clientId of a message that came */
  onMessage(clientId) {
    if (clientId) this.#remove(clientId);
  }

  /** @param {string} clientId */
  #remove(clientId) {
    const row = this.#rows.get(clientId);
    const hadFocus = row?.contains(document.activeElement);
    row?.remove();
    this.#rows.delete(clientId);
    if (hadFocus) this.onPressed();
  }

  /**
   * @param {HTMLElement} row
   * @param {File} file
   * @param {string} clientId
   * @param {AbortSignal} signal
   */
  #queue(row, file, clientId, signal) {
    show(row, "sending", "");
    this.#last = this.#last.then(async () => {
      if (!this.#rows.has(clientId)) return;
      const progress = part(row, "progress", HTMLProgressElement);
      const onProgress = (/** @type {number} */ sent) => (progress.value = sent);
      const outcome = await sendFile(this.#path, { file, clientId, headers: headers(), onProgress, signal });
      if (!this.#rows.has(clientId)) return; // its message has come, or it was discarded
      if (outcome.status === 401) await showSignedOut();
      if (outcome.refusal === undefined) {
        if (row.contains(document.activeElement)) this.onPressed();
        return show(row, "sent", "Sent");
      }
      show(row, "failed", `Not sent. ${outcome.refusal}`);
      if (!row.isConnected) toast(`${file.name} was not sent. ${outcome.refusal}`);
    });
  }
}

/**
 * @param {HTMLElement} row
 * @param {"sending" | "sent" | "failed"} state
 * @param {string} text
 */
function show(row, state, text) {
  row.dataset.state = state;
  setText(row, ".upload-state", text);
}

/** As htmx sends them. */
function headers() {
  const { "x-csrftoken": token = "" } = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  return { "X-CSRFToken": token, "X-Agent-Id": agentId, "HX-Request": "true" };
}
