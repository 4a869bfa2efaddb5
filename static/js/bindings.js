// Which key and which button of the review page does what, and where the focus goes afterwards. `review` is the page's
// own object (review.js).
import { coverWindow } from "./cover.js";
import { capOf, decideWith, letterLines, listen, showKeys } from "./keys.js";
import { legendOf } from "./legends.js";
import { gettext } from "./words.js";

const TRIPS = ["similar", "folder", "camera", "day"];
const ACTS = ["unsure", "skip", "flag", "clear", "undo", "redo"];

const trips = (open) => Object.fromEntries(TRIPS.map((kind) => [kind, () => open(kind)]));

/** What keys and buttons have in common. */
const shared = (review) => ({
  blur: () => review.looking.toggle("blur"),
  grey: () => review.looking.toggle("grey"),
  glance: () => review.looking.toggleGlance(),
  smaller: () => review.filming.hasten(-1) || review.resize(-1),
  larger: () => review.filming.hasten(1) || review.resize(1),
  grounds: () => review.why(),
  back: () => review.screens.back(),
  note: () => review.note.open(),
  ...trips((kind) => review.beside.open(kind)),
});

/** `grid` is moved in by `move(place, extend)`; `single()` says whether one item fills the view. */
function moves(grid, move, single) {
  const across = () => (single() ? 1 : grid.across);
  const forward = document.documentElement.dir === "rtl" ? -1 : 1; // the arrow that points to the next item
  const by = (step) => (event) => move(grid.place + step(), event.shiftKey && !single());
  return {
    left: by(() => -forward),
    right: by(() => forward),
    up: by(() => -across()),
    down: by(() => across()),
    first: () => move(0),
    last: () => move(grid.units.length - 1),
    "page-up": by(() => -across() * grid.pageRows),
    "page-down": by(() => across() * grid.pageRows),
  };
}

/** In the viewer of a film the same keys move from frame to frame, with Shift from scene to scene. */
function framesFirst(review, handlers) {
  const { viewer } = review;
  return Object.fromEntries(Object.entries(handlers).map(([id, otherwise]) =>
    [id, (event) => (viewer.isOpen && viewer.board.isOpen ? viewer.board.move(id, event.shiftKey) : otherwise(event))]));
}

const looks = (review) => ({
  unveil: () => review.looking.hold(),
  "unveil-end": () => review.looking.unhold(),
  enlarge: () => review.looking.enlarge(),
  "enlarge-end": () => review.looking.unhold(),
  view: () => review.filming.cycle(),
  play: () => review.filming.play(),
  "play-end": () => review.filming.stop(),
  mark: () => review.filming.mark(),
  unmark: () => review.filming.unmark(),
  idle: (event) => review.pressing.idle(legendOf(event.code)),
  help: showKeys,
});

/** What keys do to the pictures of a stack that are shown one by one. */
function inStack(review) {
  const { stackView } = review;
  return {
    ...shared(review),
    ...moves(stackView.grid, (place, extend = false) => stackView.grid.go(place, { extend }), () => false),
    ...looks(review),
    ...Object.fromEntries([...ACTS, "split"].map((id) => [id, () => review.pressing.press(id)])),
    decide: (_event, { category }) => review.pressing.press("decide", category),
    "decide-stack": (_event, { category }) => review.pressing.press("decide-stack", category),
    open: () => stackView.grid.onOpen(),
    stack: () => review.screens.closeStack(),
    join: () => review.explain(gettext("Find what belongs here beside the queue, with %(similar)s, and press %(join)s on it there.", { similar: capOf("similar"), join: capOf("join") })),
  };
}

/** Listens in `regions`; the scheme's own letters decide too. */
export function bindKeys(review, regions) {
  const { categories } = review.batch.info.scheme;
  const handlers = {
    ...shared(review),
    ...framesFirst(review, moves(review.grid, (place, extend) => review.move(place, extend), () => review.viewer.isOpen)),
    ...looks(review),
    ...Object.fromEntries(ACTS.map((id) => [id, () => review.pressing.press(id)])),
    decide: (_event, { category }) => review.pressing.press("decide", category),
    "decide-stack": (_event, { category }) => review.pressing.press("decide-stack", category),
    open: () => review.screens.openViewer(),
    stack: () => review.screens.openStack(),
    join: () => review.join(),
    split: () => review.explain(gettext("Pictures are moved out where a stack is shown one by one: %(key)s opens it.", { key: capOf("stack") })),
  };
  const letters = letterLines(categories);
  regions.forEach((region) => listen(region, handlers, letters));
  listen(review.stackView.root, inStack(review), letters);
  const steps = Object.fromEntries(["left", "right", "up", "down", "first", "last"].map((id) => [id, () => review.beside.step(id)]));
  listen(review.beside.root, { ...trips((kind) => review.beside.open(kind, review.beside.unit)), ...steps, join: () => review.beside.join(), back: () => review.screens.back(), help: showKeys });
  decideWith(categories);
}

/** A button pressed by the mouse gives the focus back to the keys; one pressed by a key keeps it. */
export function bindButtons(review, buttons) {
  const acts = {
    ...shared(review),
    panic: coverWindow,
    finish: () => review.ending.show(),
    previous: () => review.move(review.grid.place - 1),
    next: () => review.move(review.grid.place + 1),
    all: () => review.ending.stopLookingBack(),
    split: () => review.pressing.press("split"),
    join: () => review.join(),
    "show-first": () => review.stackView.showFirst(),
  };
  for (const button of buttons) {
    button.addEventListener("click", (event) => {
      acts[button.dataset.act]();
      if (event.detail) review.focusStage();
    });
  }
}

/** The keys come alive again when a dialog closes, on Esc outside of them, and after a click on nothing. */
export function bindReturns(review) {
  const back = () => review.focusStage();
  document.addEventListener("close", ({ target }) => {
    if (!target.matches(".cover") || document.activeElement === document.body) back();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.target.closest("[data-keys], dialog")) back();
  });
  document.addEventListener("click", () => { if (document.activeElement === document.body) back(); });
  document.querySelector("[data-theme-switch]").addEventListener("click", back);
}
