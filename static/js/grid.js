// The grid of veiled tiles: cells of one size, rows placed by index, and only the rows near the window exist.
// It has one tab stop; which tile that is moves with the arrows.
import { buildTile, paintTile } from "./tile.js";
import { el } from "./dom.js";

const GAP = 8;
const MARGIN = 3; // rows kept above and below the window
const MOST = 400; // tiles in the document
const SIZES = [88, 104, 124, 148, 176, 208, 240];
const USUAL = 124;
const SMALL = 104; // up to here a tile has one line for its verdict
const KEPT = "winnow.tile-size";

const keptSize = () => SIZES.find((size) => size === Number(localStorage.getItem(KEPT))) ?? USUAL;

export class Grid {
  #rows = new Map(); // row index -> element
  #across = 1;
  #pitch = 100;
  #drawing = false;
  #covered = 0; // pixels at the lower edge that notices cover

  /** `scroller` holds `root`; `categoryOf(unit)`, `seen(unit)`, `total()` and the callbacks come from the page. */
  constructor(scroller, root, { categoryOf, seen, total, onFocus, onOpen, onAnew }) {
    Object.assign(this, { scroller, root, categoryOf, seen, total, onFocus, onOpen, onAnew });
    this.units = [];
    this.place = 0;
    this.anchor = null;
    this.#resize(SIZES.find((size) => size === Number(scroller.closest("[data-tile]")?.dataset.tile)) ?? keptSize());
    this.top = 0; // the scroller's own figures, kept so that a key press reads no layout
    this.height = scroller.clientHeight;
    scroller.addEventListener("scroll", () => { this.top = scroller.scrollTop; this.#soon(); }, { passive: true });
    new ResizeObserver(() => this.layout()).observe(scroller);
    root.addEventListener("pointerdown", (event) => this.#pressed(event));
    root.addEventListener("dblclick", () => this.onOpen());
  }

  get current() {
    return this.units[this.place];
  }

  get across() {
    return this.#across;
  }

  /** The units of the selected range, or the one in focus. */
  get chosen() {
    if (this.anchor === null) return this.current ? [this.current] : [];
    const [from, to] = [Math.min(this.anchor, this.place), Math.max(this.anchor, this.place)];
    return this.units.slice(from, to + 1);
  }

  #isSelected(place) {
    return this.anchor !== null && place >= Math.min(this.anchor, this.place) && place <= Math.max(this.anchor, this.place);
  }

  setUnits(units) {
    const stack = this.current?.id;
    this.units = units;
    const kept = units.findIndex((unit) => unit.id === stack);
    this.place = kept >= 0 ? kept : Math.min(this.place, Math.max(0, units.length - 1));
    this.anchor = null;
    this.layout({ anew: true });
  }

  setSize(step) {
    const place = Math.max(0, Math.min(SIZES.length - 1, SIZES.indexOf(this.size) + step));
    this.#resize(SIZES[place]);
    localStorage.setItem(KEPT, String(this.size));
    this.layout();
    this.#reveal();
    return this.size;
  }

  #resize(size) {
    this.size = size;
    this.root.classList.toggle("small", size <= SMALL);
  }

  /** Keeps the row in focus above what notices cover at the lower edge, in pixels. */
  makeRoom(covered) {
    this.#covered = covered;
    this.#setHeight();
    this.#reveal();
  }

  #setHeight() {
    this.root.style.height = `${Math.max(0, this.rowCount * this.#pitch - GAP) + this.#covered}px`;
  }

