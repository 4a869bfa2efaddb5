// The ruling page: a category's own key rules once a reason is there, S leaves it for later.
import { announce } from "./dom.js";
import { letterLines, meaning } from "./keys.js";
import { gettext } from "./words.js";

const root = document.querySelector("[data-ruling]");

class Ruling {
  constructor() {
    this.reason = root.querySelector("#ruling-reason");
    this.buttons = [...root.querySelectorAll("[data-key]")];
    this.letters = letterLines(this.buttons.map((button) => ({ key: button.dataset.key })));
    this.reason.addEventListener("keydown", (event) => this.#written(event));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    root.querySelector("[data-first]").focus({ preventScroll: true }); // Space unveils at once
  }

  /** Enter in the field rules nothing: it goes on to the keys. */
  #written(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    root.querySelector("[data-first]").focus();
  }

  #pressed(event) {
    if (event.defaultPrevented || event.repeat || document.querySelector("dialog[open]")) return;
    const line = this.letters.find(({ keys }) => keys.includes(event.code)) ?? meaning(event);
    if (line?.does === "skip") root.querySelector("[data-later]").click();
    else if (line?.does === "decide") this.#rule(event, line.category);
  }

  #rule(event, key) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.target.matches("input, textarea, select")) return;
    const button = this.buttons.find((one) => one.dataset.key === key);
    if (!button) return;
    event.preventDefault();
    if (this.reason.value.trim()) button.click();
    else {
      this.reason.focus();
      announce(gettext("Say why first."));
    }
  }
}

if (root) new Ruling();
