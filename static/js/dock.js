// The decision bar, made from the scheme of the batch: one button per category with its key, then the other outcomes.
import { el, glyph, plural } from "./dom.js";
import { cap } from "./keys.js";

const OTHERS = [["unsure", "Unsure"], ["skip", "Skip"], ["flag", "Flag"], ["undo", "Undo"]];

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

/** What the next key reaches, and what it reaches with Shift: two texts, the second null where it is the same. */
export function scopeOf(units) {
  const [copies, near, left] = ["copies", "near", "left"].map((field) => sum(units, field));
  const what = units.length === 1 && units[0].kind === "video" ? "clip" : "item";
  const first = `${plural(units.length, what)}${copies ? ` + ${plural(copies, "exact copy", "exact copies")}` : ""}`;
  const open = Math.max(near, left);
  return [first, near > units.length ? `whole ${units.length > 1 ? "stacks" : "stack"}: ${near === open ? near : `${near} of ${open}`}` : null];
}
