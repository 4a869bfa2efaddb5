// Which key and which button of the review page does what, and where the focus goes afterwards. `review` is the page's
// own object (review.js).
import { coverWindow } from "./cover.js";
import { categoryKey, decideWith, listen, showKeys } from "./keys.js";

const ACTS = ["unsure", "skip", "flag", "clear", "undo", "redo"];

/** What keys and buttons have in common. */
const shared = (review) => ({
  blur: () => review.looking.toggle("blur"),
  grey: () => review.looking.toggle("grey"),
  smaller: () => review.resize(-1),
  larger: () => review.resize(1),
  back: () => review.back(),
});

function moves(review) {
  const across = () => (review.viewer.isOpen ? 1 : review.grid.across);
  const by = (step) => (event) => review.move(review.grid.place + step(), event.shiftKey && !review.viewer.isOpen);
  return {
    left: by(() => -1),
    right: by(() => 1),
    up: by(() => -across()),
    down: by(() => across()),
    first: () => review.move(0),
    last: () => review.move(review.grid.units.length - 1),
    "page-up": by(() => -across() * review.grid.pageRows),
    "page-down": by(() => across() * review.grid.pageRows),
  };
}

/** Listens in `regions`; the scheme's own letters decide too. */
export function bindKeys(review, regions) {
  const { categories } = review.batch.info.scheme;
  const handlers = {
    ...shared(review),
    ...moves(review),
    ...Object.fromEntries(ACTS.map((id) => [id, () => review.press(id)])),
    decide: (event) => review.press("decide", categoryKey(event.code)),
    "decide-stack": (event) => review.press("decide-stack", categoryKey(event.code)),
    idle: (event) => review.idle(categoryKey(event.code)),
    unveil: () => review.looking.hold(),
    "unveil-end": () => review.looking.unhold(),
    enlarge: () => review.looking.enlarge(),
    "enlarge-end": () => review.looking.unhold(),
    open: () => review.openViewer(),
    help: showKeys,
  };
  const letters = categories.map(({ key }) => key.toUpperCase()).filter((key) => /^[A-Z]$/.test(key));
  regions.forEach((region) => listen(region, handlers, letters));
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
