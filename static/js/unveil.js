// Unveiling. The grid never holds clear bytes: the picture of the focused item, and of the one after it, is fetched
// into memory; it becomes an object address only while a key is held, and is taken back when the key goes up, the
// window loses the focus, the page is hidden or the focus moves.
import { getClear } from "./api.js";
import { canUnveil } from "./batch.js";
import { PANIC } from "./cover.js";
import { el, moment } from "./dom.js";
import { isResting } from "./screen_time.js";

/** What is fetched for a unit: its picture, or for a frame of a film that one. */
const pictureOf = (unit) => unit.picture ?? unit.item;

const SETTLE = 60; // milliseconds on an item before its picture is asked for

export class Unveiler {
  #pictures = new Map(); // item -> { promise, abort }
  #shown = null; // { unit, item, host, token, address, image, since, enlarged, largeSince }
  #wanted = null; // the hold that waits for its picture
  #timer = null;
  #large = false; // what is shown is larger than usual

  constructor({ address, exposure, onChange }) {
    Object.assign(this, { address, exposure, onChange });
    window.addEventListener("blur", () => this.veil());
    document.addEventListener("visibilitychange", () => this.veil());
    document.addEventListener(PANIC, () => this.panic());
  }

  /** Keeps the pictures of the item in focus and the next, and lets go of all others. */
  focus(unit, next) {
    if ([this.#shown, this.#wanted].some((look) => look && (look.unit !== unit || (look.item ?? unit.item) !== unit.item))) this.veil();
    const wanted = [unit, next].filter((other) => other && canUnveil(other)).map(pictureOf);
    for (const [item, picture] of this.#pictures) {
      if (wanted.includes(item)) continue;
      picture.abort.abort();
      this.#pictures.delete(item);
    }
    window.clearTimeout(this.#timer);
    if (isResting()) return; // on a break none is sent
    this.#timer = window.setTimeout(() => wanted.forEach((item) => this.#fetch(item)), SETTLE);
  }

  #fetch(item) {
    if (!this.#pictures.has(item)) {
      const abort = new AbortController();
      const promise = getClear(this.address(item), abort.signal);
      promise.catch((error) => {
        if (error.name !== "AbortError") this.#pictures.delete(item); // the next hold tries again
      });
      this.#pictures.set(item, { promise, abort });
    }
    return this.#pictures.get(item).promise;
  }

  /**
   * Unveils `unit` for as long as nobody calls `veil`, inside the node that `host()` finds: tiles may be made anew
   * while the picture is on its way. Resolves to what is shown, for `veil`; to null when there is no picture.
   */
  async hold(unit, host) {
    if (!canUnveil(unit) || isResting() || document.hidden || !document.hasFocus()) return null;
    this.veil();
    const wish = { unit, item: null };
    this.#wanted = wish;
    let picture;
    try {
      while (unit.changing && this.#wanted === wish) await moment(); // its next picture is not known yet
      if (this.#wanted !== wish || !canUnveil(unit)) return null;
      wish.item = unit.item;
      picture = await this.#fetch(pictureOf(unit));
    } catch (error) {
      if (this.#wanted === wish) this.onChange(unit, { error });
      return null;
    }
    if (this.#wanted !== wish) return null; // the key went up before the picture was here
    const address = URL.createObjectURL(picture.blob);
    const image = el("img", { class: "clear", alt: "" });
    image.src = address;
    try {
      await image.decode();
    } catch {
      URL.revokeObjectURL(address);
      return null;
    }
    if (this.#wanted !== wish) {
      URL.revokeObjectURL(address);
      return null;
    }
    host()?.append(image);
    const since = performance.now();
    this.#shown = { unit, item: wish.item, host, image, address, token: picture.token, since, enlarged: 0, largeSince: since };
    this.onChange(unit, { shown: true });
    return this.#shown;
  }

  /** From now on what is shown is large, or no longer: that time is counted apart. */
  enlarge(on) {
    this.#countLarge();
    this.#large = on;
  }

  #countLarge() {
    const [shown, now] = [this.#shown, performance.now()];
    if (shown && this.#large) shown.enlarged += now - shown.largeSince;
    if (shown) shown.largeSince = now;
  }

  /** The tiles were made anew: what is clear stays clear, and stays counted. */
  replace() {
    if (this.#shown) this.#shown.host()?.append(this.#shown.image);
  }

  /** Veils at once and counts what was seen; with `only`, if that is what is shown still. */
  veil(only = this.#shown) {
    const shown = this.#shown;
    if (only !== shown) return;
    this.#wanted = null;
    if (!shown) return;
    this.#countLarge();
    this.#shown = null;
    shown.image.remove();
    URL.revokeObjectURL(shown.address);
    this.exposure.add(shown.token, { ...shown.unit, item: shown.item }, performance.now() - shown.since, shown.enlarged);
    this.onChange(shown.unit, { shown: false });
  }

  /** Veils, and lets go of every clear byte. */
  panic() {
    this.veil();
    window.clearTimeout(this.#timer);
    this.#pictures.forEach((picture) => picture.abort.abort());
    this.#pictures.clear();
  }
}
