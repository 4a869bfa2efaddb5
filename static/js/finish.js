// The end of a batch: what was done, and three ways on. No score and no rank.
import { el, icon, spoken } from "./dom.js";
import { gettext, ngettext } from "./words.js";

const button = (text, classes, act, key = null) =>
  el("button", { class: `btn ${classes}`, type: "button", onclick: act }, text, ...(key ? [" ", el("kbd", {}, key)] : []));

/** Runs what a button asks for; says what it waits for, and gives up when the dialog closes meanwhile. */
async function carryOut(dialog, trouble, act, unsaved) {
  const buttons = [...dialog.querySelectorAll("button")];
  buttons.forEach((node) => { node.disabled = true; });
  const stop = new AbortController();
  dialog.addEventListener("close", () => stop.abort(), { once: true });
  const told = window.setInterval(() => {
    trouble.textContent = unsaved() ? ngettext("%(n)s decision not saved yet, waiting. Esc goes back to the grid.", "%(n)s decisions not saved yet, waiting. Esc goes back to the grid.", unsaved()) : "";
  }, 200);
  try {
    await act(stop.signal);
  } catch (error) {
    trouble.textContent = stop.signal.aborted ? "" : `${error.message} ${gettext("Your decisions are kept in this page; try again.")}`;
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
    ...[...now].map(([reason, count]) => ngettext("%(n)s item of these leaves the queue instead: %(reason)s.", "%(n)s items of these leave the queue instead: %(reason)s.", count, { reason })),
    ...[...before].map(([reason, count]) => ngettext("%(n)s item left the batch before: %(reason)s.", "%(n)s items left the batch before: %(reason)s.", count, { reason })),
    ...(arrived ? [ngettext("%(n)s more picture came that resembles what you hold: it joins when the batch ends.", "%(n)s more pictures came that resemble what you hold: they join when the batch ends.", arrived)] : []),
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
    ? gettext("Batch %(number)s: %(decided)s of %(items)s decided", figures)
    : gettext("Batch %(number)s done: %(items)s, %(views)s", { number: figures.number, items: ngettext("%(n)s item", "%(n)s items", figures.items), views: ngettext("%(n)s view", "%(n)s views", figures.views) });
  const lines = [gettext("%(screen)s on screen, %(unveiled)s unveiled.", { screen: spoken(figures.onScreen), unveiled: spoken(figures.revealed) })];
  if (figures.skipped) lines.push(ngettext("%(n)s item skipped: it comes back last.", "%(n)s items skipped: they come back last.", figures.skipped));
  if (figures.left) lines.push(ngettext("%(n)s item not decided: it goes back to the queue.", "%(n)s items not decided: they go back to the queue.", figures.left));
  if (figures.decided) lines.push(figures.second ? gettext("What you gave counts once the batch has ended.") : gettext("What was decided without unveiling it is not offered to a hash set."));
  const back = figures.viewed
    ? button(gettext("Look back over %(n)s", { n: figures.viewed }), "sm", () => { dialog.close(); on.back(); })
    : button(gettext("Back to the grid"), "sm", () => dialog.close());
  const first = button(gettext("Next batch"), "sm pri", guarded(on.next), "↵");
  const left = el("p", { role: "status" });
  dialog.replaceChildren(el("div", { class: "finish" }, icon("circle-check", ""),
    el("h2", { id: "finish-title" }, title), el("p", {}, lines.join(" ")), left, trouble,
    el("div", { class: "row wrap mt2" }, first, back, button(gettext("Stop for now"), "sm quiet", guarded(on.stop)))));
  dialog.setAttribute("aria-labelledby", "finish-title");
  if (!dialog.open) dialog.showModal();
  first.focus();
  tellLeft(left, on.changes);
}
