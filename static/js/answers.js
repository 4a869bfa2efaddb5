// What the server says of acts and of the batch: each answer reaches the units, the notes and the focus.
import { isHandled } from "./batch.js";
import { noteOf, saving, showState } from "./saving.js";
import { ngettext } from "./words.js";

const STILL = 700; // milliseconds after the focus was moved for somebody, in which no key decides

export class Answers {
  #jumped = -STILL;
  #savingText = "";

  /** `review` is the page's own object (review.js). */
  constructor(review) {
    this.review = review;
  }

  settle(act, result) {
    this.review.last.settle(act, result);
    this.review.desk.settle(act, result);
    this.review.paintBar();
  }

  /** The server answers: what had not come may be asked for again. */
  arrived() {
    this.review.notices.hide("picture");
    this.review.inspector.again();
    this.review.paintBar();
  }

  saved(state) {
    const { notices, outbox, inspector } = this.review;
    showState(notices, state, { again: () => outbox.flush() });
    const text = saving(outbox);
    if (text !== this.#savingText) inspector.paintSession();
    this.#savingText = text;
  }

  /** An act that was not plainly saved: conflict, stale, refused, gone. */
  told(kind, unit, text, act = null) {
    const { review } = this;
    if (kind === "note-lost") return review.note.lost(act, text);
    if (kind === "next") return this.#next(unit);
    if (kind === "made") return this.#came();
    if (kind === "back") return this.#came({ restored: true });
    if (kind === "put-back") return unit && this.#remove([unit]);
    if (review.stackView.unit === unit && kind !== "conflict") review.screens.closeStack();
    review.notices.show(`told-${unit.id}`, noteOf(kind, review.batch.units.indexOf(unit) + 1, text));
    review.inspector.forget(unit);
    if (kind === "gone") this.#remove([unit]);
    else if (kind !== "conflict") this.#showAgain(unit);
    if (unit === review.grid.current) review.repaint();
    return review.paintBar();
  }

  /** Pictures that were moved out are a unit at the end; units that were joined come back to their places. */
  async #came({ restored = false } = {}) {
    const { review } = this;
    try {
      await (restored ? review.batch.restored() : review.batch.more());
    } catch {
      return; // a reload shows it
    }
    review.grid.setUnits(review.units());
    review.paintBar();
  }

  /** A stack shows another of its pictures. */
  #next(unit) {
    const { review } = this;
    review.inspector.forget(unit);
    review.changed(unit);
    if (unit === review.grid.current) review.repaint();
    review.paintBar();
  }

  /** The focus goes back to the first unit that is shown again. */
  #showAgain(unit) {
    const { review } = this;
    const place = review.units().indexOf(unit);
    if (place < 0 || unit === review.grid.current || this.holdsBack) return;
    this.#jumped = performance.now();
    review.move(place);
  }

  /** Whether the focus was moved a moment ago: a key pressed now was meant for another item. */
  get holdsBack() {
    return performance.now() - this.#jumped < STILL;
  }

  #remove(units) {
    const { review } = this;
    review.ending.forget(units);
    review.batch.remove(units);
    const focused = document.activeElement?.closest(".tile");
    review.grid.setUnits(review.units());
    if (focused) review.focusStage();
    review.repaint();
    review.paintBar();
  }

  /** Units that became known meanwhile leave, but never the one in focus nor one already decided here. */
  async lookForChanges() {
    const { review } = this;
    let left;
    try {
      ({ left } = await review.batch.changes());
    } catch {
      return; // the outbox tells when the server is away; this asks again by itself
    }
    const reasons = new Map(left.map(({ stack, reason }) => [stack, reason]));
    const going = review.batch.units.filter((unit) => reasons.has(unit.id) && unit !== review.grid.current && !isHandled(unit) && unit.waiting === 0);
    if (!going.length) return;
    const why = [...new Set(going.map((unit) => reasons.get(unit.id)))].join("; ");
    this.#remove(going);
    review.paintBar();
    review.notices.show("left", { tone: "acc", icon: "info", title: ngettext("%(n)s item left the batch:", "%(n)s items left the batch:", going.length), text: ngettext("%(why)s. Nobody needs to look at it.", "%(why)s. Nobody needs to look at them.", going.length, { why }) });
  }
}
