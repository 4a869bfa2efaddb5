// A film on its own page, or beside a ruling: storyboard, clip and sound as at the desk, outside any batch. Nothing is sent
// before a key is held, for each sending is an event.
import { listen } from "./keys.js";
import { Outside } from "./outside.js";
import { Viewer } from "./viewer.js";

const TELL = 5000; // milliseconds between reports of what is being played
const MOVES = ["left", "right", "up", "down", "first", "last", "page-up", "page-down"];

class FilmLook {
  constructor(root) {
    const { item, kind, preview, reason, name, veil, duration } = root.dataset;
    const seen = preview === "none" ? preview : "made"; // where it is not made so far, the server says so
    this.unit = { id: item, item, kind, reason, name, veil: veil || null, preview: seen, duration_ms: Number(duration), moment: null };
    this.outside = new Outside(root.querySelector("[data-part=trouble]"));
    this.unveiler = this.outside.unveiler;
    const place = root.querySelector("[data-part=film]");
    this.viewer = new Viewer(place, { exposure: this.outside.exposure, alone: true, onFrame: () => this.#another() });
    this.viewer.open(this.unit, []);
    if (document.activeElement === place) this.viewer.stage.focus({ preventScroll: true });
    this.#bind(root);
  }

  #bind(root) {
    const { film, board } = this.viewer;
    const veil = () => this.#veil();
    listen(root, {
      unveil: () => this.#unveil(), "unveil-end": veil,
      enlarge: () => { this.viewer.large(true); this.#unveil(); }, "enlarge-end": veil,
      view: () => film.cycle(),
      play: () => { this.unveiler.veil(); film.play(); }, "play-end": () => film.stop(),
      smaller: () => film.hasten(-1), larger: () => film.hasten(1),
      ...Object.fromEntries(MOVES.map((id) => [id, (event) => board.isOpen && board.move(id, event.shiftKey)])),
      panic: () => { film.stop(); this.unveiler.panic(); },
    });
    window.addEventListener("pagehide", () => { film.stop(); this.unveiler.panic(); this.outside.tell({ leaving: true }); });
    window.setInterval(() => this.outside.tell(), TELL);
  }

  #unveil() {
    const { unit, host } = this.viewer.target(this.unit);
    if (unit) this.unveiler.hold(unit, host);
  }

  #veil() {
    this.viewer.large(false);
    this.unveiler.veil();
  }

  /** Another frame, or another way to show it: what was clear is let go of, and told. */
  #another() {
    this.unveiler.focus(null);
    this.outside.tell();
  }
}

export const attachFilmLook = (root) => new FilmLook(root);
