// Putting units together (key U): those that are selected come into the one in focus, or what a side trip found does.
// Only what lies in this batch is joined; what is free comes into it first. It counts once the server has it.
import { postJson } from "./api.js";
import { announce } from "./dom.js";
import { capOf } from "./keys.js";
import { gettext, ngettext } from "./words.js";

export class Joining {
  /** `review` is the page's own object (review.js). */
  constructor(review) {
    this.review = review;
  }

  /** The selected units come into the one in focus. */
  selected() {
    const { review } = this;
    const { chosen, current } = review.grid;
    if (review.isSecond) return review.explain(gettext("A second view is of one picture: nothing is joined here."));
    if (review.viewer.isOpen || chosen.length < 2) return review.explain(gettext("Select the units that belong together with Shift and arrows, or press %(key)s on what is beside the queue.", { key: capOf("join") }));
    return this.#join(current, chosen.filter((unit) => unit !== current));
  }

  /** What stands beside the queue comes into the unit that one came from: `row` as beside.js has it. */
  async row(row, from) {
    const { review } = this;
    const into = review.batch.find(from.stack ?? from.id);
    if (!row || !into) return;
    if (row.stack === into.id) { review.explain(gettext("It lies in this stack already.")); return; }
    if (!review.batch.find(row.stack)) {
      if (!row.free) { review.explain(gettext("Only what is still to decide, and held by nobody else, can be joined.")); return; }
      await postJson(`${review.batch.address}/add`, { items: [row.item] });
      await review.extended();
    }
    const other = review.batch.find(row.stack);
    if (other) await this.#join(into, [other]);
  }

  async #join(into, others) {
    const { review } = this;
    const open = others.filter((unit) => unit.left > 0);
    if (!into.left || !open.length) return review.explain(gettext("Only units that are still to decide can be joined."));
    if ([into, ...open].some((unit) => unit.waiting || unit.changing)) return review.explain(gettext("Wait until the last key is saved."));
    review.looking.close();
    const number = open.reduce((sum, unit) => sum + unit.left, 0);
    const { key, done } = review.desk.join(into, open);
    review.last.set({ text: gettext("Joined") }, [[key, number]], "picture");
    review.paintBar();
    announce(ngettext("%(n)s picture joined.", "%(n)s pictures joined.", number));
    return done;
  }
}