  /** Works out the cells from the window; draws all anew when they changed, or when told to. */
  layout({ anew = false } = {}) {
    const style = getComputedStyle(this.scroller);
    const width = this.scroller.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (width <= 0) return;
    this.height = this.scroller.clientHeight;
    const across = Math.max(1, Math.round((width + GAP) / (this.size + GAP)));
    const pitch = Math.round((((width - GAP * (across - 1)) / across) * 3) / 4 + GAP);
    if (across === this.#across && pitch === this.#pitch && !anew) {
      this.#draw();
      return;
    }
    this.#across = across;
    this.#pitch = pitch;
    this.#setHeight();
    this.root.setAttribute("aria-rowcount", String(this.rowCount));
    this.root.setAttribute("aria-colcount", String(this.#across));
    const hadFocus = this.root.contains(document.activeElement);
    this.#rows.forEach((row) => row.remove());
    this.#rows.clear();
    this.#draw();
    if (hadFocus) this.currentTile?.focus({ preventScroll: true });
    this.onAnew();
  }

  get rowCount() {
    return Math.ceil(this.units.length / this.#across);
  }

  #soon() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => { this.#drawing = false; this.#draw(); });
  }

  /** Rows that must exist: those near the window, and the one with the focus. */
  #wantedRows() {
    const most = Math.max(1, Math.floor(MOST / this.#across) - 1);
    const first = Math.max(0, Math.floor(this.top / this.#pitch) - MARGIN);
    const count = Math.min(most, Math.ceil(this.height / this.#pitch) + 2 * MARGIN + 1);
    const wanted = new Set();
    for (let row = first; row < Math.min(this.rowCount, first + count); row += 1) wanted.add(row);
    if (this.units.length) wanted.add(Math.floor(this.place / this.#across));
    return wanted;
  }

  #draw() {
    const wanted = this.#wantedRows();
    for (const [index, row] of this.#rows) {
      if (wanted.has(index)) continue;
      row.remove();
      this.#rows.delete(index);
    }
    for (const index of [...wanted].sort((a, b) => a - b)) {
      if (!this.#rows.has(index)) this.#addRow(index);
    }
  }

  #addRow(index) {
    const row = el("div", { class: "line", role: "row", "aria-rowindex": index + 1 });
    row.style.gridTemplateColumns = `repeat(${this.#across}, minmax(0, 1fr))`;
    row.style.top = `${index * this.#pitch}px`;
    const from = index * this.#across;
    this.units.slice(from, from + this.#across).forEach((unit, column) => {
      const tile = buildTile();
      tile.style.height = `${this.#pitch - GAP}px`;
      tile.setAttribute("aria-colindex", String(column + 1));
      row.append(tile);
      this.#paint(tile, from + column);
    });
    const after = [...this.#rows.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
    this.root.insertBefore(row, after === undefined ? null : this.#rows.get(after)); // reading order stays the item order
    this.#rows.set(index, row);
  }

  #paint(tile, place) {
    const unit = this.units[place];
    paintTile(tile, unit, place, { category: this.categoryOf(unit), total: this.total(), here: place === this.place, selected: this.#isSelected(place), seen: this.seen(unit) });
  }

  tileAt(place) {
    return this.#rows.get(Math.floor(place / this.#across))?.children[place % this.#across];
  }

  get currentTile() {
    return this.tileAt(this.place);
  }

  /** Repaints one unit, or all that exist. */
  refresh(unit = null) {
    if (unit) {
      const place = this.units.indexOf(unit);
      const tile = this.tileAt(place);
      if (tile) this.#paint(tile, place);
      return;
    }
    this.#rows.forEach((row, index) => [...row.children].forEach((tile, column) => this.#paint(tile, index * this.#across + column)));
  }

  /** Moves to `place`; with `extend` the range from the anchor follows. `quiet` leaves the document's focus alone. */
  go(place, { extend = false, quiet = false } = {}) {
    if (!this.units.length) return;
    const [before, ranged] = [this.place, this.anchor !== null];
    const target = Math.max(0, Math.min(this.units.length - 1, place));
    if (extend) this.anchor ??= before;
    else this.anchor = null;
    this.place = target;
    this.#reveal();
    this.#draw();
    if (extend || ranged) this.refresh();
    else for (const at of new Set([before, target])) { const tile = this.tileAt(at); if (tile) this.#paint(tile, at); }
    if (!quiet) this.currentTile?.focus({ preventScroll: true });
    this.onFocus(this.current);
  }

  /** Scrolls as little as shows the whole row in focus. */
  #reveal() {
    const top = Math.floor(this.place / this.#across) * this.#pitch;
    const room = 28 + this.#covered; // the scroller's own padding, and notices
    if (top < this.top) this.#scroll(top);
    else if (top + this.#pitch + room > this.top + this.height) this.#scroll(top + this.#pitch + room - this.height);
  }

  #scroll(top) {
    this.top = top;
    this.scroller.scrollTop = top;
  }

  get pageRows() {
    return Math.max(1, Math.floor(this.height / this.#pitch) - 1);
  }

  #pressed(event) {
    const tile = event.target.closest(".tile");
    if (!tile || event.button !== 0) return;
    event.preventDefault();
    this.go(Number(tile.dataset.place), { extend: event.shiftKey });
  }
}
