// The end of a batch: the summary, closing it once all is saved, and looking back over what was viewed.
import { figures } from "./bar.js";
import { gettext } from "./words.js";

export class Ending {
  #units = null; // those viewed, while somebody looks back over them

  /** `dialog` shows the summary, `chip` that somebody looks back, `form` claims the next batch. */
  constructor(review, { dialog, chip, form }) {
    Object.assign(this, { review, dialog, chip, form });
    this.closed = false;
  }

  get lookingBack() {
    return this.#units;
  }

  /** The summary; its module is asked for once the page stands, and so is here by then (opening.js). */
  async show() {
    const { review } = this;
    review.unveiler.veil();
    if (review.viewer.isOpen) review.screens.back();
    const [finish] = await Promise.all([import("./finish.js").catch(() => null), review.batch.loaded.catch(() => {})]); // its figures are of all units
    if (!finish) { review.explain(gettext("This did not come. Try again when the server answers.")); return; }
    finish.showFinish(this.dialog, figures(review.batch, review.exposure.session), {
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
