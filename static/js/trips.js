// The way to what stands beside the queue; the panel itself (beside.js) comes when somebody first asks for it.
import { el } from "./dom.js";
import { gettext } from "./words.js";

export const NAMES = { similar: gettext("Similar to this"), folder: gettext("Same folder"), camera: gettext("Same camera"), day: gettext("Same day") };
const SHORT = { similar: gettext("similar"), folder: gettext("folder"), camera: gettext("camera"), day: gettext("day") };

/** One button for each trip, the present one pressed. */
export function tripButtons(present, open) {
  const buttons = Object.entries(NAMES).map(([kind, name]) =>
    el("button", { type: "button", "aria-pressed": present && String(kind === present), title: name, onclick: () => open(kind) }, SHORT[kind]));
  return el("div", { class: "seg", role: "group", "aria-label": gettext("Beside the queue") }, ...buttons);
}

export class Trips {
  #panel = null;

  /** `root` takes the place of `aside`; `review` is the page's own object (review.js). */
  constructor(root, aside, review) {
    Object.assign(this, { root, aside, review });
  }

  get isOpen() {
    return !this.root.hidden;
  }

  get unit() {
    return this.#panel?.unit;
  }

  async open(kind, unit = this.review.field.current) {
    this.#panel ??= await this.review.tool("Beside", () => import("./beside.js"), this.root, this.aside);
    this.#panel?.open(kind, unit);
  }

  close() {
    this.#panel?.close();
  }

  /** Arrows, Home, End among the tiles there. */
  step(id) {
    this.#panel?.step(id);
  }

  /** U on what has the focus there. */
  join() {
    this.#panel?.join();
  }
}
