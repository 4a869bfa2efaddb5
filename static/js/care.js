// Time on screen, the meter and the break (decision 0014). The server counts and decides: this page tells its running
// total every 15 seconds and when it is left, and shows what comes back. A break lasts there, whatever this page does.
import { postJson } from "./api.js";
import { PANIC } from "./cover.js";
import { onTime, rest } from "./screen_time.js";

const EVERY = 15_000; // milliseconds
const ROUND = 100; // of the ring

class Care {
  #visit = crypto.randomUUID();
  #total = 0; // milliseconds on screen since this page was opened
  #told = 0; // of them
  #pause = null; // the break's screen, promised
  #breakEnds = null; // by this page's own clock, which nobody can set

  constructor() {
    this.meter = document.querySelector("[data-meter]");
    const { breakLeft, after, contact } = this.meter.dataset;
    if (Number(breakLeft)) this.#rest({ break_left_ms: Number(breakLeft), after: Number(after), contact });
    onTime((passed) => { this.#total += passed; });
    window.setInterval(() => this.#tell(), EVERY);
    window.addEventListener("focus", () => this.#ask());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#tell() : this.#ask()));
    document.addEventListener("winnow:on-break", () => this.#ask());
    window.addEventListener("pagehide", () => this.#tell({ keepalive: true }));
    this.#ask();
  }

  /** Only what is new is worth a word: nobody is kept signed in by a page that lies there. */
  #tell(options) {
    if (this.#total - this.#told >= 1000) this.#ask(options);
  }

  async #send(options) {
    const total = Math.round(this.#total);
    this.#show(await postJson("/api/v1/screen-time", { visit: this.#visit, on_screen_ms: total }, options));
    this.#told = Math.max(this.#told, total);
  }

  #ask(options) {
    return this.#send(options).catch(() => {}); // the total runs on: the next word has it all
  }

  /** Rejects with an ApiError; then nothing has changed. */
  async #act(act) {
    this.#show(await postJson("/api/v1/break", { act }));
  }

  #show(now) {
    this.meter.querySelector("b").textContent = now.first;
    this.meter.querySelector("[data-part=rest]").textContent = now.rest;
    this.meter.querySelector("[data-part=ring]").setAttribute("stroke-dasharray", `${now.share} ${ROUND}`);
    if (now.break_left_ms > 0) this.#rest(now);
    else if (this.#breakEnds !== null) this.#over();
  }

  #rest(now) {
    this.#breakEnds = performance.now() + now.break_left_ms;
    rest(true);
    document.dispatchEvent(new Event(PANIC)); // whatever is clear is veiled, and its bytes let go of
    this.#screen().then((pause) => { if (this.#breakEnds !== null) pause.show(now, this.#breakEnds); }).catch(() => { this.#pause = null; }); // the next word tries again
  }

  /** The break's screen, which comes when there is a break. */
  #screen() {
    this.#pause ??= import("./pause.js").then(({ Pause }) => new Pause({ resume: () => this.#act("skip"), goOn: () => this.#send() }));
    return this.#pause;
  }

  #over() {
    this.#breakEnds = null;
    rest(false);
    this.#pause?.then((pause) => pause.close());
  }
}

export const attachCare = () => document.querySelector("[data-meter]") && new Care();
