// Draws the context strip: up to four veiled neighbours each way in the folder, and where, with what and when it was made.
// In a first batch each neighbour leads to the side trip of the folder; a second view leads nowhere else.
import { el, isolated } from "./dom.js";
import { cap } from "./keys.js";
import { blank, NONE } from "./tile.js";
import { parts, picture } from "./veils.js";
import { gettext } from "./words.js";

const EACH = 4; // neighbours a side; cases/strip.py

function veil(bytes) {
  const address = picture(bytes);
  if (!address) return null;
  const image = el("img", { alt: "" });
  image.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
  image.src = address;
  return image;
}

function neighbour({ name, bytes, step }, open) {
  const image = veil(bytes);
  const title = image ? `${step}: ${name}` : `${step}: ${name}, ${NONE}`;
  const cell = open ? el("button", { class: "member", type: "button", title, "aria-label": title, onclick: open }, image ?? blank()) : el("span", { class: "member", title }, image ?? blank(), el("span", { class: "sr" }, title));
  return el("li", {}, cell);
}

const gap = () => el("li", { "aria-hidden": "true" }, el("span", { class: "member more" }));

/** Two rows of five: those before and the item itself, then those behind and the way to all of them. */
function cells(told, veils, review, open) {
  const all = told.names.map((name, place) => {
    const away = place < told.before ? place - told.before : place - told.before + 1;
    return neighbour({ name, bytes: veils[place], step: away < 0 ? gettext("%(n)s before", { n: -away }) : gettext("%(n)s behind", { n: away }) }, open);
  });
  const [before, behind] = [all.slice(0, told.before), all.slice(told.before)];
  const own = review.field.current?.veil;
  const here = el("li", {}, el("span", { class: "member here" }, own ? el("img", { src: own, alt: "" }) : blank(), el("span", { class: "sr" }, gettext("This item"))));
  const allOf = el("li", {}, open ? el("button", { class: "member more", type: "button", title: gettext("Same folder"), onclick: open }, cap("folder")) : el("span", { class: "member more", "aria-hidden": "true" }));
  const gaps = (row) => Array.from({ length: EACH - row.length }, gap);
  return el("ol", { class: "members" }, ...gaps(before), ...before, here, ...behind, ...gaps(behind), allOf);
}

function fact([name, value], map) {
  const link = map && el("a", { href: map, target: "_blank", rel: "noopener" }, gettext("map"));
  const shown = value ? [isolated(value), link && " · ", link] : [el("span", { class: "t3" }, gettext("not recorded"))];
  return [el("dt", {}, name), el("dd", { title: value }, ...shown.filter(Boolean))];
}

/** The nodes of the strip; `answer`: the bytes of cases/api/strip.py. */
export function drawn(answer, review) {
  const [head, ...veils] = parts(answer);
  const told = JSON.parse(new TextDecoder().decode(head));
  const open = review.isSecond ? null : () => review.beside.open("folder");
  const last = told.facts.length - 1; // the place
  return [
    el("h2", {}, gettext("Beside it in its folder")),
    cells(told, veils, review, open),
    el("dl", { class: "kv" }, ...told.facts.flatMap((one, place) => fact(one, place === last ? told.map : ""))),
  ];
}
