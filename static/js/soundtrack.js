// Lets somebody hear the sound of a film, its picture off, for as long as the key is held. Ten seconds at a time; each
// piece counts under its own token.
import { getPiece } from "./api.js";

const RATE = 16_000; // samples a second
const AHEAD = 3000; // milliseconds of sound that are there before more is asked for
const TICK = 100;

export class Soundtrack {
  #context = null;
  #run = null;

  /** As of Projector; `address(item, from)`. */
  constructor({ address, exposure, onPlace, onEnd }) {
    Object.assign(this, { address, exposure, onPlace, onEnd });
  }

  get isPlaying() {
    return this.#run !== null;
  }

  play(unit, from) {
    this.stop();
    this.#context ??= new AudioContext();
    this.#context.resume();
    const run = { unit, abort: new AbortController(), next: from, playing: [], reason: "", timer: null };
    this.#run = run;
    run.timer = window.setInterval(() => this.#go(run), TICK);
    this.#fetch(run);
  }

  /** Silence at once, and what was heard is counted. */
  stop() {
    const run = this.#run;
    if (!run) return;
    this.#run = null;
    window.clearInterval(run.timer);
    run.abort.abort();
    run.playing.forEach((piece) => {
      piece.source.stop();
      this.#count(run, piece);
    });
    this.#context.suspend();
  }

  async #fetch(run) {
    const from = run.next;
    run.next = null;
    run.fetching = true;
    try {
      const piece = await getPiece(this.address(run.unit.item, from), run.abort.signal);
      if (this.#run !== run) return;
      Object.assign(run, { fetching: false, next: piece.next, reason: run.reason || piece.reason });
      const samples = new Int16Array(piece.parts[0] ?? new ArrayBuffer(0));
      if (samples.length) this.#begin(run, piece, samples);
    } catch (error) {
      if (error.name !== "AbortError") this.#end(run, error.message);
    }
  }

  /** Plays a piece behind the one before it. */
  #begin(run, piece, samples) {
    const buffer = this.#context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32_768), 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    const last = run.playing[run.playing.length - 1];
    const begins = Math.max(this.#context.currentTime, last ? last.ends : 0);
    source.start(begins);
    run.playing.push({ source, begins, ends: begins + buffer.duration, start: piece.start, token: piece.token });
  }

  #go(run) {
    const now = this.#context.currentTime;
    while (run.playing[0] && run.playing[0].ends <= now) this.#count(run, run.playing.shift());
    const [here] = run.playing;
    if (here && here.begins <= now) this.onPlace(here.start + (now - here.begins) * 1000);
    const left = here ? (run.playing[run.playing.length - 1].ends - now) * 1000 : 0;
    if (left < AHEAD && run.next !== null && !run.fetching) this.#fetch(run);
    if (!here && !run.fetching && run.next === null) this.#end(run, run.reason);
  }

  #count(run, { begins, ends, token }) {
    const heard = Math.min(this.#context.currentTime, ends) - begins;
    if (heard > 0) this.exposure.hear(token, run.unit.item, heard * 1000);
  }

  #end(run, text) {
    if (this.#run !== run) return;
    this.stop();
    this.onEnd(text);
  }
}
