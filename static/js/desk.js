// The acts of a person on units: shown at once, queued for the server, undone and redone step by step.
import { isHandled } from "./batch.js";

const state = ({ code, outcome }) => ({ code, outcome });

// What a unit shows after an act; F concerns the flag alone.
const AFTER = {
  decide: (_unit, code) => ({ code, outcome: null }),
  unsure: () => ({ code: null, outcome: "unsure" }),
  skip: () => ({ code: null, outcome: "skipped" }),
  clear: () => ({ code: null, outcome: null }),
  flag: state,
};

export class Desk {
  #done = []; // steps, each a list of acts made by one key press
  #undone = [];
  #flagging = new Set(); // keys of acts that concern the flag alone

  /** `viewingsOf(item)` says how an item was seen; `changed(unit)` repaints; `told(kind, unit, text)` tells people. */
  constructor({ batch, outbox, viewingsOf, changed, told }) {
    Object.assign(this, { batch, outbox, viewingsOf, changed, told });
  }

  /** Takes up the steps of earlier visits, oldest first, as {key, act, stack, code, outcome} after each. */
  resume(steps) {
    const shown = new Map(); // unit -> what it showed after the step before
    const earlier = steps.map(({ key, act: kind, stack, code, outcome }) => {
      const unit = this.batch.find(stack);
      const before = shown.get(unit) ?? { code: null, outcome: null };
      const after = kind === "flag" ? before : { code, outcome };
      shown.set(unit, after);
      return [{ unit, kind, before, after, act: { key } }];
    });
    this.#done = [...earlier.filter(([{ unit }]) => unit), ...this.#done];
  }

  #queue(kind, unit, extra, ofFlag) {
    const act = { key: crypto.randomUUID(), act: kind, stack: unit.id, viewings: this.viewingsOf(unit.item), ...extra };
    if (ofFlag) this.#flagging.add(act.key);
    unit.waiting += 1;
    this.outbox.add(act);
    return act;
  }

  /** One key press on one or several units. Returns {unit, key} for each act; none when nothing changes. */
  make(kind, units, { code = null, scope = "item" } = {}) {
    const steps = [];
    for (const unit of units) {
      if (kind === "clear" && !isHandled(unit)) continue;
      const [before, after] = [state(unit), AFTER[kind](unit, code)];
      const extra = kind === "decide" ? { code, scope } : {};
      Object.assign(unit, kind === "flag" ? { flagged: !unit.flagged } : after);
      steps.push({ unit, kind, before, after, act: this.#queue(kind, unit, extra, kind === "flag") });
      this.changed(unit);
    }
    if (steps.length) {
      this.#done.push(steps);
      this.#undone = [];
    }
    return steps.map(({ unit, act }) => ({ unit, key: act.key }));
  }

  /** Takes the last step back, whatever it was; returns {unit, key} for each act that does so. */
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
    return acts.map((step) => {
      const { unit } = step;
      const isFlag = step.kind === "flag";
      Object.assign(unit, isFlag ? { flagged: !unit.flagged } : { ...step[side], flagged: unit.flagged });
      const queued = this.#queue(kind, unit, { undoes: step.act.key }, isFlag);
      if (kind === "redo") step.act = queued; // this is now the act that an undo takes back
      this.changed(unit);
      return { unit, key: queued.key };
    });
  }

  /** What the server makes of one act. */
  settle(act, result) {
    const unit = this.batch.find(act.stack);
    if (!unit) return;
    unit.waiting = Math.max(0, unit.waiting - 1);
    const ofFlag = this.#flagging.delete(act.key);
    if (result.status === "stale" || result.status === "refused") {
      this.#refused(unit, result);
      return;
    }
    unit.version = result.version ?? unit.version;
    if (unit.waiting === 0 && !ofFlag) Object.assign(unit, { code: result.code ?? null, outcome: result.outcome ?? null });
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
