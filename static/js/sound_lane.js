// How loud a film is along its length, as a strip under its scenes. It comes piece by piece, and waits while something is
// played: both ask the same decoder.
import { getJson } from "./api.js";
import { el, svg } from "./dom.js";
import { gettext } from "./words.js";

const HIGH = 20; // in its own units; a part is three wide
const SETTLE = 700; // milliseconds on a film before it is measured
const PAUSE = 400; // between two looks whether it is still played

const pause = (length) => new Promise((done) => { window.setTimeout(done, length); });

export class SoundLane {
  #abort = null;

  /** `line`: where it is shown; `busy()`: something is played. */
  constructor(line, busy) {
    Object.assign(this, { line, busy });
    this.lane = svg("svg", { preserveAspectRatio: "none", role: "img", "aria-label": gettext("How loud the film is") });
    this.said = el("span", { class: "nowrap", role: "status" });
    line.replaceChildren(el("span", {}, gettext("Sound")), this.lane, this.said);
  }

  close() {
    this.#abort?.abort();
    this.line.hidden = true;
  }

  /** Asks until all of it is known, or it is closed; what does not come is said. */
  async open(item) {
    this.close();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#paint({ peaks: [], parts: 1, words: "" });
    this.line.hidden = false;
    await pause(SETTLE);
    try {
      for (let over = false; !over && !signal.aborted;) {
        if (this.busy()) await pause(PAUSE);
        else ({ over } = this.#paint(await getJson(`/media/${item}/loudness`, signal)));
      }
    } catch (error) {
      if (error.name !== "AbortError") this.said.textContent = gettext("not measured");
    }
  }

  #paint(told) {
    const bars = told.peaks.map((peak, part) => {
      const half = Math.max(0.5, (peak * HIGH) / 510);
      return `M${3 * part + 1.5} ${HIGH / 2 - half}V${HIGH / 2 + half}`;
    });
    this.lane.setAttribute("viewBox", `0 0 ${3 * told.parts} ${HIGH}`);
    this.lane.replaceChildren(svg("path", { d: bars.join(""), opacity: 0.6 }));
    this.said.textContent = told.words;
    this.lane.toggleAttribute("hidden", Boolean(told.words) && bars.length === 0);
    return told;
  }
}
