import { newId } from "../shared/messages.js";
import { sendFile } from "../shared/send_file.js";
import { agentId, clone, part, setText, toast } from "./dom.js";
import { showSignedOut } from "./status.js";

/** Sends files one after the other: chosen, dropped or pasted. Each says how far it is, and can be tried again. */
export class Uploads {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {HTMLElement} root the conversation */
  constructor(root) {
    this.list = part(root, ".uploads", HTMLElement);
    const form = part(root, ".composer", HTMLFormElement);
    this.path = form.dataset.upload ?? "";
    const input = part(form, "input[type=file]", HTMLInputElement);
    part(form, ".attach", HTMLElement).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.#sendAll(input.files);
      input.value = "";
    });
    form.addEventListener("paste", (event) => {
      const files = event.clipboardData?.files;
      if (!files?.length) return;
      event.preventDefault();
      this.#sendAll(files);
    });
    root.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      root.classList.add("drops");
    });
    root.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!root.contains(/** @type {Node | null} */ (relatedTarget))) root.classList.remove("drops");
    });
    root.addEventListener("drop", (event) => {
      root.classList.remove("drops");
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      this.#sendAll(event.dataTransfer.files);
    });
  }

  /** Some are not sent yet. */
  get isWaiting() {
    return this.list.childElementCount > 0;
  }

  /** @param {FileList | null} files */
  #sendAll(files) {
    for (const file of files ?? []) {
      const row = clone("upload-template");
      setText(row, ".upload-name", file.name);
      this.list.append(row);
      this.#queue(row, file, newId());
    }
  }

  /**
   * @param {HTMLElement} row
   * @param {File} file
   * @param {string} clientId the same for each try: the file is stored once
   */
  #queue(row, file, clientId) {
    setText(row, ".upload-state", "");
    this.#last = this.#last.then(async () => {
      const refusal = await this.#send(row, file, clientId);
      if (refusal === undefined) return row.remove();
      this.#failed(row, refusal, () => this.#queue(row, file, clientId));
    });
  }

  /**
   * @param {HTMLElement} row
   * @param {string} detail
   * @param {() => void} retry
   */
  #failed(row, detail, retry) {
    if (!row.isConnected) return toast(`${row.querySelector(".upload-name")?.textContent} was not sent. ${detail}`);
    const state = part(row, ".upload-state", HTMLElement);
    const again = clone("link-button-template");
    again.textContent = "Try again";
    again.addEventListener("click", retry);
    const discard = clone("link-button-template");
    discard.textContent = "Discard";
    discard.addEventListener("click", () => row.remove());
    state.replaceChildren(`Not sent. ${detail} `, again, " ", discard);
  }

  /**
   * @param {HTMLElement} row
   * @param {File} file
   * @param {string} clientId
   * @returns {Promise<string | undefined>} why it was not sent
   */
  async #send(row, file, clientId) {
    const progress = part(row, "progress", HTMLProgressElement);
    const onProgress = (/** @type {number} */ sent) => (progress.value = sent);
    const outcome = await sendFile(this.path, { file, clientId, headers: headers(), onProgress });
    if (outcome.status === 401) showSignedOut();
    return outcome.refusal;
  }
}

/** As htmx sends them. */
function headers() {
  const { "x-csrftoken": token = "" } = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  return { "X-CSRFToken": token, "X-Agent-Id": agentId, "HX-Request": "true" };
}
