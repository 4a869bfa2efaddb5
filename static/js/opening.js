// The review page comes and goes: the batch is loaded, keys and buttons come alive, the first open unit has the focus; and
// what is left to do when the page is left.
import { isHandled } from "./batch.js";
import { bindButtons, bindKeys, bindReturns } from "./bindings.js";
import { fillDock } from "./dock.js";
import { drop } from "./veils.js";
import { gettext, number } from "./words.js";

const SUMS = 15_000; // milliseconds between reports of sums, and between questions for changes

export class Opening {
  /** `review` is the page's own object (review.js). */
  constructor(review) {
    this.review = review;
  }

  async start() {
    const { review } = this;
    const slow = window.setTimeout(() => { review.part("loading").hidden = false; }, 400);
    const come = () => { window.clearTimeout(slow); review.part("loading").hidden = true; };
    let first = true;
    try {
      await review.batch.load(() => {
        come();
        if (first) this.ready();
        else review.grid.setUnits(review.units());
        first = false;
        review.paintBar();
      }, () => {
        review.grid.refresh();
        if (review.viewer.isOpen) review.repaint();
      });
      review.desk.resume(review.batch.info.steps);
      review.ending.prepare(); // before anybody needs the summary
      if (!review.isSecond) review.part("waiting").textContent = `· ${gettext("%(items)s wait", { items: (await review.batch.waiting()).waiting })}`;
    } catch (error) {
      come();
      review.notices.show("load", { tone: "bad", icon: "cloud-off", title: gettext("The batch could not be loaded."), text: `${error.message} ${gettext("Nothing was changed.")}`, action: [gettext("Try again"), () => location.reload()], stays: true });
    }
  }

  ready() {
    const { review } = this;
    review.exposure.resume(review.batch.info);
    review.say = fillDock(review.part("dock"), review.batch.info.scheme, (id, key) => {
      review.pressing.press(id, key);
      review.focusStage();
    }, { flags: review.batch.info.kind !== "second" }); // in a second view a flag would tell others too early
    review.part("size").textContent = number(review.grid.size);
    review.grid.setUnits(review.batch.units);
    bindKeys(review, [review.part("lightbox"), review.part("viewer")]);
    bindButtons(review, review.main.querySelectorAll("[data-act]"));
    bindReturns(review);
    review.part("lightbox").addEventListener("click", () => review.focusStage());
    window.addEventListener("beforeunload", (event) => { if (review.outbox.unsaved) event.preventDefault(); });
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    window.setInterval(() => { review.outbox.report(); review.answers.lookForChanges(); }, SUMS);
    if (review.part("told").textContent.trim()) review.notices.show("told", { tone: "acc", title: review.part("told").textContent.trim() });
    this.goOn();
  }

  /** To the first open unit; where there is none, to the summary, and behind it to what was skipped. */
  goOn() {
    const { review } = this;
    const { units } = review.batch;
    const open = units.findIndex((unit) => !isHandled(unit));
    const place = open < 0 ? units.findIndex((unit) => unit.outcome === "skipped") : open;
    review.grid.go(Math.max(0, place), { quiet: open < 0 || document.activeElement !== document.body });
    if (open < 0) review.ending.show();
  }

  leave() {
    const { review } = this;
    review.viewer.film.stop();
    review.unveiler.panic();
    if (!review.ending.closed) review.outbox.farewell();
    review.batch.units.forEach(drop);
  }
}
