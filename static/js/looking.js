// What of the item in focus is clear: held, left open without blur, enlarged; and how all of it is veiled again.
import { canUnveil } from "./batch.js";
import { PANIC } from "./cover.js";
import { announce } from "./dom.js";

const NAMES = { blur: "Blur", grey: "Grey" };

export class Looking {
  /** `main` carries the class for grey; `review` is the page's own object (review.js). */
  constructor(main, review) {
    Object.assign(this, { main, review });
    this.veil = { blur: true, grey: true };
    main.classList.add("grey");
    document.addEventListener(PANIC, () => this.panic());
  }

  hold() {
    const { field, viewer, unveiler } = this.review;
    const unit = field.current;
    if (!unit) return;
    if (!canUnveil(unit)) announce("There is no picture for this item.");
    unveiler.hold(unit, () => (viewer.isOpen ? viewer.frame : field.currentTile));
  }

  /** Larger only in the viewer, and only while the key is held. */
  enlarge() {
    if (!this.review.viewer.isOpen) return;
    this.review.viewer.large(true);
    this.hold();
  }

  unhold() {
    this.review.viewer.large(false);
    if (this.veil.blur) this.review.unveiler.veil();
  }

  /** Switches blur or grey. */
  toggle(which) {
    this.veil[which] = !this.veil[which];
    this.main.classList.toggle("grey", this.veil.grey);
    this.main.querySelector(`[data-act="${which}"]`).setAttribute("aria-pressed", String(this.veil[which]));
    if (which === "blur") {
      if (this.veil.blur) this.review.unveiler.veil();
      else this.hold();
    }
    announce(`${NAMES[which]} ${this.veil[which] ? "on" : "off"}`);
  }

  panic() {
    this.review.viewer.large(false);
    if (!this.veil.blur) this.toggle("blur");
  }
}
