// One tile of the grid: a veil, its tags, and once decided its verdict. Built once, then only repainted.
import { canUnveil, isHandled } from "./batch.js";
import { clock, el, glyph, icon, plural } from "./dom.js";

const tag = (corner, ...content) => el("span", { class: `tag ${corner}` }, ...content);

const OUTCOMES = { unsure: ["circle-help", "Unsure"], skipped: ["skip-forward", "Skipped"] };

function verdict(unit, category) {
  if (category) return el("span", { class: "verdict" }, glyph(category.glyph), `${category.code} ${category.name}`);
  if (!unit.outcome) return null;
  const [name, text] = OUTCOMES[unit.outcome] ?? ["circle-help", unit.outcome];
  return el("span", { class: "verdict" }, icon(name), text);
}

function tags(unit, seen) {
  const made = [];
  if (unit.flagged) made.push(tag("tl", icon("flag"), "flag"));
  else if (unit.copies > 0) made.push(tag("tl", plural(unit.copies, "copy", "copies")));
  else if (unit.tags.length) made.push(tag("tl", `≈ ${unit.tags[0].replace(/^near /, "")}`));
  if (unit.items > 1) made.push(tag("tr", icon("layers"), String(unit.items)));
  if (unit.kind === "video") made.push(tag("br", icon("film"), unit.duration_ms ? clock(unit.duration_ms) : "video"));
  if (seen > 0) made.push(tag("bl", icon("eye"), `${(seen / 1000).toFixed(1)} s`));
  return made;
}

function missing(unit) {
  if (canUnveil(unit)) return null;
  const text = unit.preview === "pending" ? "picture on its way" : "no picture";
  return el("span", { class: "none" }, icon(unit.kind === "audio" ? "volume-x" : "file-x"), text);
}

/** What is said when an item gets the focus. */
export function spokenName(unit, place, total, category) {
  const state = category ? `decided ${category.code} ${category.name}` : unit.outcome ?? "undecided";
  const copies = unit.copies ? `, ${plural(unit.copies, "copy", "copies")}` : "";
  return `Item ${place + 1} of ${total}, ${state}${copies}${unit.flagged ? ", flagged" : ""}`;
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
  put(node, "class", ["tile", handled && "done", category && `k${category.colour}`, handled && !category && "soft", unit.items > 1 && "stackd", here && "here", selected && "sel"].filter(Boolean).join(" "));
  put(node, "data-place", String(place));
  put(node, "aria-selected", String(Boolean(here || selected)));
  put(node, "tabindex", here ? "0" : "-1");
  const veil = unit.veil ?? null;
  if (veil && node.image.src !== veil) node.image.src = veil;
  node.image.hidden = !veil;
  const drawn = [total, unit.code, unit.outcome, unit.flagged, unit.copies, unit.preview, seen].join("|");
  if (node.drawn === drawn) return; // moving the focus redraws no tags
  node.drawn = drawn;
  node.name.textContent = `Item ${place + 1} of ${total}, ${handled ? "handled" : "undecided"}. `;
  node.extra.replaceChildren(...[missing(unit), verdict(unit, category), ...tags(unit, seen)].filter(Boolean));
}
