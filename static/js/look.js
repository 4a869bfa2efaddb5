// The picture of one item on its own page: clear only while Space or the button is held. It is sent when somebody first
// holds, not before, for each sending is an event; how long it was clear is told before anything is decided from it.
import { postJson } from "./api.js";
import { Exposure } from "./exposure.js";
import { listen } from "./keys.js";
import { Unveiler } from "./unveil.js";

class Look {
  #telling = Promise.resolve();

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
    document.querySelectorAll("form[data-after-look]").forEach((form) => form.addEventListener("submit", (event) => this.#before(event)));
  }

  #tell() {
    const { viewings, ...rest } = this.exposure.take();
    this.#telling = postJson("/api/v1/viewings", { viewings }, { keepalive: true }).catch((error) => {
      this.exposure.restore({ viewings, ...rest });
      this.trouble.textContent = error.message;
    });
  }

  /** What was seen is told first: the decision rests on it. */
  async #before(event) {
    event.preventDefault();
    this.unveiler.veil();
    await this.#telling;
    event.target.submit();
  }
}

document.querySelectorAll("[data-look]").forEach((root) => new Look(root));
