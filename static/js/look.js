// The picture of one item on its own page: clear only while Space or the button is held. It is sent when somebody first
// holds, not before, for each sending is an event.
import { Exposure } from "./exposure.js";
import { listen } from "./keys.js";
import { tell } from "./telling.js";
import { Unveiler } from "./unveil.js";

class Look {
  constructor(root) {
    this.frame = root.querySelector("[data-part=frame]");
    this.trouble = root.querySelector("[data-part=trouble]");
    const { item } = root.dataset;
    this.unit = { id: item, item, preview: "made" }; // whether there is a picture, the server says
    this.exposure = new Exposure();
    this.unveiler = new Unveiler({
      address: (wanted) => `/media/${wanted}/clear`,
      exposure: this.exposure,
      onChange: (_unit, { error, shown }) => {
        this.trouble.textContent = error?.message ?? "";
        if (shown === false) this.#tell();
      },
    });
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

  #tell() {
    const sums = this.exposure.take();
    tell(sums.viewings).catch((error) => {
      this.exposure.restore(sums);
      this.trouble.textContent = error.message;
    });
  }
}

export const attachLook = (root) => new Look(root);
