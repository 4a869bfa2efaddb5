// The end of a batch: what was done, and three ways on. No score and no rank.
import { el, icon, plural, spoken } from "./dom.js";

const button = (text, classes, act, key = null) =>
  el("button", { class: `btn ${classes}`, type: "button", onclick: act }, text, ...(key ? [" ", el("kbd", {}, key)] : []));

/** Runs what a button asks for; says what it waits for, and gives up when the dialog closes meanwhile. */
async function carryOut(dialog, trouble, act, unsaved) {
  const buttons = [...dialog.querySelectorAll("button")];
  buttons.forEach((node) => { node.disabled = true; });
  const stop = new AbortController();
  dialog.addEventListener("close", () => stop.abort(), { once: true });
  const told = window.setInterval(() => {
    trouble.textContent = unsaved() ? `${plural(unsaved(), "decision")} not saved yet, waiting. Esc goes back to the grid.` : "";
  }, 200);
  try {
    await act(stop.signal);
  } catch (error) {
    trouble.textContent = stop.signal.aborted ? "" : `${error.message} Your decisions are kept in this page; try again.`;
    buttons.forEach((node) => { node.disabled = false; });
  } finally {
    window.clearInterval(told);
  }
}

/** Says in `line` what left the batch without a decision, by reason; nothing where the server cannot be asked. */
async function tellLeft(line, changes) {
  const before = new Map(), now = new Map(); // by reason
  const { left, arrived } = await changes().catch(() => ({ left: [], arrived: 0 }));
  for (const { reason, gone } of left) {
    const counts = gone ? before : now;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  line.textContent = [
    ...[...now].map(([reason, number]) => `${plural(number, "item")} of these ${number === 1 ? "leaves" : "leave"} the queue instead: ${reason}.`),
    ...[...before].map(([reason, number]) => `${plural(number, "item")} left the batch before: ${reason}.`),
    ...(arrived ? [`${plural(arrived, "more picture")} came that ${arrived === 1 ? "resembles" : "resemble"} what you hold: ${arrived === 1 ? "it joins" : "they join"} when the batch ends.`] : []),
  ].join(" ");
}

/**
 * Shows the summary in `dialog`. `figures`: number, items, decided, left, skipped, views, onScreen, revealed, viewed.
 * `on`: back; changes, which answers what left the queue meanwhile (`left`: {stack, reason, gone: whether the page took it off already}) and how many joins wait (`arrived`); next and stop, which get an AbortSignal and may reject with an ApiError, whose message is then shown;
 * `unsaved`, the number of acts that wait.
 */
export function showFinish(dialog, figures, on) {
  const trouble = el("p", { class: "bad-t", role: "alert" });
  const guarded = (act) => () => carryOut(dialog, trouble, act, on.unsaved);
  const undecided = figures.left + figures.skipped;
  const title = undecided
    ? `Batch ${figures.number}: ${figures.decided} of ${figures.items} decided`
    : `Batch ${figures.number} done: ${plural(figures.items, "item")}, ${plural(figures.views, "view")}`;
  const lines = [`${spoken(figures.onScreen)} on screen, ${spoken(figures.revealed)} unveiled.`];
  if (figures.skipped) lines.push(`${plural(figures.skipped, "item")} skipped: they come back last.`);
  if (figures.left) lines.push(`${plural(figures.left, "item")} not decided: they go back to the queue.`);
  if (figures.decided) lines.push(figures.second ? "What you gave counts once the batch has ended." : "What was decided without unveiling it is not offered to a hash set.");
  const back = figures.viewed
    ? button(`Look back over ${figures.viewed}`, "sm", () => { dialog.close(); on.back(); })
    : button("Back to the grid", "sm", () => dialog.close());
  const first = button("Next batch", "sm pri", guarded(on.next), "↵");
  const left = el("p", { role: "status" });
  dialog.replaceChildren(el("div", { class: "finish" }, icon("circle-check", ""),
    el("h2", { id: "finish-title" }, title), el("p", {}, lines.join(" ")), left, trouble,
    el("div", { class: "row wrap mt2" }, first, back, button("Stop for now", "sm quiet", guarded(on.stop)))));
  dialog.setAttribute("aria-labelledby", "finish-title");
  if (!dialog.open) dialog.showModal();
  first.focus();
  tellLeft(left, on.changes);
}
