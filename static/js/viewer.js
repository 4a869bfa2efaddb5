// The viewer of the item in focus, inside the review page: one veiled picture of at most 640 px, and for a film its
// storyboard, clip and sound (film.js). Same keys as the grid; Esc goes back to the same place.
import { canUnveil } from "./batch.js";
import { Board } from "./board.js";
import { clock, el, icon, isolated } from "./dom.js";
import { Film } from "./film.js";
import { cap } from "./keys.js";
import { gettext, ngettext } from "./words.js";

const FACTS = { still: gettext("picture"), video: gettext("video"), audio: gettext("sound"), other: gettext("file") };
const NOTHING = { unit: null, host: () => null };

// Keys as they stand on their caps, or functions that make the cap of a command.
const hint = ([keys, text]) => el("span", { class: "row" }, ...keys.map((key) => (typeof key === "string" ? el("kbd", {}, key) : key())), text);
const of = (...commands) => commands.map((id) => () => cap(id));

const UNVEIL = [of("unveil"), gettext("hold to unveil")];
const ITEM = [UNVEIL, [of("enlarge"), gettext("hold to enlarge, counted")], [["← →"], gettext("item")]];
const PLAY = [[of("play"), gettext("hold to play, muted")], [of("smaller", "larger"), gettext("slower, faster")]];
const MARK = [of("mark"), gettext("mark as the basis")];
const FRAMES = [UNVEIL, [["← →"], gettext("frame")], [["⇧ →"], gettext("scene")]];
const ENLARGE = [of("enlarge"), gettext("enlarge, counted")];
const LISTEN = [[of("play"), gettext("hold to listen")], MARK];

export class Viewer {
  /** `onFrame()` hears that what can be unveiled is another; `alone`: the item has a page of its own, nothing to go back to. */
  constructor(root, { onFrame, exposure, alone = false }) {
    Object.assign(this, { root, onFrame, alone });
    this.shown = null; // the item
    this.asking = false; // for its frames
    const lower = el("div", { class: "storyboard" });
    this.lower = lower;
    this.board = new Board(lower, { address: (item) => `/media/${item}/frames`, onFocus: () => this.#focused() });
    this.title = el("h2", { class: "strong ell big" });
    this.pill = el("span", { class: "pill" });
    this.marks = el("span", { class: "row" });
    this.image = el("img", { class: "veil", alt: "" });
    this.tag = el("span", { class: "tag" });
    this.frame = el("div", { class: "frame" }, this.image, this.tag);
    this.film = new Film(this.frame, this.board, { exposure, onMode: () => this.#modeChanged() });
    this.damage = el("p", { class: "f1 warn-t", hidden: true });
    lower.append(this.film.line, this.film.soundLine, this.damage, this.film.near);
    this.hints = el("div", { class: "hints" });
    this.stage = el("section", { class: "stage", tabindex: alone ? "0" : "-1", "aria-label": gettext("Item in focus") },
      el("div", { class: "row between" }, el("div", { class: "row grow" }, this.title, this.pill, this.marks), this.film.bar),
      el("div", { class: "frame-box" }, this.frame), lower, this.hints);
    root.replaceChildren(this.stage);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** `marks`: what stands on the unit, as nodes. */
  open(unit, marks) {
    this.root.hidden = false;
    this.show(unit, marks);
    if (!this.alone) this.stage.focus({ preventScroll: true });
  }

  close() {
    this.root.hidden = true;
    this.large(false);
    this.film.close();
    this.board.close();
    this.shown = this.unit = null;
  }

  /** What is to be unveiled, and where: the frame in focus, or the picture; null while frames are on their way. */
  target(unit) {
    if (this.asking || this.film.mode === "sound" || this.film.isPlaying) return NOTHING;
    if (!this.board.isOpen) return { unit, host: () => this.frame };
    return { unit: this.board.current, host: () => (this.film.mode === "clip" ? this.frame : this.board.node) };
  }

  async #ask(unit) {
    this.asking = true;
    let duration = 0;
    try {
      duration = await this.board.open(unit);
    } catch {
      // the poster frame is there, and everything can be decided
    }
    if (this.shown !== unit.item || duration === null) return;
    this.asking = false;
    this.film.framed(duration);
    this.#arrange();
    this.onFrame();
  }

  #modeChanged() {
    this.#arrange();
    this.onFrame({ quiet: true });
  }

  #focused() {
    this.film.goTo(this.board.frame.at_ms);
    this.#arrange();
    this.onFrame();
  }

  show(unit, marks) {
    this.unit = unit;
    if (unit.item !== this.shown) {
      this.shown = unit.item;
      this.asking = false;
      this.board.close();
      this.film.open(unit);
      if (unit.kind === "video" && canUnveil(unit)) this.#ask(unit);
    }
    this.title.replaceChildren(isolated(unit.name));
    const length = this.film.isOpen && unit.duration_ms ? ` · ${clock(unit.duration_ms)}` : "";
    this.pill.replaceChildren(icon(this.film.isOpen ? "film" : "image"), `${FACTS[unit.kind] ?? unit.kind}${length}`);
    this.marks.replaceChildren(...marks);
    this.#arrange();
  }

  /** What is on screen: the frames, or one picture, or none where only the sound is heard; and the keys for it. */
  #arrange() {
    const { unit, film, board } = this;
    if (!unit) return;
    const onBoard = film.mode === "storyboard" && board.isOpen;
    board.tiles.hidden = !onBoard;
    this.frame.parentElement.hidden = onBoard;
    this.lower.classList.toggle("lower", !onBoard);
    this.frame.classList.toggle("clip", film.mode === "clip");
    const veil = film.mode === "sound" ? null : board.frame?.veil ?? unit.veil;
    this.image.hidden = !veil;
    if (veil) this.image.src = veil;
    this.tag.replaceChildren(...this.#tag(unit));
    this.tag.hidden = this.tag.childNodes.length === 0;
    this.#tellDamage(unit);
    const keys = this.alone ? this.#keys(unit).filter((line) => line !== MARK) : [...this.#keys(unit), [["Esc"], gettext("back")]];
    this.hints.replaceChildren(...keys.map(hint));
  }

  /** Why a film is less than it should be, and how far its frames go. */
  #tellDamage(unit) {
    const { film, board } = this;
    this.damage.hidden = !film.isOpen || !unit.reason || this.asking;
    if (this.damage.hidden) return;
    const last = board.frames[board.frames.length - 1];
    const got = last ? [ngettext("%(n)s frame could be got, the last at %(at)s.", "%(n)s frames could be got, the last at %(at)s.", board.frames.length, { at: clock(last.at_ms) })] : [];
    this.damage.textContent = [unit.reason, ...got].join(" ");
  }

  #tag(unit) {
    if (this.film.isOpen && (this.film.mode !== "storyboard" || this.film.said)) return this.film.tag;
    if (!canUnveil(unit)) return [icon("file-x"), gettext("no picture")];
    return unit.kind === "video" ? [icon("film"), gettext("poster frame")] : [];
  }

  #keys(unit) {
    const { film, board } = this;
    if (!film.isOpen) return canUnveil(unit) ? ITEM : ITEM.slice(2);
    if (film.mode === "sound") return [...(board.isOpen ? FRAMES.slice(1) : []), ...LISTEN];
    return [...(board.isOpen ? [...FRAMES, ENLARGE] : ITEM.slice(canUnveil(unit) ? 0 : 2)), ...PLAY, MARK];
  }

  large(on) {
    this.stage.classList.toggle("large", on);
  }
}
