// The decision bar, made from the scheme of the batch: one button per category with its key, then the other outcomes.
import { el, glyph } from "./dom.js";

const OTHERS = [["unsure", "X", "Unsure"], ["skip", "S", "Skip"], ["flag", "F", "Flag"], ["undo", "Z", "Undo"]];

/** Fills `root`; `press(id, categoryKey)` is what the same key would do. Returns a function that says the scope. */
export function fillDock(root, scheme, press) {
  const decide = scheme.categories.map((category) =>
    el("button", { class: `dec k${category.colour}`, type: "button", "data-code": category.code, onclick: (event) => press(event.shiftKey ? "decide-stack" : "decide", category.key) },
      el("kbd", { "aria-hidden": "true" }, category.key), glyph(category.glyph), category.name));
  const others = OTHERS.map(([id, key, text]) =>
    el("button", { class: `dec alt${id === "flag" ? " opt" : ""}`, type: "button", onclick: () => press(id) }, el("kbd", { "aria-hidden": "true" }, key), text));
  const scope = el("p", { class: "scope" });
  root.replaceChildren(...decide, el("span", { class: "vr" }), ...others, scope);
  return (first, second) => {
    scope.replaceChildren(el("b", {}, first), ...(second ? [el("br"), el("kbd", {}, "⇧"), ` ${second}`] : []));
  };
}
