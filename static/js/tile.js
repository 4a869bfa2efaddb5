// One tile of the grid: a veil, its tags, and once decided its verdict. Built once, then only repainted.
import { canUnveil, files, isHandled } from "./batch.js";
import { categoryMark, clock, el, glyph, icon } from "./dom.js";
import { momentText } from "./lane.js";
import { gettext, ngettext, number, tenths } from "./words.js";

const tag = (corner, ...content) => el("span", { class: `tag ${corner}` }, ...content);

export const NONE = gettext("no picture");

/** What stands in a small cell that has no veil. */
export const blank = () => el("span", { class: "none" }, NONE);

export const OUTCOMES = { unsure: ["circle-help", gettext("Unsure")], skipped: ["skip-forward", gettext("Skipped")] };
const TAGS = { known: gettext("known"), "near known": gettext("≈ known") };

function verdict(unit, category) {
  if (!category && !unit.outcome) return null;
  const [mark, text] = category ? [glyph(category.glyph), `${category.code} ${category.name}`] : outcome(unit);
  return el("span", { class: "verdict" }, mark, el("span", { class: "ell" }, text), canUnveil(unit) ? null : el("small", {}, NONE));
}

function outcome(unit) {
  const [name, text] = OUTCOMES[unit.outcome];
  return [icon(name), text];
}

/** What stands on a unit, for places with room: its category, or that it is unsure or skipped, and its flag. */
export function marks(unit, category) {
  const made = category ? [categoryMark(category)] : [];
  if (!category && unit.outcome) made.push(el("span", { class: "cat" }, ...outcome(unit)));
  if (unit.flagged) made.push(el("span", { class: "pill warn" }, icon("flag"), gettext("Flag")));
  if (unit.moment) made.push(el("span", { class: "pill acc num" }, icon("film"), gettext("Basis %(at)s", { at: momentText(unit.moment) })));
  return made;
}

/** The corner for what it is a copy of, or near to; a flag stands beside it. */
function topLeft(unit) {
  const text = unit.copies > 0 ? ngettext("%(n)s copy", "%(n)s copies", unit.copies) : TAGS[unit.tags[0]] ?? null;
  if (unit.flagged) return tag("tl", icon("flag"), text ?? gettext("flag"), text ? el("span", { class: "sr" }, `, ${gettext("flag")}`) : null);
  return text && tag("tl", text);
}

function tags(unit, seen) {
  const made = [topLeft(unit)];
  if (unit.mark) made.push(tag("tr", unit.mark)); // of a stack that is shown one by one: how far from the first
  if (unit.items > 1) made.push(tag("tr", icon("layers"), number(unit.left || unit.items)));
  if (unit.kind === "video") made.push(tag("br", icon("film"), unit.duration_ms ? clock(unit.duration_ms) : gettext("video")));
  if (seen > 0) made.push(tag("bl", icon("eye"), gettext("%(n)s s", { n: tenths(seen / 1000) })));
  return made;
}

function missing(unit) {
  if (canUnveil(unit) || isHandled(unit)) return null; // the verdict then says it
  const text = unit.preview === "pending" ? gettext("no picture yet") : NONE;
  return el("span", { class: "none" }, icon(unit.kind === "audio" ? "volume-x" : "file-x"), text);
}

/** What is said when an item gets the focus: "Item 14 of 200, decided 5, 3 files". */
export function spokenName(unit, place, total) {
  const undecided = OUTCOMES[unit.outcome]?.[1].toLocaleLowerCase() ?? gettext("undecided");
  const state = unit.code === null ? undecided : gettext("decided %(code)s", unit);
  const told = [ngettext("%(n)s file", "%(n)s files", files(unit))];
  if (unit.left > 1) told.push(gettext("stack of %(n)s", { n: unit.left }));
  if (unit.flagged) told.push(gettext("flagged"));
  return gettext("Item %(place)s of %(total)s, %(state)s, %(rest)s", { place: place + 1, total, state, rest: told.join(", ") });
}

export function buildTile() {
  const image = el("img", { class: "veil", alt: "" });
  image.hidden = true;
  const [name, extra] = [el("span", { class: "sr" }), el("span", { class: "extra" })];
  const node = el("div", { class: "tile", role: "gridcell", tabindex: "-1" }, image, name, extra);
  return Object.assign(node, { image, name, extra });
}

const put = (node, name, value) => {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
};

/** Paints `unit` on `node`; `place` is its index, `look` holds category, total, here, selected, seen (milliseconds). */
export function paintTile(node, unit, place, { category, total, here, selected, seen }) {
  const handled = isHandled(unit);
  put(node, "class", ["tile", handled && "done", category && `k${category.colour}`, handled && !category && "soft", unit.items > 1 && "stackd", unit.near === false && "far", here && "here", selected && "sel"].filter(Boolean).join(" "));
  put(node, "data-place", String(place));
  put(node, "aria-selected", String(Boolean(here || selected)));
  put(node, "tabindex", here ? "0" : "-1");
  put(node, "aria-busy", String(Boolean(unit.changing)));
  put(node, "data-item", unit.item);
  const veil = unit.veil ?? null;
  if (veil && node.image.src !== veil) node.image.src = veil;
  node.image.hidden = !veil;
  const drawn = [total, unit.code, unit.outcome, unit.flagged, unit.copies, unit.preview, unit.left, unit.items, unit.item, unit.mark, seen].join("|");
  if (node.drawn === drawn) return; // moving the focus redraws no tags
  node.drawn = drawn;
  node.name.textContent = `${gettext("Item %(place)s of %(total)s, %(state)s", { place: place + 1, total, state: handled ? gettext("handled") : gettext("undecided") })}. `;
  node.extra.replaceChildren(...[missing(unit), verdict(unit, category), ...tags(unit, seen)].filter(Boolean));
}
