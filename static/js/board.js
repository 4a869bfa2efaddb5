// The storyboard of a film in the viewer: its keyframes, veiled, six in a row and four rows a page. One of them has the
// focus and can be unveiled; each is a look of its own.
import { getJson } from "./api.js";
import { clock, el, svg } from "./dom.js";
import { fromBase64, drop } from "./veils.js";
import { gettext, ngettext } from "./words.js";

const ACROSS = 6;
const PAGE = 24;
const WIDE = 800; // of the lane, in its own units

export class Board {
  #abort = null;
  #frames = []; // { number, at_ms, scene, veil, unit }

  /** `address(item)` is where the frames are asked for; `onFocus(frame)` hears of the one in focus. */
  constructor(root, { address, onFocus }) {
    Object.assign(this, { root, address, onFocus, place: 0 });
    this.tiles = el("div", { class: "board", role: "listbox", "aria-label": gettext("Frames of this film") });
    this.lane = svg("svg", { viewBox: `0 0 ${WIDE} 20`, preserveAspectRatio: "none", role: "img" });
    this.said = el("span", { class: "num nowrap" });
    root.replaceChildren(this.tiles, el("div", { class: "row f1 t3" }, el("span", {}, gettext("Scenes")), this.lane, this.said));
    this.tiles.addEventListener("pointerdown", (event) => {
      const node = event.target.closest("[data-frame]");
      if (node) this.#go(Number(node.dataset.frame));
    });
    root.hidden = true;
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** The frame in focus, as something to unveil; null while there is none. */
  get current() {
    return this.#frames[this.place]?.unit ?? null;
  }

  get node() {
    return this.tiles.querySelector(".focus");
  }

  close() {
    this.#abort?.abort();
    this.#frames.forEach(drop);
    this.#frames = [];
    this.root.hidden = true;
  }

  /** Shows the frames of a film; resolves to whether it has any to choose from. */
  async open(unit) {
    this.close();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const { frames, duration_ms: duration } = await getJson(this.address(unit.item), signal);
    if (signal.aborted || frames.length < 2) return false;
    this.duration = Math.max(duration, frames[frames.length - 1].at_ms, 1);
    this.#frames = frames.map((frame) => ({
      ...frame, veil: fromBase64(frame.veil),
      unit: { id: unit.id, item: unit.item, picture: `${unit.item}/frames/${frame.number}`, preview: "made" },
    }));
    this.root.hidden = false;
    this.place = 0;
    this.#paint();
    this.onFocus(this.current);
    return true;
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

  #scene(step) {
    const starts = this.#frames.map((frame, place) => (frame.scene || place === 0 ? place : -1)).filter((place) => place >= 0);
    const found = step > 0 ? starts.find((place) => place > this.place) : starts.findLast((place) => place < this.place);
    return found ?? this.place;
  }

  #go(place) {
    if (place === this.place) return;
    this.place = place;
    this.#paint();
    this.onFocus(this.current);
  }

  /** "1:04, frame 9 of 24, a scene begins". */
  get spoken() {
    const frame = this.#frames[this.place];
    const told = { place: this.place + 1, total: this.#frames.length, at: clock(frame.at_ms) };
    return frame.scene ? gettext("Frame %(place)s of %(total)s, at %(at)s, a scene begins", told) : gettext("Frame %(place)s of %(total)s, at %(at)s", told);
  }

  #paint() {
    const first = Math.floor(this.place / PAGE) * PAGE;
    this.tiles.replaceChildren(...this.#frames.slice(first, first + PAGE).map((frame, offset) => this.#frame(frame, first + offset)));
    this.said.textContent = this.#frames.length > PAGE
      ? gettext("%(first)s–%(last)s of %(total)s", { first: first + 1, last: Math.min(this.#frames.length, first + PAGE), total: this.#frames.length })
      : ngettext("%(n)s frame", "%(n)s frames", this.#frames.length);
    this.#paintLane();
  }

  #frame(frame, place) {
    const here = place === this.place;
    const image = el("img", { class: "veil", alt: "", src: frame.veil });
    return el("div", { class: here ? "fr tile focus" : "fr tile", role: "option", "aria-selected": String(here), "data-frame": place, "aria-label": gettext("Frame at %(at)s", { at: clock(frame.at_ms) }) },
      image, frame.scene && place ? el("span", { class: "cut" }) : null, el("span", { class: "tag bl", "aria-hidden": "true" }, clock(frame.at_ms)));
  }

  #paintLane() {
    const at = (frame) => (WIDE * frame.at_ms) / this.duration;
    const starts = this.#frames.filter((frame, place) => frame.scene || place === 0);
    const pieces = starts.map((frame, number) => {
      const end = number + 1 < starts.length ? at(starts[number + 1]) : WIDE;
      return svg("rect", { x: at(frame), y: 1, width: Math.max(1, end - at(frame) - 2), height: 18, class: number % 2 ? "other" : "" });
    });
    const mark = at(this.#frames[this.place]);
    this.lane.replaceChildren(...pieces, svg("path", { d: `M${mark + 1} 0V20` }));
    this.lane.setAttribute("aria-label", ngettext("%(n)s scene", "%(n)s scenes", starts.length));
  }
}
