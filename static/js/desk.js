// The acts of a person on units: shown at once, queued for the server, undone and redone step by step.
import { isHandled } from "./batch.js";
import { after, rest, state } from "./effects.js";
import { Settling } from "./settling.js";

export class Desk {
  #done = []; // steps, each a list of acts made by one key press
  #undone = [];
  #flagging = new Set(); // keys of acts that concern the flag alone
  #joining = new Map(); // key of a join -> what to call when it was answered

  /**
   * `viewingsOf(item)` says how an item was seen; `changed(unit)` repaints; `told(kind, unit, text, act)` tells people, also
   * that a unit shows another picture (`next`).
   */
  constructor({ batch, outbox, viewingsOf, changed, told }) {
    Object.assign(this, { batch, outbox, viewingsOf, changed, told });
    this.settling = new Settling({ batch, changed, told, forget: (unit) => this.#forget(unit) });
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
    const viewings = (extra.seen ?? [extra.item ?? unit.item]).flatMap((item) => this.viewingsOf(item));
    const act = { key: crypto.randomUUID(), act: kind, stack: unit.id, viewings, ...extra };
    delete act.seen;
    if (ofFlag) this.#flagging.add(act.key);
    unit.waiting += 1;
    this.outbox.add(act);
    if (unit.changing) this.outbox.flush(); // somebody waits for the next picture
    return act;
  }

  /**
   * One key press on one or several units. Returns {unit, key} for each act; none when nothing changes. Of a stack that is
   * shown one by one: `item` is the picture it starts from, `reach` how many it decides, `seen` which were looked at.
   */
  make(kind, units, { code = null, scope = "item", reach, item, seen } = {}) {
    const steps = [];
    for (const unit of units) {
      if (unit.changing || (kind === "clear" && !isHandled(unit))) continue;
      const [before, then] = [state(unit), after(kind, unit, { code, scope, reach })];
      const extra = { item: item ?? unit.item, seen, code, scope: kind === "decide" ? scope : "stack" };
      if (kind === "decide" && unit.moment && extra.item === unit.item) extra.moment = unit.moment;
      unit.changing = rest(kind, unit, scope, reach) > 0;
      Object.assign(unit, kind === "flag" ? { flagged: !unit.flagged } : then);
      steps.push({ unit, kind, code, before, after: then, act: this.#queue(kind, unit, extra, kind === "flag") });
      this.changed(unit);
    }
    if (steps.length) this.#did(steps);
    return steps.map(({ unit, act }) => ({ unit, key: act.key }));
  }

  /** A moment of a film is marked, or no longer (null): kept, and told with the decision; a new one where there is one. */
  mark(unit, moment) {
    const before = state(unit);
    this.#keep(unit, moment);
    const extra = { item: unit.item, code: unit.code, scope: "item", ...(moment ? { moment } : {}) };
    const act = unit.code === null ? null : this.#queue("decide", unit, extra);
    this.#did([{ unit, kind: act ? "decide" : "mark", before, after: state(unit), act }]);
  }

  /** Kept by the server until it is part of a decision: a page that is left loses no mark. */
  #keep(unit, moment) {
    unit.moment = moment;
    this.outbox.add({ key: crypto.randomUUID(), act: "mark", stack: unit.id, item: unit.item, moment });
  }

  #did(steps) {
    this.#done.push(steps);
    this.#undone = [];
  }

  /** One key press on pictures of a stack that is shown one by one; the stack goes on once the server answered. */
  each(unit, members, kind, code) {
    const steps = members.map((member) => this.#one(unit, member, kind, code));
    this.#did(steps);
    this.changed(unit);
    return steps.map(({ act }) => act);
  }

  #one(unit, member, kind, code) {
    const closes = member.open && (kind === "decide" || kind === "unsure");
    const left = unit.left - (closes ? 1 : 0) + (kind === "clear" && !member.open ? 1 : 0);
    const outcome = kind === "unsure" ? "unsure" : null;
    const [before, then] = [state(unit), left > 0 ? { code: null, outcome: null, left } : { code, outcome, left }];
    if (kind === "flag") member.flagged = !member.flagged;
    else {
      Object.assign(unit, then);
      Object.assign(member, { code, outcome, open: kind === "clear" });
    }
    const act = this.#queue(kind, unit, { item: member.item, ...(kind === "decide" ? { code, scope: "item" } : {}) }, kind === "flag");
    return { unit, kind, code, before, after: kind === "flag" ? before : then, act };
  }

  /** A person's words on a picture of a unit: no step to take back, and nothing a decision has to wait for. */
  note(unit, item, text) {
    this.outbox.add({ key: crypto.randomUUID(), act: "note", stack: unit.id, item, text });
  }

  /** Pictures of a stack become a stack of their own, which shows `first` first. */
  split(unit, items, first) {
    const before = state(unit);
    Object.assign(unit, { left: unit.left - items.length, items: unit.items - items.length });
    const act = this.#queue("split", unit, { item: first, items });
    this.#did([{ unit, kind: "split", before, after: state(unit), act }]);
    this.changed(unit);
    return act;
  }

  /** Units come into another one; `done` resolves when the server has answered. Until then nobody decides any of them. */
  join(unit, others) {
    const before = state(unit);
    const came = others.reduce((sum, other) => sum + other.left, 0);
    [unit, ...others].forEach((one) => { one.changing = true; });
    const act = this.#queue("join", unit, { item: unit.item, joins: others.map(({ id, version }) => ({ stack: id, version })) });
    Object.assign(unit, { left: unit.left + came, items: unit.items + came });
    this.#did([{ unit, kind: "join", before, after: state(unit), act }]);
    [unit, ...others].forEach((one) => this.changed(one));
    return { key: act.key, done: new Promise((resolve) => { this.#joining.set(act.key, resolve); }) };
  }

  /** Another picture of a stack is shown first. Nothing to take back: the one before can be shown first again. */
  cover(unit, item) {
    this.#queue("cover", unit, { item });
    this.outbox.flush();
  }

  /**
   * The act by which a picture of `unit`, or else whatever was pressed last, got its category or was left unsure: {unit, key,
   * code}; null where there is none.
   */
  decided(unit, item) {
    const acts = this.#done.flat().filter(({ kind }) => kind === "decide" || kind === "unsure").reverse();
    const own = acts.filter((step) => step.unit === unit && isHandled(unit));
    const found = own.find(({ act }) => act.item === item) ?? own[0] ?? acts[0];
    return found ? { unit: found.unit, key: found.act.key, code: found.code ?? found.act.code ?? found.after.code } : null;
  }

  /** Takes the last step back, whatever it was; returns {unit, key, named} for each act that does so. */
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
    const inOrder = kind === "undo" ? [...acts].reverse() : acts; // of two acts on one stack the later goes first
    return inOrder.map((step) => {
      const [{ unit }, named] = [step, step.act?.key ?? null];
      if ((step.before.moment ?? null) !== (step.after.moment ?? null)) this.#keep(unit, step[side].moment ?? null);
      if (step.kind === "mark") { // nothing was decided by it
        this.changed(unit);
        return { unit, key: null, named };
      }
      const isFlag = step.kind === "flag";
      unit.changing = (unit.items > 1 || step.kind === "split" || step.kind === "join") && !isFlag; // which picture it goes back to, the server says
      Object.assign(unit, isFlag ? { flagged: !unit.flagged } : { ...step[side], flagged: unit.flagged });
      const queued = this.#queue(kind, unit, { undoes: named, ...(kind === "redo" ? { item: step.act.item } : {}) }, isFlag);
      if (kind === "redo") step.act = queued; // this is now the act that an undo takes back
      this.changed(unit);
      return { unit, key: queued.key, named };
    });
  }

  /** What the server makes of one act. */
  settle(act, result) {
    const unit = this.batch.find(act.stack);
    if (act.act === "note") {
      if (result.status === "stale" || result.status === "refused") this.told("note-lost", unit, result.message, act);
      return;
    }
    if (!unit) return;
    if (act.act === "mark") {
      if (result.status === "stale" || result.status === "refused") this.settling.refused(unit, result);
      return;
    }
    unit.waiting = Math.max(0, unit.waiting - 1);
    const ofFlag = this.#flagging.delete(act.key);
    this.#joining.get(act.key)?.();
    this.#joining.delete(act.key);
    this.settling.settle(act, result, unit, ofFlag);
  }

  /** What the server refused, or somebody else changed, is nothing to take back. */
  #forget(unit) {
    this.outbox.forget(unit.id);
    this.#done = this.#without(this.#done, unit);
    this.#undone = this.#without(this.#undone, unit);
  }

  #without(steps, unit) {
    return steps.map((acts) => acts.filter((act) => act.unit !== unit)).filter((acts) => acts.length);
  }
}
