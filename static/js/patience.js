// Keeps at something over a connection that comes and goes, and while a person pauses it.
import { gettext } from "./words.js";
const LONGEST = 30; // seconds between two tries

/** `tell(text)` is given what there is to say about waiting, and "" when the work goes on. */
export class Patience {
  constructor(tell) {
    Object.assign(this, { tell, paused: false, requests: new AbortController(), wake: () => {} });
    window.addEventListener("online", () => this.wake());
  }

  /** Breaks off what is being sent; what has arrived is kept. */
  pause() {
    this.paused = true;
    this.requests.abort();
    this.wake();
    this.tell(gettext("Paused. What was sent is kept."));
  }

  goOn() {
    this.paused = false;
    this.requests = new AbortController();
    this.tell("");
    this.wake();
  }

  /** Does `work(signal)` until it succeeds. An error that will not pass is thrown. */
  async until(work) {
    for (let tries = 0; ; tries += 1) {
      while (this.paused) await this.#woken();
      const { signal } = this.requests;
      try {
        const result = await work(signal);
        if (tries) this.tell("");
        return result;
      } catch (error) {
        if (signal.aborted) continue; // paused in the middle
        if (!error.passing) throw error;
        const seconds = Math.min(LONGEST, 2 ** tries);
        this.tell(`${error.message} ${gettext("What was sent is kept. Trying again in %(n)s s.", { n: seconds })}`);
        await this.#woken(seconds * 1000);
      }
    }
  }

  /** Until somebody calls `wake`, or for so long. */
  #woken(milliseconds) {
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? 0 : window.setTimeout(resolve, milliseconds);
      this.wake = () => { window.clearTimeout(timer); resolve(); };
    });
  }
}
