// Which key and which button of the review page does what. `review` is the page's own object (review.js).
import { categoryKey, listen, showKeys } from "./keys.js";

const ACTS = ["unsure", "skip", "flag", "clear", "undo", "redo"];

/** What keys and buttons have in common. */
const shared = (review) => ({
  blur: () => review.setVeil("blur"),
  grey: () => review.setVeil("grey"),
  panic: () => review.panic(),
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
  const handlers = {
    ...shared(review),
    ...moves(review),
    ...Object.fromEntries(ACTS.map((id) => [id, () => review.press(id)])),
    decide: (event) => review.press("decide", categoryKey(event.code)),
    "decide-stack": (event) => review.press("decide-stack", categoryKey(event.code)),
    unveil: () => review.hold(),
    "unveil-end": () => review.unhold(),
    enlarge: () => review.enlarge(),
    "enlarge-end": () => review.unhold(),
    open: () => review.openViewer(),
    help: showKeys,
  };
  const letters = review.batch.info.scheme.categories.map(({ key }) => key.toUpperCase()).filter((key) => /^[A-Z]$/.test(key));
  regions.forEach((region) => listen(region, handlers, letters));
}

export function bindButtons(review, buttons) {
  const acts = {
    ...shared(review),
    finish: () => review.finish(),
    previous: () => review.move(review.grid.place - 1),
    next: () => review.move(review.grid.place + 1),
    all: () => review.stopLookingBack(),
  };
  for (const button of buttons) button.addEventListener("click", acts[button.dataset.act]);
}
