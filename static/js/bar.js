// The bar above the grid: what is decided, by category, and how long the rest takes at one's own pace.
import { isDecided, isHandled } from "./batch.js";
import { svg } from "./dom.js";
import { gettext, number } from "./words.js";

const PACE_FROM = 5; // decisions before an estimate is worth saying

const count = (units, test) => units.filter(test).length;

/** Where the batch stands, counted as places are: a stack is one. `views` and the times are those of earlier visits too. */
export function figures(batch, session) {
  const units = batch.units;
  return {
    number: batch.info.number,
    second: batch.info.kind === "second",
    items: batch.size,
    decided: count(units, isDecided),
    skipped: count(units, (unit) => unit.outcome === "skipped"),
    left: count(units, (unit) => !isHandled(unit)),
    views: session.stacks.size,
    viewed: count(units, (unit) => session.stacks.has(unit.id)),
    onScreen: session.onScreen,
    revealed: session.revealed,
  };
}

export class BatchBar {
  constructor(bar, decided, total) {
    Object.assign(this, { bar, decided, total });
  }

  paint(batch, session) {
    const now = figures(batch, session);
    const whole = Math.max(1, now.items);
    let from = 0;
    const pieces = batch.info.scheme.categories.map((category) => {
      const share = count(batch.units, (unit) => unit.code === category.code);
      const piece = svg("rect", { x: `${(100 * from) / whole}%`, width: `${(100 * share) / whole}%`, height: "100%", class: `k${category.colour}` });
      from += share;
      return piece;
    });
    this.bar.replaceChildren(...pieces);
    this.bar.setAttribute("aria-label", gettext("%(decided)s of %(items)s decided", now));
    this.decided.textContent = number(now.decided);
    this.total.textContent = `/ ${number(now.items)}${this.#pace(batch, session.onScreen)}`;
  }

  /** How long the rest takes at the pace of this batch so far, idle time not counted; what My work says too. */
  #pace(batch, onScreen) {
    const decided = count(batch.units, isDecided);
    const left = batch.size - decided;
    if (decided < PACE_FROM || !left || !onScreen) return "";
    return ` · ${gettext("about %(n)s min", { n: Math.max(1, Math.round((onScreen * left) / decided / 60_000)) })}`;
  }
}
