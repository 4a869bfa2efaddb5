// A block puzzle for breaks (ux.md section 2, break content), loaded only when somebody asks for it. Pieces of two, three
// and five squares sink into a well; a full row goes. No points, no levels, no end: a full well is emptied. It rests
// whenever it has not the focus; for who wants less motion, nothing falls by itself.
import { el } from "./dom.js";
import { gettext } from "./words.js";

const [ACROSS, DOWN, SIDE] = [9, 13, 16]; // squares, squares, pixels
const EVERY = 900; // milliseconds for one square down
const HOW = gettext("Arrows move, ↑ turns, Space drops, Tab leaves.");
// Rows of squares, filled where a letter stands.
const SHAPES = ["xx", "xxx", "x./xx", "x.x/xxx", ".x./xxx/.x.", "xxxxx", "xx./.xx/..x", "xxx/x../x.."]
  .map((text) => text.split("/").map((row) => [...row].map((square) => square === "x")));

const turned = (shape) => shape[0].map((_, column) => shape.map((row) => row[column]).reverse());

class Well {
  constructor() {
    this.empty();
  }

  empty() {
    this.rows = Array.from({ length: DOWN }, () => Array(ACROSS).fill(0));
    this.next();
  }

  next() {
    this.tone = 1 + Math.floor(Math.random() * 3);
    this.shape = SHAPES[Math.floor(Math.random() * SHAPES.length)];
    [this.x, this.y] = [Math.floor((ACROSS - this.shape[0].length) / 2), 0];
    if (!this.#fits(this.shape, this.x, this.y)) this.empty();
  }

  /** Squares that the piece covers, as [x, y]. */
  get squares() {
    return this.shape.flatMap((row, y) => row.flatMap((filled, x) => (filled ? [[this.x + x, this.y + y]] : [])));
  }

  #fits(shape, left, top) {
    return shape.every((row, y) => row.every((filled, x) => !filled || this.rows[top + y]?.[left + x] === 0));
  }

  move(step) {
    if (this.#fits(this.shape, this.x + step, this.y)) this.x += step;
  }

  /** Turns it, beside the wall a square or two away from it. */
  turn() {
    const shape = turned(this.shape);
    const step = [0, -1, 1, -2, 2].find((one) => this.#fits(shape, this.x + one, this.y));
    if (step !== undefined) [this.shape, this.x] = [shape, this.x + step];
  }

  /** One square down, or it stays; returns whether it moved. */
  sink() {
    if (this.#fits(this.shape, this.x, this.y + 1)) {
      this.y += 1;
      return true;
    }
    this.squares.forEach(([x, y]) => { this.rows[y][x] = this.tone; });
    const kept = this.rows.filter((row) => row.includes(0));
    this.rows = [...Array.from({ length: DOWN - kept.length }, () => Array(ACROSS).fill(0)), ...kept];
    this.next();
    return false;
  }

  drop() {
    while (this.sink());
  }
}

/** A node to be put on screen; it works while it has the focus. */
export function blocks() {
  const well = new Well();
  const canvas = el("canvas", { width: ACROSS * SIDE, height: DOWN * SIDE, tabindex: "0", role: "application", "aria-label": `${gettext("Block puzzle.")} ${HOW}` });
  const told = el("p", { class: "f1 t2" });
  const context = canvas.getContext("2d");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let timer = null;

  const paint = () => {
    const style = getComputedStyle(canvas);
    const tones = ["--surface-3", "--accent", "--text-2", "--text-3"].map((name) => style.getPropertyValue(name));
    const square = ([x, y], tone) => {
      context.fillStyle = tones[tone];
      context.fillRect(x * SIDE + 1, y * SIDE + 1, SIDE - 2, SIDE - 2);
    };
    context.clearRect(0, 0, canvas.width, canvas.height);
    well.rows.forEach((row, y) => row.forEach((tone, x) => square([x, y], tone)));
    well.squares.forEach((one) => square(one, well.tone));
  };
  const rest = () => {
    window.clearInterval(timer);
    timer = null;
    told.textContent = gettext("The puzzle rests. Tab to it, or click it, to go on.");
  };
  const go = () => {
    told.textContent = HOW;
    window.clearInterval(timer);
    if (!still.matches) timer = window.setInterval(() => { if (canvas.isConnected && !document.hidden) { well.sink(); paint(); } else rest(); }, EVERY);
  };
  const keys = { ArrowLeft: () => well.move(-1), ArrowRight: () => well.move(1), ArrowUp: () => well.turn(), ArrowDown: () => well.sink(), Space: () => well.drop() };

  canvas.addEventListener("focus", go);
  canvas.addEventListener("blur", rest);
  canvas.addEventListener("click", () => canvas.focus());
  canvas.addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.altKey || event.metaKey ? null : keys[event.code];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat && event.code !== "ArrowDown" && event.code !== "ArrowLeft" && event.code !== "ArrowRight") return;
    act();
    paint();
  });
  rest();
  window.requestAnimationFrame(paint); // once its colours are known
  return { node: el("div", {}, canvas, told), start: () => canvas.focus(), stop: rest };
}
