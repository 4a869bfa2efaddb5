// What people are told about saving: the short line, the banner, and answers that were not plainly "saved".
import { gettext, ngettext } from "./words.js";

/** One short line for the inspector. */
export const saving = (outbox) => (outbox.unsaved ? ngettext("%(n)s decision on the way", "%(n)s decisions on the way", outbox.unsaved) : gettext("All saved"));

const seconds = (milliseconds) => gettext("%(n)s s", { n: Math.max(1, Math.round(milliseconds / 1000)) });

/** Shows the banner when acts wait too long, and takes it away when they are saved. */
export function showState(notices, state, { again }) {
  if (!state.late) {
    notices.hide("saving");
    return;
  }
  const gone = state.failure && !state.failure.passing;
  const title = ngettext("%(n)s decision not saved yet.", "%(n)s decisions not saved yet.", state.unsaved);
  const text = gone
    ? `${state.failure.message} ${gettext("Do not close this tab: sign in again in another one if you must, then try now.")}`
    : [gettext("The server has not answered for %(time)s.", { time: seconds(state.age) }),
      state.room ? gettext("You can go on for %(n)s more; then the queue stops so nothing is lost.", { n: state.room }) : gettext("The queue has stopped so nothing is lost."),
      state.retryIn === null ? gettext("Trying now.") : gettext("Trying again in %(time)s.", { time: seconds(state.retryIn) }), gettext("Do not close this tab.")].join(" ");
  notices.show("saving", { tone: "warn", icon: "cloud-off", title, text, action: [gettext("Try now"), again], stays: true });
}

const ANSWERS = {
  conflict: ["acc", "user-check", gettext("A colleague decided item # before you."), gettext("Yours is kept as the blind second decision, so the look was not wasted.")],
  stale: ["warn", "refresh-cw", gettext("Item # changed while you looked."), gettext("Nothing was written. It is shown again; please decide it anew.")],
  gone: ["warn", "refresh-cw", gettext("Item # left your batch."), gettext("Nothing was written for it.")],
  refused: ["bad", "circle-x", gettext("Item # was not saved."), gettext("Decide it again, or end the batch.")],
};

/** The note for an act that was answered with `kind`; `text` is the server's own sentence, if it sent one. */
export function noteOf(kind, place, text) {
  const [tone, name, title, usual] = ANSWERS[kind];
  return { tone, icon: name, title: title.replace("#", String(place)), text: text || usual };
}
