// The acts of a person on units: shown at once, queued for the server, undone and redone step by step.
import { isHandled } from "./batch.js";

const state = ({ code, outcome, flagged }) => ({ code, outcome, flagged });

const AFTER = {
  decide: (unit, code) => ({ code, outcome: null, flagged: unit.flagged }),
  unsure: (unit) => ({ code: null, outcome: "unsure", flagged: unit.flagged }),
  skip: (unit) => ({ code: null, outcome: "skipped", flagged: unit.flagged }),
  clear: (unit) => ({ code: null, outcome: null, flagged: unit.flagged }),
  flag: (unit) => ({ code: unit.code, outcome: unit.outcome, flagged: !unit.flagged }),
};

export class Desk {
  #done = []; // steps, each a list of acts made by one key press
  #undone = [];

  /** `viewingsOf(item)` says how an item was seen; `changed(unit)` repaints; `told(kind, unit, text)` tells people. */
  constructor({ batch, outbox, viewingsOf, changed, told }) {
    Object.assign(this, { batch, outbox, viewingsOf, changed, told });
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  #queue(kind, unit, extra) {
    const act = { key: crypto.randomUUID(), act: kind, stack: unit.id, viewings: this.viewingsOf(unit.item), ...extra };
    unit.waiting += 1;
    this.outbox.add(act);
    return act;
  }

  /** One key press on one or several units. Returns false when nothing changes. */
  make(kind, units, { code = null, scope = "item" } = {}) {
    const acts = [];
    for (const unit of units) {
      if (kind === "clear" && !isHandled(unit)) continue;
      const [before, after] = [state(unit), AFTER[kind](unit, code)];
      const extra = kind === "decide" ? { code, scope } : {};
      Object.assign(unit, after);
      acts.push({ unit, before, after, act: this.#queue(kind, unit, extra) });
      this.changed(unit);
    }
    if (acts.length && kind !== "flag") { // F takes its own flag away again
      this.#done.push(acts);
      this.#undone = [];
    }
    return acts.length > 0;
  }

  /** Takes the last step back; returns its units, the first of them gets the focus. */
  undo() {
    return this.#step(this.#done, this.#undone, "undo", "before");
  }

  redo() {
    return this.#step(this.#undone, this.#done, "redo", "after");
  }

  #step(from, to, kind, side) {
    const acts = from.pop();
    if (!acts) return [];
    to.push(acts);
    for (const step of acts) {
      const { unit } = step;
      Object.assign(unit, step[side], { flagged: unit.flagged });
      const queued = this.#queue(kind, unit, { undoes: step.act.key });
      if (kind === "redo") step.act = queued; // this is now the act that an undo takes back
      this.changed(unit);
    }
    return acts.map(({ unit }) => unit);
  }

  /** What the server makes of one act. */
  settle(act, result) {
    const unit = this.batch.find(act.stack);
    if (!unit) return;
    unit.waiting = Math.max(0, unit.waiting - 1);
    if (result.status === "stale" || result.status === "refused") {
      this.#refused(unit, result);
      return;
    }
    unit.version = result.version ?? unit.version;
    if (unit.waiting === 0 && act.act !== "flag") Object.assign(unit, { code: result.code ?? null, outcome: result.outcome ?? null });
    if (result.status === "conflict") this.told("conflict", unit, result.message);
    this.changed(unit);
  }

  async #refused(unit, result) {
    this.outbox.forget(unit.id);
    this.#done = this.#without(this.#done, unit);
    this.#undone = this.#without(this.#undone, unit);
    try {
      const fresh = await this.batch.again(unit);
      if (!fresh) this.told("gone", unit, result.message);
      else this.told(result.status, unit, result.message);
    } catch (error) {
      this.told("refused", unit, error.message);
    }
    this.changed(unit);
  }

  #without(steps, unit) {
    return steps.map((acts) => acts.filter((act) => act.unit !== unit)).filter((acts) => acts.length);
  }
}
