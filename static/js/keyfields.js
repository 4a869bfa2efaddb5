// Fields that take the key that is pressed: they show its cap and send its code. Tab, Enter and Esc do what they do in any
// form, so that nobody is caught in a field.
import { announce } from "./dom.js";
import { learnLayout, legendOf, SHIFT } from "./legends.js";
import { gettext } from "./words.js";

const MODIFIERS = ["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "NumLock"];
const PASS = ["Tab", "Enter", "Escape"];
const FREE = /^(Shift\+)?(Key[A-Z]|Digit\d|Numpad(\d|Add|Subtract|Multiply|Divide|Decimal)|Minus|Equal|Bracket(Left|Right)|Semicolon|Quote|Backslash|IntlBackslash|Comma|Period|Slash|Space|Backspace|Insert|Delete|F[2489])$/;

class KeyFields {
  constructor(form) {
    this.form = form;
    this.fields = [...form.querySelectorAll("[data-came]")].map((input) => this.#made(input));
    form.querySelectorAll("[data-back]").forEach((button) => {
      const field = this.fields.find((one) => one.sent.name === button.dataset.back);
      button.addEventListener("click", () => this.#set(field, field.shown.dataset.came));
    });
    this.paint();
  }

  /** The field itself shows; a hidden one beside it is sent. */
  #made(shown) {
    const sent = Object.assign(document.createElement("input"), { type: "hidden", name: shown.name, value: shown.value });
    shown.removeAttribute("name");
    shown.readOnly = true;
    shown.after(sent);
    const field = { shown, sent, label: shown.labels[0].textContent };
    shown.addEventListener("keydown", (event) => this.#pressed(field, event));
    return field;
  }

  #pressed(field, event) {
    if (MODIFIERS.includes(event.key) || PASS.includes(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const key = `${event.shiftKey && !("category" in field.shown.dataset) ? SHIFT : ""}${event.code}`;
    if (FREE.test(key)) this.#set(field, key);
    else this.#say(field, gettext("%(key)s cannot be chosen.", { key: legendOf(key) }));
  }

  #set(field, key) {
    field.sent.value = key;
    this.paint();
    const other = this.#clash(field);
    announce(other ? gettext("%(key)s: also “%(other)s”", { key: legendOf(key), other: other.label }) : `${field.label}: ${legendOf(key)}`);
  }

  #say(field, text) {
    this.form.querySelector(`[data-said="${field.sent.name}"]`).textContent = text;
    announce(text);
  }

  #claims({ sent, shown }) {
    const came = shown.dataset.came === sent.value && /^Digit\d$/.test(sent.value) ? [sent.value.replace("Digit", "Numpad")] : [];
    return [sent.value, ...came].flatMap((key) => ("category" in shown.dataset ? [key, SHIFT + key] : [key]));
  }

  #clash(field) {
    const own = this.#claims(field);
    return this.fields.find((other) => other !== field && this.#claims(other).some((key) => own.includes(key)));
  }

  paint() {
    for (const field of this.fields) {
      field.shown.value = legendOf(field.sent.value);
      const other = this.#clash(field);
      field.shown.setAttribute("aria-invalid", String(Boolean(other)));
      this.form.querySelector(`[data-said="${field.sent.name}"]`).textContent = other ? ` ${gettext("Also “%(other)s”", { other: other.label })}` : "";
      this.form.querySelector(`[data-back="${field.sent.name}"]`).disabled = field.sent.value === field.shown.dataset.came;
    }
  }
}

const form = document.querySelector("[data-key-fields]");
if (form) {
  const fields = new KeyFields(form);
  learnLayout().then((told) => { if (told) fields.paint(); });
}
