// What a key, or its button, does to the units in question, and what is on screen after it.
import { files, isHandled } from "./batch.js";
import { announce } from "./dom.js";
import { capOf } from "./keys.js";
import { gettext } from "./words.js";

const MARKS = { unsure: gettext("Unsure"), skip: gettext("Skipped"), flag: gettext("Flag"), clear: gettext("Cleared") };

export const CLEAR = gettext("Nothing to clear: this is not decided.");

export class Pressing {
  /** `review` is the page's own object (review.js). */
  constructor(review) {
    this.review = review;
  }

  /** What a key or its button does to the units in question, and then the next one is on screen. */
  press(id, key = null) {
    const { review } = this;
    review.notices.hide("why");
    if (review.answers.holdsBack) return announce(gettext("The focus went back to an item that changed. Look at it, then decide."));
    if (id === "undo" || id === "redo") return this.step(id);
    if (review.outbox.full) return announce(gettext("The queue has stopped until decisions are saved."));
    const kind = id === "decide-stack" ? "decide" : id;
    const category = kind === "decide" ? review.batch.byKey(key) : null;
    if (kind === "decide" && !category) return this.idle(key);
    if (review.stackView.isOpen) return this.#pressInStack(id, category);
    review.looking.close(); // what was seen belongs to this act
    const units = review.viewer.isOpen ? [review.grid.current] : review.grid.chosen;
    const scope = id === "decide-stack" ? "stack" : "item";
    const reached = new Map(units.map((unit) => [unit, files(unit, scope)]));
    const made = units[0] ? review.desk.make(kind, units, { code: category?.code ?? null, scope }) : [];
    if (!made.length) return this.#nothing(kind, units);
    review.last.set(category ? { category } : { text: MARKS[kind] }, made.map(({ unit, key: act }) => [act, reached.get(unit)]));
    review.paintBar();
    if (kind === "flag" || kind === "clear") return review.repaint();
    review.looking.goOn();
    const said = category ? `${category.code} ${category.name}` : MARKS[kind];
    return this.advance(units[units.length - 1], `${said}, ${review.last.more}. `);
  }

  /** Why a key changed nothing. */
  #nothing(kind, units) {
    if (units.some((unit) => unit.changing)) return this.review.explain(gettext("The next picture of this stack is on its way."));
    return kind === "clear" ? this.review.explain(CLEAR) : undefined;
  }

  #pressInStack(id, category) {
    const { review } = this;
    if (id === "decide-stack") return review.stackView.pressRest(category);
    if (id === "split") return review.stackView.moveOut();
    if (id === "skip") return review.explain(gettext("Skip is for the whole stack: Esc goes back to it."));
    return review.stackView.press(id, category);
  }

  /** A key that means nothing in this batch says so, beside the keys that do. */
  idle(key) {
    const { review } = this;
    const text = gettext("Key %(key)s does nothing here", { key });
    review.say(text, capOf("help"), gettext("shows the keys"));
    announce(`${text}.`);
  }

  step(id) {
    const { review } = this;
    review.looking.close();
    const made = review.desk[id]();
    if (!made.length) return review.explain(id === "undo" ? gettext("Nothing to undo in this batch.") : gettext("Nothing to redo."));
    const [{ unit }] = made;
    if (!review.units().includes(unit)) review.ending.stopLookingBack();
    const told = made.filter(({ key }) => key !== null);
    if (told.length) review.last.again({ text: id === "undo" ? gettext("Undone") : gettext("Made again") }, told.map(({ key, named }) => [key, named]));
    if (unit !== review.stackView.unit) {
      review.screens.closeStack();
      review.move(review.units().indexOf(unit));
    }
    return review.paintBar();
  }

  /** To the next open unit, then round from the start, then to those skipped; at the end the summary. */
  advance(from, said) {
    const { review } = this;
    const units = review.units();
    const start = units.indexOf(from);
    if (from.changing) return review.move(start, false, said); // the stack goes on with another picture
    if (review.ending.lookingBack) return review.move(Math.min(units.length - 1, start + 1), false, said);
    const order = [...units.slice(start + 1), ...units.slice(0, start)];
    const next = order.find((unit) => !isHandled(unit));
    if (next) return review.move(units.indexOf(next), false, said);
    announce(said);
    review.repaint();
    return review.ending.show();
  }
}
