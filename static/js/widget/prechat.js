/** @import { Options } from "./chat.js" */
/** @import { View } from "./view.js" */
import { make, t } from "./chat.js";

const CSS = `
.prechat { flex: none; display: grid; gap: 8px; padding: 8px 12px 4px; border-block-start: 1px solid var(--line) }
.prechat label { display: grid; gap: 4px; font-size: 13px; font-weight: 500 }
.prechat input {
  width: 100%; min-height: 44px; padding: 8px 12px; border: 1px solid var(--control); border-radius: 6px;
  background: var(--surface); color: inherit; font: 16px/1.4 system-ui, sans-serif;
}
.panel .prechat input:focus-visible { outline-offset: -1px }
.prechat input[aria-invalid="true"] { border-color: var(--bad) }
.prechat p { font-size: 12px }
.prechat p:empty { display: none }
`;

/** Name and e-mail, asked for before a conversation of somebody nameless. Loaded by widgets that ask. */
export class Prechat {
  /**
   * @param {View} view
   * @param {Options} options
   */
  constructor(view, { addRules, config }) {
    addRules(CSS);
    const { name = "off", email = "off" } = config.features.pre_chat ?? {};
    this.view = view;
    this.said = view.chat.about ?? {};
    this.inputs = [
      ...this.#field(name, { type: "text", name: "name", autocomplete: "name", maxLength: 255 }, t("Name"), t("Name (optional)")),
      ...this.#field(email, { type: "email", name: "email", autocomplete: "email", maxLength: 254 }, t("E-mail"), t("E-mail (optional)")),
    ];
    this.fault = make("p", { className: "bad", role: "alert" });
    this.element = make("div", { className: "prechat" }, ...this.inputs.map(({ parentElement: label }) => label ?? ""), this.fault);
    view.form.before(this.element);
    view.isIntroduced = () => this.#check();
  }

  /**
   * @param {string} rule off, optional or required
   * @param {Partial<HTMLInputElement>} properties
   * @param {string} label
   * @param {string} optionalLabel
   */
  #field(rule, properties, label, optionalLabel) {
    if (rule === "off") return [];
    const input = make("input", { ...properties, dir: "auto", required: rule === "required" });
    input.value = this.said[input.name] ?? "";
    input.oninput = () => {
      input.ariaInvalid = "false";
      this.fault.textContent = "";
      this.view.chat.about = Object.fromEntries(this.inputs.map(({ name, value }) => [name, value.trim()]).filter(([, value]) => value));
    };
    input.onkeydown = (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (this.#check()) this.view.input.focus();
    };
    make("label", {}, input.required ? label : optionalLabel, input);
    return [input];
  }

  render() {
    this.element.hidden = !this.view.chat.asksWho;
  }

  /** Another person is asked anew. */
  forget() {
    this.element.remove();
    this.view.isIntroduced = () => true;
  }

  #check() {
    const wrong = this.inputs.find((input) => !input.value.trim() ? input.required : !input.validity.valid);
    if (!wrong) return true;
    const missing = wrong.name === "name" ? t("Enter your name first.") : t("Enter your e-mail address first.");
    this.fault.textContent = wrong.value.trim() ? t("This is not an e-mail address.") : missing;
    wrong.ariaInvalid = "true";
    wrong.focus();
    return false;
  }
}
