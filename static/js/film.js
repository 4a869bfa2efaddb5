// How a film is looked at in the viewer: its storyboard, or the clip, grey and muted, or only its sound. Clip and sound go
// on for as long as the key is held, and for nothing else.
import { PANIC } from "./cover.js";
import { announce, clock, el, icon } from "./dom.js";
import { cap, capOf } from "./keys.js";
import { buildLane, paintLane } from "./lane.js";
import { isResting } from "./screen_time.js";
import { gettext } from "./words.js";

const SPEEDS = [2, 4, 8, 16];
const MODES = { storyboard: gettext("Storyboard"), clip: gettext("Clip"), sound: gettext("Sound only") };
const FILMS = ["video", "audio"];

export class Film {
  /** `frame`: where pictures are shown; `board`: the storyboard; `exposure` counts; `onMode()`: what is shown changed. */
  constructor(frame, board, { exposure, onMode }) {
    Object.assign(this, { board, onMode, unit: null, mode: "storyboard", measured: null, at: 0, duration: 1, speed: SPEEDS[0], said: "" });
    this.canvas = el("canvas", { class: "clear", hidden: true });
    frame.append(this.canvas);
    this.heard = { exposure, onPlace: (at) => this.#moved(at), onEnd: (text) => this.#ended(text) };
    this.players = this.sounds = null; // by mode, and how loud it is, once they are loaded
    this.held = false; // the key that plays
    this.modes = Object.entries(MODES).map(([mode, text]) => el("button", { type: "button", "data-mode": mode, onclick: () => this.show(mode) }, text));
    this.muted = el("span", { class: "row f1 t2" });
    this.bar = el("div", { class: "row", hidden: true }, el("div", { class: "seg", role: "group", "aria-label": gettext("How the film is shown") }, ...this.modes), cap("view"), this.muted);
    this.lane = buildLane();
    this.where = el("span", { class: "num nowrap" });
    this.line = el("div", { class: "row f1 t3", hidden: true }, el("span", {}, gettext("Scenes")), this.lane, this.where, board.said, board.fold);
    this.near = el("div", { class: "row wrap f1 t2", hidden: true });
    this.soundLine = el("div", { class: "row f1 t3", hidden: true });
    for (const kind of ["blur", "pagehide"]) window.addEventListener(kind, () => this.stop());
    document.addEventListener("visibilitychange", () => this.stop());
    document.addEventListener(PANIC, () => this.stop());
  }

  get isOpen() {
    return this.unit !== null;
  }

  get isPlaying() {
    return Object.values(this.players ?? {}).some((player) => player.isPlaying);
  }

  /** Takes a film up, or nothing where the unit is none. */
  open(unit) {
    this.close();
    if (!FILMS.includes(unit.kind)) return;
    Object.assign(this, { unit, at: 0, speed: SPEEDS[0], duration: Math.max(1, unit.duration_ms) });
    this.modes.forEach((button) => { button.hidden = unit.kind === "audio" && button.dataset.mode !== "sound"; });
    this.bar.hidden = this.line.hidden = false;
    this.show(unit.kind === "audio" ? "sound" : "storyboard");
    this.#load();
  }

  /** What plays comes with the first film. */
  async #load() {
    if (!this.players) await this.#come();
    if (this.isOpen && this.measured !== this.unit.item) this.sounds.open(this.measured = this.unit.item);
  }

