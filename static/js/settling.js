// What the server makes of acts on units: the unit goes on with its next picture, is shown again, or is gone.
import { gettext } from "./words.js";

const AGAIN = 1000; // milliseconds until the server is asked once more what a stack shows

export class Settling {
  /** `changed` and `told` as of the desk (desk.js); `forget(unit)`: its acts can no longer be taken back. */
  constructor({ batch, changed, told, forget }) {
    Object.assign(this, { batch, changed, told, forget });
  }

  /** The answer to one act on a unit; `ofFlag`: it concerned the flag alone. */
  settle(act, result, unit, ofFlag) {
    if (result.status === "stale" || result.status === "refused") {
      this.refused(unit, result);
      (act.joins ?? []).forEach(({ stack }) => this.#afresh(stack));
      return;
    }
    unit.version = result.version ?? unit.version;
    if (result.status === "conflict") this.told("conflict", unit, result.message);
    if (result.made) this.told("made", unit, result.made);
    (result.took ?? []).forEach((stack) => this.#afresh(stack));
    if (result.back) this.told("back", unit, "");
    if (result.gone) this.told("put-back", this.batch.find(result.gone), "");
    if (unit.items > 1 || unit.changing || act.act === "split") {
      if (unit.waiting === 0) this.#goesOn(unit);
      return;
    }
    if (unit.waiting === 0 && !ofFlag) Object.assign(unit, { code: result.code ?? null, outcome: result.outcome ?? null });
    if (unit.waiting === 0 && !ofFlag && unit.code !== null) unit.moment = result.moment ?? null;
    this.changed(unit);
  }

  /** What a stack shows after an act, and how many of it are left, the server knows. */
  async #goesOn(unit) {
    if (unit.waiting) return undefined; // the answer to a later act tells
    const shown = unit.item;
    try {
      if (!(await this.batch.again(unit, { settled: true }))) return this.told("gone", unit, gettext("It left the batch."));
    } catch (error) {
      if (!error.passing) return this.told("refused", unit, error.message);
      return window.setTimeout(() => this.#goesOn(unit), AGAIN); // the act is saved
    }
    if (unit.item !== shown) this.told("next", unit, "");
    return this.changed(unit);
  }

  /** A unit from which others were to come into another: it is gone, or shows what is left of it. */
  async #afresh(stack) {
    const unit = this.batch.find(stack);
    if (!unit) return;
    try {
      if (!(await this.batch.again(unit))) this.told("put-back", unit, "");
      else this.changed(unit);
    } catch {
      window.setTimeout(() => this.#afresh(stack), AGAIN);
    }
  }

  /** Not done: its acts are forgotten, and it is shown as it stands now. */
  async refused(unit, result) {
    this.forget(unit);
    try {
      const fresh = await this.batch.again(unit);
      if (!fresh) this.told("gone", unit, result.message);
      else this.told(result.status, unit, result.message);
    } catch (error) {
      this.told("refused", unit, error.message);
    }
    this.changed(unit);
  }
}
