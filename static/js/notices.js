// Notes over the lower edge of the grid; nothing else moves when one comes or goes.
import { announce, el, icon } from "./dom.js";
import { gettext } from "./words.js";

const MARGIN = 12; // pixels below them

export class Notices {
  #shown = new Map(); // kind -> { node, text }

  /** `onHeight(pixels)` learns how much they cover. */
  constructor(root, onHeight) {
    this.root = root;
    new ResizeObserver(() => onHeight(root.childElementCount ? root.offsetHeight + MARGIN : 0)).observe(root);
  }

  /** Shows or replaces the note of this `kind`. `action`: [label, function]. Notes that ask for nothing go by themselves. */
  show(kind, { tone = "", icon: name = "info", title, text = "", action = null, stays = false, quiet = false }) {
    const known = this.#shown.get(kind);
    const key = `${title} ${text}`;
    if (known?.key === key) return;
    if (!known && !quiet) announce(key);
    const buttons = [action ? el("button", { class: "btn sm", type: "button", onclick: action[1] }, action[0]) : null,
      stays ? null : el("button", { class: "btn sm quiet", type: "button", onclick: () => this.hide(kind) }, gettext("Close"))];
    const node = el("div", { class: `note ${tone}` }, icon(name, ""), el("div", { class: "grow" }, el("b", { class: "strong" }, title), ` ${text}`), ...buttons);
    if (known) known.node.replaceWith(node);
    else this.root.append(node);
    window.clearTimeout(known?.timer);
    const timer = stays ? null : window.setTimeout(() => this.hide(kind), 12_000);
    this.#shown.set(kind, { node, key, timer });
  }

  hide(kind) {
    const known = this.#shown.get(kind);
    if (!known) return;
    window.clearTimeout(known.timer);
    known.node.remove();
    this.#shown.delete(kind);
  }
}
