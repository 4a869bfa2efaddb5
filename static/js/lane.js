// The length of a film as a strip: its scenes, what is near known material, the marked moment, and where one is.
import { clock, svg } from "./dom.js";
import { gettext, ngettext } from "./words.js";

const WIDE = 800; // in its own units

export const buildLane = () => svg("svg", { viewBox: `0 0 ${WIDE} 20`, preserveAspectRatio: "none", role: "img" });

/** "1:04" or "1:04–1:12". */
export const momentText = ({ from_ms: from, until_ms: until }) => (until === null ? clock(from) : `${clock(from)}–${clock(until)}`);

/** `frames` as the server tells them; `duration` and `place` in milliseconds; `moment` or null. */
export function paintLane(node, { frames, duration, place, moment }) {
  const at = (milliseconds) => (WIDE * Math.min(milliseconds, duration)) / duration;
  const starts = frames.filter((frame, number) => frame.scene || number === 0);
  const scenes = starts.map((frame, number) => {
    const end = number + 1 < starts.length ? at(starts[number + 1].at_ms) : WIDE;
    return svg("rect", { x: at(frame.at_ms), y: 1, width: Math.max(1, end - at(frame.at_ms) - 2), height: 18, class: number % 2 ? "other" : "" });
  });
  const known = frames.filter((frame) => frame.known).map((frame) => svg("rect", { x: at(frame.at_ms), y: 15, width: 6, height: 4, class: "known" }));
  const marked = moment ? [svg("rect", { x: at(moment.from_ms), y: 0, width: Math.max(4, at(moment.until_ms ?? moment.from_ms) - at(moment.from_ms)), height: 5, class: "known" })] : [];
  node.replaceChildren(...scenes, ...known, ...marked, svg("path", { d: `M${at(place) + 1} 0V20` }));
  const told = [ngettext("%(n)s scene", "%(n)s scenes", starts.length), moment ? gettext("marked: %(at)s", { at: momentText(moment) }) : null];
  node.setAttribute("aria-label", told.filter(Boolean).join(", "));
}
