// The picture of one item on its own page: clear only while Space or the button is held. It is sent when somebody first
// holds, not before, for each sending is an event.
import { listen } from "./keys.js";
import { Outside } from "./outside.js";

class Look {
  constructor(root) {
    this.frame = root.querySelector("[data-part=frame]");
    const { item } = root.dataset;
    this.unit = { id: item, item, preview: "made" }; // whether there is a picture, the server says
    this.unveiler = new Outside(root.querySelector("[data-part=trouble]")).unveiler;
    this.#bind(root);
  }

  #bind(root) {
    const [hold, veil] = [() => this.unveiler.hold(this.unit, () => this.frame), () => this.unveiler.veil()];
    listen(root, { unveil: hold, "unveil-end": veil, panic: () => this.unveiler.panic() });
    const button = root.querySelector("button");
    button.addEventListener("pointerdown", hold);
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(end, veil);
    window.addEventListener("pagehide", veil);
  }
}

export const attachLook = (root) => new Look(root);
