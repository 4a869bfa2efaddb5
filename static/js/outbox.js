// Acts wait here, in memory only, until the server has them. Nothing is lost in silence: an act stays until it was
// answered, is sent again under the same key, and two acts for one stack are never under way together.
import { gettext } from "./words.js";
const SOON = 250; // milliseconds until a flush
const MANY = 20; // or this many acts
const FULL = 50; // unsaved acts at which the queue stops
const LATE = 4000; // milliseconds after which people are told: before five seconds are over
const FREE = ["note", "mark"]; // acts that change no unit
const LONGEST = 10_000; // between two tries

export class Outbox {
  #waiting = [];
  #flying = null;
  #timer = null;
  #tries = 0;
  #oldest = null;

  /**
   * `send(body)` posts acts; `fill(act)` gives an act its version just before; `due()`, `take()`, `restore(sums)` are the
   * exposure's sums; `onResult(act, result)` applies an answer, `onAnswer()` hears of each; `onState(state)` tells people.
   */
  constructor({ send, fill, due, take, restore, onResult, onAnswer, onState }) {
    Object.assign(this, { send, fill, due, take, restore, onResult, onAnswer, onState });
    this.failure = null;
    this.retryAt = null;
    window.setInterval(() => this.#tell(), 500);
  }

  get unsaved() {
    return this.#waiting.length + (this.#flying?.length ?? 0);
  }

  get full() {
    return this.unsaved >= FULL;
  }

  get room() {
    return Math.max(0, FULL - this.unsaved);
  }

  add(act) {
    this.#oldest ??= performance.now();
    this.#waiting.push(act);
    if (this.failure) return;
    if (this.#waiting.length >= MANY) this.flush();
    else this.#later(SOON);
  }

  /** Forgets acts not sent yet for this stack, but those that change no unit: the server's answer made them meaningless. */
  forget(stack) {
    this.#waiting = this.#waiting.filter((act) => act.stack !== stack || FREE.includes(act.act));
  }

  /** Sends now; also what "Try now" does. */
  flush() {
    window.clearTimeout(this.#timer);
    this.#timer = null;
    this.retryAt = null;
    if (!this.#flying) this.#fly();
  }

  /** Reports sums without an act, when nothing else is under way. */
  report() {
    if (!this.#flying && !this.failure) this.#post([]);
  }

  /** Sends what there is while the page goes away; nobody reads the answer, and the keys make it safe. */
  farewell() {
    this.send({ acts: this.#next().map(this.fill), ...this.take({ leaving: true }) }, { keepalive: true }).catch(() => {});
  }

  /** Resolves when all is saved, sums too; rejects when the server refuses for good, or `signal` ends the waiting. */
  async drained(signal) {
    this.flush();
    await this.#empty(signal);
    await this.#post([]);
    signal.throwIfAborted();
  }

  #empty(signal) {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (signal.aborted) reject(signal.reason);
        else if (this.unsaved === 0) resolve();
        else if (this.failure && !this.failure.passing) reject(this.failure);
        else window.setTimeout(look, 50);
      };
      look();
    });
  }

  #later(delay) {
    this.#timer ??= window.setTimeout(() => { this.#timer = null; this.flush(); }, delay);
  }

  /** The longest start of the line in which no stack comes twice, so that versions are always known. */
  #next() {
    const seen = new Set();
    const acts = [];
    for (const act of this.#waiting) {
      const changes = !FREE.includes(act.act);
      if ((changes && seen.has(act.stack)) || acts.length === MANY * 2) break;
      if (changes) seen.add(act.stack);
      acts.push(act);
    }
    return acts;
  }

  #fly() {
    const acts = this.#next();
    if (!acts.length) return;
    this.#waiting = this.#waiting.slice(acts.length);
    this.#flying = acts;
    this.#post(acts);
  }

  async #post(acts) {
    if (!acts.length && !this.due()) return;
    const sums = this.take();
    try {
      const answer = await this.send({ acts: acts.map(this.fill), ...sums });
      this.#arrived(acts, answer);
    } catch (error) {
      this.restore(sums);
      if (acts.length) this.#failed(acts, error);
    }
  }

  #arrived(acts, answer) {
    if (acts.length) {
      this.#flying = null;
      this.#tries = 0;
      this.failure = null;
      this.#oldest = this.#waiting.length ? performance.now() : null;
    }
    const results = new Map((answer.results ?? []).map((result) => [result.key, result]));
    for (const act of acts) this.onResult(act, results.get(act.key) ?? { key: act.key, status: "refused", message: gettext("The server did not answer this one.") });
    this.onAnswer();
    this.#tell();
    if (this.#waiting.length && !this.#flying) this.#later(0);
  }

  #failed(acts, error) {
    this.#waiting = [...acts, ...this.#waiting];
    this.#flying = null;
    this.failure = error;
    this.#tries += 1;
    if (error.passing) {
      const delay = Math.min(LONGEST, SOON * 2 ** this.#tries);
      this.retryAt = performance.now() + delay;
      this.#later(delay);
    }
    this.#tell();
  }

  #tell() {
    const age = this.#oldest === null ? 0 : performance.now() - this.#oldest;
    this.onState({
      unsaved: this.unsaved,
      late: this.unsaved > 0 && (age > LATE || (this.failure !== null && !this.failure.passing)),
      age,
      room: this.room,
      retryIn: this.retryAt === null ? null : Math.max(0, this.retryAt - performance.now()),
      failure: this.failure,
    });
  }
}
