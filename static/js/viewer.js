// The viewer of the item in focus, inside the review page: one veiled picture of at most 640 px, and for a video its
// storyboard, or its poster frame where it has none. Same keys as the grid; Esc goes back to the same place.
import { canUnveil } from "./batch.js";
import { Board } from "./board.js";
import { clock, el, icon, isolated } from "./dom.js";
import { cap } from "./keys.js";
import { gettext } from "./words.js";

const FACTS = { still: gettext("picture"), video: gettext("video"), audio: gettext("sound"), other: gettext("file") };

const hint = ([key, text]) => el("span", { class: "row" }, typeof key === "string" ? el("kbd", {}, key) : key, text);

export class Viewer {
  /** `frames(item)` is where the frames of a film are asked for; `onFrame()` hears that another one has the focus. */
  constructor(root, { frames, onFrame }) {
    this.root = root;
    this.shown = null; // the item
    this.asking = false; // for its frames
    const board = el("div", { class: "storyboard" });
    this.board = new Board(board, { address: frames, onFocus: onFrame });
    this.title = el("h2", { class: "strong ell big" });
    this.pill = el("span", { class: "pill" });
    this.marks = el("span", { class: "row" });
    this.image = el("img", { class: "veil", alt: "" });
    this.tag = el("span", { class: "tag" });
    this.frame = el("div", { class: "frame" }, this.image, this.tag);
    this.looks = [[cap("unveil"), gettext("hold to unveil")], [cap("enlarge"), gettext("hold to enlarge, counted")]].map(hint);
    this.hints = el("div", { class: "hints" }, ...this.looks, ...[["← →", gettext("item")], ["Esc", gettext("back")]].map(hint));
    this.stage = el("section", { class: "stage", tabindex: "-1", "aria-label": gettext("Item in focus") },
      el("div", { class: "row between" }, el("div", { class: "row grow" }, this.title, this.pill), this.marks),
      el("div", { class: "frame-box" }, this.frame), board, this.hints);
    root.replaceChildren(this.stage);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** `marks`: what stands on the unit, as nodes. */
  open(unit, marks) {
    this.root.hidden = false;
    this.show(unit, marks);
    this.stage.focus({ preventScroll: true });
  }

  close() {
    this.root.hidden = true;
    this.large(false);
    this.board.close();
    this.shown = null;
  }

  /** What is to be unveiled, and where: the frame in focus, or the picture; null while frames are on their way. */
  target(unit) {
    if (this.asking) return { unit: null, host: () => null };
    return this.board.isOpen ? { unit: this.board.current, host: () => this.board.node } : { unit, host: () => this.frame };
  }

  async #ask(unit) {
    this.asking = true;
    try {
      await this.board.open(unit);
    } catch {
      // the poster frame is there, and everything can be decided
    }
    if (this.shown !== unit.item) return;
    this.asking = false;
    this.frame.parentElement.hidden = this.board.isOpen;
    this.board.onFocus();
  }

  show(unit, marks) {
    if (unit.item !== this.shown) {
      this.shown = unit.item;
      this.asking = false;
      this.board.close();
      this.frame.parentElement.hidden = false;
      if (unit.kind === "video" && canUnveil(unit)) this.#ask(unit);
    }
    this.title.replaceChildren(isolated(unit.name));
    const length = unit.kind === "video" && unit.duration_ms ? ` · ${clock(unit.duration_ms)}` : "";
    this.pill.replaceChildren(icon(unit.kind === "video" ? "film" : "image"), `${FACTS[unit.kind] ?? unit.kind}${length}`);
    this.marks.replaceChildren(...marks);
    this.looks.forEach((node) => { node.hidden = !canUnveil(unit); });
    this.image.hidden = !unit.veil;
    if (unit.veil) this.image.src = unit.veil;
    this.tag.replaceChildren(...this.#tag(unit));
    this.tag.hidden = this.tag.childNodes.length === 0;
  }

  #tag(unit) {
    if (!canUnveil(unit)) return [icon("file-x"), gettext("no picture")];
    return unit.kind === "video" ? [icon("film"), gettext("poster frame")] : [];
  }

  large(on) {
    this.stage.classList.toggle("large", on);
  }
}
