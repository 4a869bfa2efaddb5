// Plays the pictures of a film for as long as somebody holds the key: grey, without sound, on a canvas by a clock of its
// own. Pieces come one after the other and are let go of once they were shown; each counts under its own token.
import { getPiece } from "./api.js";

const AHEAD = 1500; // milliseconds of playing for which pictures are there before more are asked for
const TRIES = 6; // pieces without a picture after which a place is given up

export class Projector {
  #run = null;

  /** `address(item, from, speed)`; `exposure` counts; `onPlace(milliseconds)`; `onEnd(text)`: it stopped by itself, why. */
  constructor(canvas, { address, exposure, onPlace, onEnd }) {
    Object.assign(this, { canvas, address, exposure, onPlace, onEnd });
  }

  get isPlaying() {
    return this.#run !== null;
  }

  /** Plays from a place of the film (milliseconds) until `stop`. */
  play(unit, from, speed) {
    this.stop();
    const run = { unit, speed, abort: new AbortController(), frames: [], next: from, clock: null, shown: null, reason: "", empty: 0 };
    this.#run = run;
    this.#fetch(run);
    const step = (now) => {
      if (this.#run !== run) return;
      this.#show(run, now);
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** Veils at once, counts what was seen, and lets go of every picture. */
  stop() {
    const run = this.#run;
    if (!run) return;
    this.#run = null;
    run.abort.abort();
    this.#count(run);
    this.canvas.hidden = true;
    this.canvas.width = this.canvas.height = 0; // what was drawn is gone
    run.frames.forEach(({ bitmap }) => bitmap?.close());
  }

  async #fetch(run) {
    const [from, { signal }] = [run.next, run.abort];
    run.next = null;
    run.fetching = true;
    let piece;
    try {
      piece = await getPiece(this.address(run.unit.item, from, run.speed), signal);
    } catch (error) {
      if (error.name !== "AbortError") this.#end(run, error.message);
      return;
    }
    if (this.#run !== run) return;
    run.fetching = false;
    run.empty = piece.at.length ? 0 : run.empty + 1;
    run.next = run.empty < TRIES ? piece.next : null;
    run.reason ||= piece.reason;
    run.frames.push(...piece.at.map((at, place) => ({ at, bytes: piece.parts[place], token: piece.token })));
    this.#decode(run.frames[0]);
  }

  /** Makes a picture of the next bytes before it is due. */
  #decode(frame) {
    if (!frame || frame.bitmap || frame.asked) return;
    frame.asked = true;
    createImageBitmap(new Blob([frame.bytes], { type: "image/jpeg" }))
      .then((bitmap) => Object.assign(frame, { bitmap }), () => { frame.broken = true; });
  }

  #show(run, now) {
    while (run.frames[0]?.broken) run.frames.shift();
    if (this.#left(run) < AHEAD && run.next !== null && !run.fetching) this.#fetch(run);
    if (!run.frames.length) {
      if (!run.fetching && run.next === null) this.#end(run, run.reason);
      else run.clock = null; // waits for what comes, and the clock with it
      return;
    }
    if (run.clock === null && run.frames[0].bitmap) run.clock = { at: run.frames[0].at, since: now };
    if (run.clock === null) return;
    const place = run.clock.at + (now - run.clock.since) * run.speed;
    let due = null;
    while (run.frames[0]?.bitmap && run.frames[0].at <= place) {
      due?.bitmap.close();
      due = run.frames.shift();
    }
    run.frames.slice(0, 4).forEach((frame) => this.#decode(frame));
    if (due) this.#draw(run, due, now);
    else if (run.frames[0].at <= place) run.clock = { at: run.frames[0].at, since: now }; // its picture is late
  }

  /** Milliseconds of playing that are at hand. */
  #left({ frames, speed }) {
    return frames.length ? (frames[frames.length - 1].at - frames[0].at) / speed : 0;
  }

  #draw(run, frame, now) {
    this.#count(run, now);
    const { bitmap } = frame;
    Object.assign(this.canvas, { width: bitmap.width, height: bitmap.height, hidden: false });
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    run.shown = { token: frame.token, since: now };
    this.onPlace(frame.at);
  }

  #count(run, now = performance.now()) {
    const passed = run.shown ? Math.max(0, now - run.shown.since) : 0;
    if (run.shown) this.exposure.add(run.shown.token, run.unit, passed, this.canvas.closest(".large") ? passed : 0);
    run.shown = null;
  }

  #end(run, text) {
    if (this.#run !== run) return;
    this.stop();
    this.onEnd(text);
  }
}
