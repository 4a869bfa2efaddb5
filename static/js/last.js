// The line about the last key press: what it said and of how much. What the server refused is not claimed.
import { plural } from "./dom.js";

export class Last {
  #counts = new Map(); // act key -> files or items it reaches
  #mark = null; // { category } or { text }
  #noun = "file";

  /** `mark` is {category} or {text}; `counts` are [act key, number of `noun`]. */
  set(mark, counts, noun = "file") {
    this.#mark = mark;
    this.#noun = noun;
    this.#counts = new Map(counts);
  }

  /** The server's answer to one act: it knows the files of all exhibits. */
  settle({ key }, { status, files }) {
    if (!this.#counts.has(key)) return;
    if (status === "stale" || status === "refused") this.#counts.delete(key);
    else if (files && this.#noun === "file") this.#counts.set(key, files);
  }

  get more() {
    return plural([...this.#counts.values()].reduce((sum, count) => sum + count, 0), this.#noun);
  }

  /** {category} or {text}, and how much; null before the first press. */
  get shown() {
    if (this.#mark && !this.#counts.size) return { text: "Not saved", more: "shown again" };
    return this.#mark && { ...this.#mark, more: this.more };
  }
}
