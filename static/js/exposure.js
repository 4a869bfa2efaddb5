// Counts what a person is exposed to: time on screen, and milliseconds unveiled per viewing token. Only sums leave
// the browser, and nothing of it is kept here after the page closes.
import { onTime, tick } from "./screen_time.js";

const MOST = 400; // looks that fit into a report of a page that goes away: browsers take 64 kB then

// A picture that was there for a part of a millisecond was there.
const told = ([token, { total, enlarged }]) => ({ token, revealed_ms: Math.ceil(total), ...(enlarged ? { enlarged_ms: Math.ceil(enlarged) } : {}) });

export class Exposure {
  #onScreen = 0; // milliseconds, since this page was opened
  #reported = 0; // of them
  #tokens = new Map(); // token -> { item, total, reported }, the latest look last
  #earlier = new Map(); // item -> milliseconds in earlier visits of the batch

  constructor() {
    onTime((passed) => {
      this.#onScreen += passed;
      this.session.onScreen += passed;
    });
    this.before = 0; // milliseconds on screen in earlier visits of the batch, as the server counts them
    this.session = { onScreen: 0, revealed: 0, stacks: new Set() };
  }

  /** Takes up the sums of earlier visits: `on_screen_ms`, and `seen` as {stack, item, revealed_ms}. */
  resume({ on_screen_ms: onScreen, seen }) {
    this.before = onScreen;
    this.session.onScreen += onScreen;
    for (const { stack, item, revealed_ms: milliseconds } of seen) {
      this.session.revealed += milliseconds;
      this.session.stacks.add(stack);
      this.#earlier.set(item, milliseconds);
    }
  }

  /** Adds time for which the picture behind `token` was unveiled, and how much of it larger than usual. */
  add(token, unit, milliseconds, enlarged = 0) {
    this.session.revealed += milliseconds;
    this.session.stacks.add(unit.stack ?? unit.id);
    if (!token) return;
    const entry = this.#tokens.get(token) ?? { item: unit.item, total: 0, enlarged: 0, reported: 0 };
    entry.total += milliseconds;
    entry.enlarged += enlarged;
    this.#tokens.delete(token);
    this.#tokens.set(token, entry);
  }

  /** Adds time for which the sound behind `token` was heard: it is told like a look, and is none. */
  hear(token, item, milliseconds) {
    const entry = this.#tokens.get(token) ?? { item, total: 0, reported: 0, heard: true };
    entry.total += milliseconds;
    this.#tokens.set(token, entry);
  }

  #of(item) {
    return [...this.#tokens].filter(([, entry]) => entry.item === item && entry.total > 0);
  }

  /** Every unveiling of an item so far: running totals, so that a repeated report counts once. */
  of(item) {
    return this.#of(item).map(told);
  }

  /** Milliseconds for which an item was unveiled in this batch. */
  seen(item) {
    const looks = this.#of(item).filter(([, entry]) => !entry.heard).map(told);
    return looks.reduce((sum, viewing) => sum + viewing.revealed_ms, this.#earlier.get(item) ?? 0);
  }

  #fresh() {
    return [...this.#tokens].filter(([, entry]) => entry.total > entry.reported);
  }

  /** Whether there is something to report: a look, or a second on screen. */
  get due() {
    return this.#fresh().length > 0 || this.#onScreen - this.#reported >= 1000;
  }

  /**
   * The sums to report, as running totals; give them back with `restore` when the report did not arrive. A page that
   * is `leaving` tells of the latest looks again: the report that is under way may die with it.
   */
  take({ leaving = false } = {}) {
    tick();
    const fresh = leaving ? [...this.#tokens].slice(-MOST) : this.#fresh();
    const sums = { on_screen_ms: Math.round(this.before + this.#onScreen), viewings: fresh.map(told) };
    fresh.forEach(([, entry]) => { entry.reported = entry.total; });
    this.#reported = this.#onScreen;
    return sums;
  }

  restore(sums) {
    this.#reported = 0;
    sums.viewings.forEach(({ token }) => { this.#tokens.get(token).reported = 0; });
  }
}
