// The decision bar, made from the scheme of the batch: one button per category with its key, then the other outcomes.
import { el, glyph } from "./dom.js";
import { cap } from "./keys.js";
import { gettext, ngettext, number } from "./words.js";

const OTHERS = [["unsure", gettext("Unsure")], ["skip", gettext("Skip")], ["flag", gettext("Flag")], ["undo", gettext("Undo")]];

const HIDDEN = { "aria-hidden": "true" };

/** Fills `root`; `press(id, categoryKey)` is what the same key would do; `flags`: whether F is there. Returns a function that says the scope: a text, and a key with its own. */
export function fillDock(root, scheme, press, { flags = true } = {}) {
  const decide = scheme.categories.map((category) =>
    el("button", { class: `dec k${category.colour}`, type: "button", "data-code": category.code, onclick: (event) => press(event.shiftKey ? "decide-stack" : "decide", category.key) },
      cap(`category-${category.key.toUpperCase()}`, HIDDEN), glyph(category.glyph), category.name));
  const others = OTHERS.filter(([id]) => flags || id !== "flag").map(([id, text]) =>
    el("button", { class: "dec alt", type: "button", onclick: () => press(id) }, cap(id, HIDDEN), text));
  const scope = el("p", { class: "scope" });
  root.replaceChildren(...decide, el("span", { class: "vr" }), ...others, scope);
  return (first, key, second) => {
    scope.replaceChildren(el("b", {}, first), ...(key ? [el("br"), el("kbd", {}, key), ` ${second}`] : []));
  };
}

const sum = (units, field) => units.reduce((total, unit) => total + unit[field], 0);

/** `what`, and how many exact copies come with it. */
export const withCopies = (what, copies) =>
  (copies ? `${what} + ${ngettext("%(n)s exact copy", "%(n)s exact copies", copies)}` : what);

/** What the next key reaches, and what it reaches with Shift: two texts, the second null where it is the same. */
export function scopeOf(units) {
  const [copies, near, left] = ["copies", "near", "left"].map((field) => sum(units, field));
  const isClip = units.length === 1 && units[0].kind === "video";
  const first = withCopies(isClip ? gettext("1 clip") : ngettext("%(n)s item", "%(n)s items", units.length), copies);
  const open = Math.max(near, left);
  const reached = near === open ? number(near) : gettext("%(near)s of %(open)s", { near, open });
  return [first, near > units.length ? ngettext("whole stack: %(reached)s", "whole stacks: %(reached)s", units.length, { reached }) : null];
}
