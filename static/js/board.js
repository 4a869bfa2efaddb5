// The storyboard of a film in the viewer: its keyframes, veiled, six in a row and four rows a page. One of them has the
// focus and can be unveiled; each is a look of its own. Frames that one look decides lie under the first of them.
import { getJson } from "./api.js";
import { clock, el } from "./dom.js";
import { fromBase64, drop } from "./veils.js";
import { gettext, ngettext } from "./words.js";

const ACROSS = 6;
const PAGE = 24;

const tag = (corner, text) => el("span", { class: `tag ${corner}`, "aria-hidden": "true" }, text);

export class Board {
  #abort = null;
  #all = []; // { number, at_ms, scene, folded, under, known, veil, unit }
  #frames = []; // those that are shown

  /** `address(item)` is where the frames are asked for; `onFocus(frame)` hears of the one in focus. */
  constructor(root, { address, onFocus }) {
    Object.assign(this, { root, address, onFocus, place: 0, unfolded: false });
    this.tiles = el("div", { class: "board", role: "listbox", "aria-label": gettext("Frames of this film") });
    this.said = el("span", { class: "num nowrap" });
    this.fold = el("button", { class: "btn sm quiet", type: "button", onclick: () => this.#toggle() });
    root.prepend(this.tiles);
    this.tiles.addEventListener("pointerdown", (event) => {
      const node = event.target.closest("[data-frame]");
      if (node) this.#go(Number(node.dataset.frame));
    });
    this.close();
  }

  get isOpen() {
    return this.#frames.length > 0;
  }

  /** All frames, in order. */
  get frames() {
    return this.#all;
  }

  get frame() {
    return this.#frames[this.place] ?? null;
  }

  /** The frame in focus, as something to unveil; null while there is none. */
  get current() {
    return this.frame?.unit ?? null;
  }

  get node() {
    return this.tiles.querySelector(".focus");
  }

  close() {
    this.#abort?.abort();
    this.#all.forEach(drop);
    Object.assign(this, { place: 0, unfolded: false });
    this.#all = this.#frames = [];
    this.tiles.hidden = this.fold.hidden = true;
    this.said.textContent = "";
  }

  /**
   * Asks for the frames of a film and shows them, where there is something to choose from; resolves to its duration in
   * milliseconds, or to null where another one is asked for by now.
   */
  async open(unit) {
    this.close();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const { frames, duration_ms: duration } = await getJson(this.address(unit.item), signal);
    if (signal.aborted) return null;
    this.#all = frames.map((frame) => ({
      ...frame, veil: fromBase64(frame.veil),
      unit: { id: unit.id, item: unit.item, picture: `${unit.item}/frames/${frame.number}`, preview: "made" },
    }));
    if (frames.length > 1) {
      this.tiles.hidden = false;
      this.#choose();
    }
    return Math.max(duration, ...frames.map((frame) => frame.at_ms));
  }

  /** Which frames are shown: all, or without those that lie under another. */
  #choose() {
    const here = this.frame;
    this.#frames = this.unfolded ? this.#all : this.#all.filter((frame) => frame.under === null);
    const place = this.#frames.findIndex((frame) => frame === here || frame.number === here?.under);
    this.place = Math.max(0, place);
    const hidden = this.#all.length - this.#all.filter((frame) => frame.under === null).length;
    this.fold.hidden = !hidden;
    this.fold.textContent = this.unfolded ? gettext("Fold frames that look alike") : ngettext("Show %(n)s more that looks alike", "Show %(n)s more that look alike", hidden);
    this.#paint();
  }

  #toggle() {
    this.unfolded = !this.unfolded;
    this.#choose();
    this.onFocus(this.current);
  }

  /** What an arrow or its like does; with `byScene` left and right go from scene to scene. */
  move(id, byScene) {
    const last = this.#frames.length - 1;
    const to = {
      left: byScene ? this.#scene(-1) : this.place - 1, right: byScene ? this.#scene(1) : this.place + 1,
      up: this.place - ACROSS, down: this.place + ACROSS, first: 0, last, "page-up": this.place - PAGE, "page-down": this.place + PAGE,
    }[id];
    this.#go(Math.max(0, Math.min(last, to)));
  }

  /** To the frame that is to be seen at a place of the film; `quiet`: nobody is told. */
  goTo(milliseconds, { quiet = false } = {}) {
    if (this.isOpen) this.#go(Math.max(0, this.#frames.findLastIndex((frame) => frame.at_ms <= milliseconds)), quiet);
  }

  #scene(step) {
    const starts = this.#frames.map((frame, place) => (frame.scene || place === 0 ? place : -1)).filter((place) => place >= 0);
    const found = step > 0 ? starts.find((place) => place > this.place) : starts.findLast((place) => place < this.place);
    return found ?? this.place;
  }

  #go(place, quiet = false) {
    if (place === this.place) return;
    this.place = place;
    this.#paint();
    if (!quiet) this.onFocus(this.current);
  }

  /** "Frame 9 of 24, at 1:04, a scene begins". */
  get spoken() {
    const { frame } = this;
    const told = { place: this.place + 1, total: this.#frames.length, at: clock(frame.at_ms) };
    const said = frame.scene ? gettext("Frame %(place)s of %(total)s, at %(at)s, a scene begins", told) : gettext("Frame %(place)s of %(total)s, at %(at)s", told);
    return frame.known ? `${said}, ${gettext("near known material")}` : said;
  }

  #paint() {
    const first = Math.floor(this.place / PAGE) * PAGE;
    this.tiles.replaceChildren(...this.#frames.slice(first, first + PAGE).map((frame, offset) => this.#frame(frame, first + offset)));
    this.said.textContent = this.#frames.length > PAGE
      ? gettext("%(first)s–%(last)s of %(total)s", { first: first + 1, last: Math.min(this.#frames.length, first + PAGE), total: this.#frames.length })
      : ngettext("%(n)s frame", "%(n)s frames", this.#frames.length);
  }

  #frame(frame, place) {
    const here = place === this.place;
    const image = el("img", { class: "veil", alt: "", src: frame.veil });
    const under = this.unfolded ? [] : this.#all.filter((other) => other.under === frame.number);
    const times = [frame, ...under].reduce((sum, { folded }) => sum + 1 + folded, 0);
    const name = [gettext("Frame at %(at)s", { at: clock(frame.at_ms) }), times > 1 ? gettext("%(n)s that look alike", { n: times }) : null, frame.known ? gettext("near known material") : null];
    return el("div", { class: here ? "fr tile focus" : "fr tile", role: "option", "aria-selected": String(here), "data-frame": place, "aria-label": name.filter(Boolean).join(", ") },
      image, frame.scene && place ? el("span", { class: "cut" }) : null, tag("bl", clock(frame.at_ms)),
      times > 1 ? tag("br", `×${times}`) : null, frame.known ? tag("tr", gettext("≈ known")) : null);
  }
}
