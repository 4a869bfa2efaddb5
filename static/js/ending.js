// The end of a batch: the summary, closing it once all is saved, and looking back over what was viewed.
import { figures } from "./bar.js";
import { gettext } from "./words.js";

export class Ending {
  #units = null; // those viewed, while somebody looks back over them

  /** `dialog` shows the summary, `chip` that somebody looks back, `form` claims the next batch. */
  constructor(review, { dialog, chip, form }) {
    Object.assign(this, { review, dialog, chip, form });
    this.closed = false;
    this.finish = null; // the module that draws the summary, once all is there
  }

  get lookingBack() {
    return this.#units;
  }

  /** Asks for what draws the summary, and for the rest of the batch: its figures are of all units. */
  async prepare() {
    const [finish] = await Promise.all([import("./finish.js").catch(() => null), this.review.batch.loaded.catch(() => {})]);
    this.finish = finish;
  }

  /** The summary: at once where it was prepared for, so that no further key meets what was decided last. */
  async show() {
    const { review } = this;
    review.unveiler.veil();
    if (review.viewer.isOpen) review.screens.back();
    if (!this.finish) await this.prepare();
    if (!this.finish) { review.explain(gettext("This did not come. Try again when the server answers.")); return; }
    this.finish.showFinish(this.dialog, figures(review.batch, review.exposure.session), {
      next: async (signal) => { await this.#close(signal); this.form.submit(); },
      stop: async (signal) => { location.assign((await this.#close(signal)).next); },
      back: () => this.lookBack(),
      unsaved: () => review.outbox.unsaved,
      changes: () => this.#changes(),
    });
  }

  /** What left the queue meanwhile, where `gone` is what no longer lies here; and how many pictures wait to join. */
  async #changes() {
    const { batch } = this.review;
    const here = new Set(batch.units.map((unit) => unit.id));
    const { left, arrived } = await batch.changes();
    return { arrived, left: left.map((change) => ({ ...change, gone: !here.has(change.stack) })) };
  }

  /** Rejects when `signal` says that nobody waits any more; until then nothing is closed. */
  async #close(signal) {
    await this.review.outbox.drained(signal);
    const answer = await this.review.batch.close();
    this.closed = true;
    return answer;
  }

  lookBack() {
    const { batch, exposure, grid } = this.review;
    this.#units = batch.units.filter((unit) => exposure.session.stacks.has(unit.id));
    this.chip.hidden = false;
    grid.setUnits(this.#units);
    this.review.move(0);
  }

  stopLookingBack() {
    this.#units = null;
    this.chip.hidden = true;
    this.review.grid.setUnits(this.review.batch.units);
    this.review.move(this.review.grid.place);
  }

  forget(units) {
    this.#units = this.#units?.filter((unit) => !units.includes(unit)) ?? null;
  }
}
