// What of the item in focus is clear: held, left open without blur, enlarged; and how all of it is veiled again. Who
// decides while the key stays down sees the next item at once; who only moves on does not.
import { canUnveil } from "./batch.js";
import { PANIC } from "./cover.js";
import { announce } from "./dom.js";
import { capOf } from "./keys.js";
import { gettext } from "./words.js";

const NAMES = { blur: [gettext("Blur off"), gettext("Blur on")], grey: [gettext("Grey off"), gettext("Grey on")] };
const GLANCE = 600; // milliseconds after which a picture is veiled again, for who asked for it
const KEPT = "winnow.glance";

export class Looking {
  #held = false;
  #goesOn = false; // somebody decided with the key down: the next item is to be clear
  #came = null; // the item that came into focus last

  /** `main` carries the class for grey; `review` is the page's own object (review.js). */
  constructor(main, review) {
    Object.assign(this, { main, review });
    const { blur, grey } = main.dataset; // as its person begins
    this.veil = { blur: blur !== "off", grey: grey !== "off" };
    main.classList.toggle("grey", this.veil.grey);
    this.glance = localStorage.getItem(KEPT) === "on";
    this.#paint("glance", this.glance);
    document.addEventListener(PANIC, () => this.panic());
  }

  hold() {
    this.#held = true;
    return this.#open();
  }

  async #open() {
    const { unveiler } = this.review;
    const { unit, host } = this.review.target;
    if (!unit) return;
    if (!canUnveil(unit)) announce(gettext("There is no picture for this item."));
    const shown = await unveiler.hold(unit, host);
    if (shown && this.glance) window.setTimeout(() => unveiler.veil(shown), GLANCE);
  }

  /** An item came into focus, or the one in focus was painted anew. */
  arrived(item) {
    if (item === this.#came) return;
    this.#came = item;
    if ((this.#held && this.#goesOn) || !this.veil.blur) this.#open();
    this.#goesOn = false;
  }

  /** Veils what is clear before something else is shown; without blur, what then has the focus is opened anew. */
  close() {
    this.#came = null;
    this.review.unveiler.veil();
  }

  /** The item in focus is decided: another one comes. */
  goOn() {
    this.#goesOn = this.#held;
  }

  /** Larger only in the viewer, and only while the key is held. */
  enlarge() {
    const { review } = this;
    if (review.stackView.isOpen) { review.explain(gettext("There is no viewer in a stack: hold %(key)s to look at a picture.", { key: capOf("unveil") })); return; }
    if (!review.viewer.isOpen) { review.explain(gettext("%(key)s enlarges in the viewer: Enter opens it.", { key: capOf("enlarge") })); return; }
    this.#large(true);
    this.hold();
  }

  #large(on) {
    this.review.viewer.large(on);
    this.review.unveiler.enlarge(on);
  }

  unhold() {
    this.#held = false;
    this.#large(false);
    if (this.veil.blur) this.review.unveiler.veil();
  }

  /** Switches blur or grey. */
  toggle(which) {
    if (which === "blur" && this.main.dataset.blur === "kept") return this.review.explain(gettext("Your agency keeps the blur on. Hold %(key)s to unveil.", { key: capOf("unveil") }));
    this.veil[which] = !this.veil[which];
    this.main.classList.toggle("grey", this.veil.grey);
    this.#paint(which, this.veil[which]);
    if (which === "blur") {
      if (this.veil.blur) this.review.unveiler.veil();
      else this.#open();
    }
    return announce(NAMES[which][Number(this.veil[which])]);
  }

  /** Whether a clear picture is veiled again by itself after a moment. */
  toggleGlance() {
    this.glance = !this.glance;
    localStorage.setItem(KEPT, this.glance ? "on" : "off");
    this.#paint("glance", this.glance);
    announce(this.glance ? gettext("Glance on: a picture is veiled again after a moment") : gettext("Glance off"));
  }

  #paint(which, on) {
    this.main.querySelector(`[data-act="${which}"]`).setAttribute("aria-pressed", String(on));
  }

  panic() {
    this.#held = false;
    this.#large(false);
    if (!this.veil.blur) this.toggle("blur");
  }
}
