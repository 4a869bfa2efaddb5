// Counts the time in which somebody looks at this page: it is visible, its window has the focus, and there was input
// within the last minute (ux.md section 2). A clock that nobody can set; only sums leave the browser.
const STILL = 60_000; // milliseconds without input: nobody is assumed to look
const TICK = 1000;

const listeners = new Set();
let lastInput = performance.now();
let lastTick = performance.now();
let resting = false;

/** Counts up to now; whoever reports sums calls it first, so that a fast hand's first second is in them. */
export function tick() {
  const now = performance.now();
  const passed = Math.min(now - lastTick, 2 * TICK); // a sleeping computer looked at nothing
  lastTick = now;
  if (resting || document.hidden || !document.hasFocus() || now - lastInput > STILL) return;
  listeners.forEach((listener) => listener(passed));
}

for (const kind of ["keydown", "pointermove", "pointerdown", "wheel"]) {
  document.addEventListener(kind, () => { lastInput = performance.now(); }, { passive: true, capture: true });
}
window.setInterval(tick, TICK);

/** Calls `listener(milliseconds)` for time that counts. */
export const onTime = (listener) => listeners.add(listener);

export const isResting = () => resting;

/** During a break nothing is on screen. */
export function rest(on) {
  tick();
  resting = on;
}
