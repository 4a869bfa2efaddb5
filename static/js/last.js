// The line about the last key press: what it said and of how much. What the server refused is not claimed.
import { gettext, ngettext } from "./words.js";

export class Last {
  #counts = new Map(); // act key -> files or items it reaches
  #mark = null; // { category } or { text }
  #noun = "file";
  #every = new Map(); // act key -> { count, noun }, of each press on this page

  /** `mark` is {category} or {text}; `counts` are [act key, number of `noun`]. */
  set(mark, counts, noun = "file") {
    this.#mark = mark;
    this.#noun = noun;
    this.#counts = new Map(counts);
    counts.forEach(([key, count]) => this.#every.set(key, { count, noun }));
  }

  /** The same for acts that take others back, or make them again: `pairs` are [act key, key of the other]. */
  again(mark, pairs) {
    const others = pairs.map(([, other]) => this.#every.get(other) ?? { count: 1, noun: "file" });
    this.set(mark, pairs.map(([key], place) => [key, others[place].count]), others[0].noun);
  }

  /** The server's answer to one act: it knows the files of all exhibits. */
  settle({ key }, { status, files }) {
    if (!this.#counts.has(key)) return;
    if (status === "stale" || status === "refused") this.#counts.delete(key);
    else if (files && this.#noun === "file") {
      this.#counts.set(key, files);
      this.#every.set(key, { count: files, noun: this.#noun });
    }
  }

  get more() {
    const count = [...this.#counts.values()].reduce((sum, one) => sum + one, 0);
    return this.#noun === "file" ? ngettext("%(n)s file", "%(n)s files", count) : ngettext("%(n)s picture", "%(n)s pictures", count);
  }

  /** {category} or {text}, and how much; null before the first press. */
  get shown() {
    if (this.#mark && !this.#counts.size) return { text: gettext("Not saved"), more: gettext("shown again") };
    return this.#mark && { ...this.#mark, more: this.more };
  }
}
