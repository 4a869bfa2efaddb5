// The viewer of the item in focus, inside the review page: one veiled picture of at most 640 px, and for a video its
// poster frame. Same keys as the grid; Esc goes back to the same place.
import { canUnveil } from "./batch.js";
import { clock, el, icon, isolated } from "./dom.js";

const FACTS = { still: "picture", video: "video", audio: "sound", other: "file" };

const hint = ([key, text]) => el("span", { class: "row" }, el("kbd", {}, key), text);

export class Viewer {
  constructor(root) {
    this.root = root;
    this.title = el("h2", { class: "strong ell big" });
    this.pill = el("span", { class: "pill" });
    this.marks = el("span", { class: "row" });
    this.image = el("img", { class: "veil", alt: "" });
    this.tag = el("span", { class: "tag" });
    this.frame = el("div", { class: "frame" }, this.image, this.tag);
    this.looks = [["Space", "hold to unveil"], ["E", "hold to enlarge, counted"]].map(hint);
    this.hints = el("div", { class: "hints" }, ...this.looks, ...[["← →", "item"], ["Esc", "back"]].map(hint));
    this.stage = el("section", { class: "stage", tabindex: "-1", "aria-label": "Item in focus" },
      el("div", { class: "row between" }, el("div", { class: "row grow" }, this.title, this.pill), this.marks),
      el("div", { class: "frame-box" }, this.frame), this.hints);
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
  }

  show(unit, marks) {
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
    if (!canUnveil(unit)) return [icon("file-x"), "no picture"];
    return unit.kind === "video" ? [icon("film"), "poster frame"] : [];
  }

  large(on) {
    this.stage.classList.toggle("large", on);
  }
}
