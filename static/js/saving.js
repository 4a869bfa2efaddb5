// What people are told about saving: the short line, the banner, and answers that were not plainly "saved".
import { plural } from "./dom.js";

/** One short line for the inspector. */
export const saving = (outbox) => (outbox.unsaved ? `${plural(outbox.unsaved, "decision")} on the way` : "All saved");

const seconds = (milliseconds) => `${Math.max(1, Math.round(milliseconds / 1000))} s`;

/** Shows the banner when acts wait too long, and takes it away when they are saved. */
export function showState(notices, state, { again }) {
  if (!state.late) {
    notices.hide("saving");
    return;
  }
  const gone = state.failure && !state.failure.passing;
  const title = `${plural(state.unsaved, "decision")} not saved yet.`;
  const text = gone
    ? `${state.failure.message} Do not close this tab: sign in again in another one if you must, then try now.`
    : [`The server has not answered for ${seconds(state.age)}.`,
      state.room ? `You can go on for ${state.room} more; then the queue stops so nothing is lost.` : "The queue has stopped so nothing is lost.",
      state.retryIn === null ? "Trying now." : `Trying again in ${seconds(state.retryIn)}.`, "Do not close this tab."].join(" ");
  notices.show("saving", { tone: "warn", icon: "cloud-off", title, text, action: ["Try now", again], stays: true });
}

const ANSWERS = {
  conflict: ["acc", "user-check", "A colleague decided item # before you.", "Yours is kept as the blind second decision, so the look was not wasted."],
  stale: ["warn", "refresh-cw", "Item # changed while you looked.", "Nothing was written. It is shown again; please decide it anew."],
  gone: ["warn", "refresh-cw", "Item # left your batch.", "Nothing was written for it."],
  refused: ["bad", "circle-x", "Item # was not saved.", "Decide it again, or end the batch."],
};

/** The note for an act that was answered with `kind`; `text` is the server's own sentence, if it sent one. */
export function noteOf(kind, place, text) {
  const [tone, name, title, usual] = ANSWERS[kind];
  return { tone, icon: name, title: title.replace("#", String(place)), text: text || usual };
}