  async #come() {
    const [{ Projector }, { Soundtrack }, { SoundLane }] = await Promise.all(["projector", "soundtrack", "sound_lane"].map((name) => import(`./${name}.js`)));
    this.sounds ??= new SoundLane(this.soundLine, () => this.held);
    this.players ??= {
      clip: new Projector(this.canvas, { address: (item, from, speed) => `/media/${item}/clip?from=${Math.round(from)}&speed=${speed}`, ...this.heard }),
      sound: new Soundtrack({ address: (item, from) => `/media/${item}/sound?from=${Math.round(from)}`, ...this.heard }),
    };
  }

  close() {
    this.stop();
    this.sounds?.close();
    Object.assign(this, { unit: null, measured: null, mode: "storyboard", said: "" });
    this.bar.hidden = this.line.hidden = this.near.hidden = true;
  }

  /** Its frames are there, or there are none; `duration` in milliseconds. */
  framed(duration) {
    this.duration = Math.max(1, duration, this.unit.duration_ms);
    const known = this.board.frames.filter((frame) => frame.known);
    this.near.hidden = known.length === 0;
    this.near.replaceChildren(el("b", { class: "strong" }, gettext("Frames near known material")), el("span", { class: "t3" }, gettext("categories hidden until you decide")), ...known.slice(0, 8).map((frame) => this.#chip(frame)));
    this.paint();
  }

  #chip({ at_ms: at, known }) {
    const told = gettext("%(set)s, version %(version)s: %(distance)s bits", known);
    return el("button", { class: "chip", type: "button", onclick: () => { this.show("storyboard"); this.board.goTo(at); } }, el("b", { class: "num" }, clock(at)), ` ${told}`);
  }

  /** Another frame has the focus: play begins there. */
  goTo(at) {
    if (!this.isOpen || this.isPlaying) return;
    Object.assign(this, { at, said: "" });
    this.paint();
  }

  show(mode) {
    this.stop();
    Object.assign(this, { mode, said: "" });
    this.paint();
    this.onMode();
  }

  /** V: from storyboard to clip, sound, and round. */
  cycle() {
    const modes = this.modes.filter((button) => !button.hidden).map((button) => button.dataset.mode);
    this.show(modes[(modes.indexOf(this.mode) + 1) % modes.length]);
    announce(MODES[this.mode]);
  }

  /** Plays until `stop`; from the storyboard it is the clip that is played. */
  async play() {
    this.held = true;
    await this.#load();
    if (!this.held || !this.isOpen || isResting() || document.hidden || !document.hasFocus()) return;
    if (this.mode === "storyboard") this.show("clip");
    if (this.at >= this.duration - 1) this.at = 0;
    this.said = "";
    this.players[this.mode].play(this.unit, this.at, this.speed);
    this.paint();
    this.onMode();
  }

  stop() {
    this.held = false;
    if (!this.isPlaying) return;
    Object.values(this.players).forEach((player) => player.stop());
    this.board.goTo(this.at, { quiet: true });
    this.paint();
    this.onMode();
  }

  /** Faster or slower by one step, while it is played too. */
  hasten(step) {
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(this.speed) + step))];
    if (this.players?.clip.isPlaying) this.players.clip.play(this.unit, this.at, this.speed);
    announce(gettext("%(n)s times as fast", { n: this.speed }));
    this.paint();
  }

  #moved(at) {
    this.at = at;
    this.paint();
  }

  #ended(text) {
    this.said = text || gettext("The film is over.");
    if (!text) this.at = this.duration;
    announce(this.said);
    this.paint();
    this.onMode();
  }

  /** What stands in the picture while nothing is played. */
  get tag() {
    if (this.said) return [icon("info"), this.said];
    if (this.isPlaying) return this.mode === "sound" ? [icon("play"), gettext("playing the sound, picture off")] : [];
    return this.mode === "sound" ? [icon("eye-off"), gettext("picture off: hold %(key)s to listen", { key: capOf("play") })] : [icon("play"), gettext("hold %(key)s to play, muted", { key: capOf("play") })];
  }

  paint() {
    if (!this.isOpen) return;
    this.modes.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.mode === this.mode)));
    const sound = this.mode === "sound";
    this.muted.replaceChildren(...(sound ? [] : [icon("volume-x"), gettext("Muted")]));
    const speed = this.mode === "clip" ? ` · ${this.speed} ×` : "";
    this.where.textContent = `${clock(this.at)} / ${clock(this.duration)}${speed}`;
    paintLane(this.lane, { frames: this.board.frames, duration: this.duration, place: this.at, moment: this.unit.moment ?? null });
  }
}

/** What a press of the mark key makes of a moment: a beginning, then the end of a range, then a new beginning. */
export function marked(moment, place) {
  const at = Math.round(place);
  if (!moment || moment.until_ms !== null) return { from_ms: at, until_ms: null };
  return at === moment.from_ms ? moment : { from_ms: Math.min(at, moment.from_ms), until_ms: Math.max(at, moment.from_ms) };
}
