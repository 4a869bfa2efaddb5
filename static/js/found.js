// One file in the answer of a look-up: its name, and each set that knows one of its hashes.
import { categoryMark, el, isolated, size as sizeText } from "./dom.js";
import { gettext, ngettext } from "./words.js";

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu; // change text without being seen
const visible = (text) => text.replace(HIDDEN, (one) => `\\u${one.codePointAt(0).toString(16).padStart(4, "0")}`);

const STRENGTHS = { strong: gettext("strong"), weak: gettext("weak"), near: gettext("alike") };

/** Matches by set and category, with the kinds of hash that met: one line each. */
function bySet(matches) {
  const lines = new Map();
  for (const match of matches) {
    const key = JSON.stringify([match.set, match.code, match.trust]);
    const line = lines.get(key) ?? { ...match, kinds: [] };
    line.kinds.push(match.kind);
    if (match.strength === "strong") line.strength = "strong";
    lines.set(key, line);
  }
  return [...lines.values()];
}

function where(match) {
  const away = match.distance ? ngettext("%(n)s bit away", "%(n)s bits away", match.distance) : null;
  const words = [[...new Set(match.kinds)].join(" + "), STRENGTHS[match.strength] ?? match.strength, away, match.trust].filter(Boolean).join(", ");
  const category = match.category ? categoryMark(match.category) : el("b", {}, match.code || gettext("on the list, no category given"));
  return el("p", { class: "row" }, isolated(match.set), category, el("span", { class: "t3 f1" }, words));
}

function remark(file) {
  if (file.failed) return gettext("This browser could not read it.");
  if (file.size === 0) return gettext("An empty file: its hashes say nothing.");
  return file.hashes.sha256 ? "" : gettext("MD5 only: it is larger than 256 MB, or this connection is not safe.");
}

/** A weak match finds a file and does not identify it, so it is not called known. */
function result(file, matches) {
  if (file.failed) return [gettext("not read"), "warn"];
  if (!matches.length) return [gettext("unknown"), ""];
  return matches.some(({ strength }) => strength === "strong") ? [gettext("known"), "ok"] : [gettext("weak match"), "acc"];
}

/** A row of the table of files. */
export function fileRow({ file, matches }) {
  const [text, kind] = result(file, matches);
  const note = remark(file);
  return el("tr", {},
    el("td", { class: "wrap" }, isolated(visible(file.path))),
    el("td", { class: "num" }, sizeText(file.size)),
    el("td", {}, el("span", { class: `pill ${kind}` }, text)),
    el("td", { class: "wrap full" }, ...bySet(matches).map(where), note ? el("p", { class: "t3 f1" }, note) : null));
}
