// What lies beside the item in focus, asked for once the focus rests; what draws it (strip.js) comes with the first. Its
// room is kept, so that nothing moves when it comes, and nobody waits for it.
import { getBytes } from "./api.js";
import { el } from "./dom.js";

const REST = 250; // milliseconds on an item before anybody asks
const MOST = 200; // items whose answer is kept

export class Context {
  #known = new Map(); // item -> the answer's bytes, the latest last
  #timer = null;
  #abort = null;
  #item = null;

  /** `review` is the page's own object (review.js). */
  constructor(review) {
    this.review = review;
    this.root = el("section", { class: "context" });
  }

  show(item) {
    if (item === this.#item) return;
    this.#item = item;
    window.clearTimeout(this.#timer);
    this.#abort?.abort();
    this.root.replaceChildren();
    this.#timer = window.setTimeout(() => this.#ask(item), REST);
  }

  async #ask(item) {
    const abort = (this.#abort = new AbortController());
    try {
      const draws = import("./strip.js");
      const answer = this.#known.get(item) ?? (await getBytes(`${this.review.batch.address}/strip?item=${item}`, abort.signal));
      this.#keep(item, answer);
      const { drawn } = await draws;
      if (item === this.#item) this.root.replaceChildren(...drawn(answer, this.review));
    } catch (error) {
      if (error.name === "AbortError" || item !== this.#item) return;
      this.#item = null; // the next showing asks again
      this.root.replaceChildren(el("p", { class: "f1 t3" }, error.message));
    }
  }

  #keep(item, answer) {
    this.#known.set(item, answer);
    if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value);
  }
}
