// The panic key: one press covers the whole window, names and all, until the next key (ux.md section 2). It works wherever
// the focus is, in fields too, and cannot be switched off. Whatever shows or plays a picture listens for PANIC.
import { el } from "./dom.js";
import { gettext } from "./words.js";

const CODE = "Backquote";
export const PANIC = "winnow:panic";

const cover = el("dialog", { class: "cover", "aria-labelledby": "cover-title" },
  el("h2", { id: "cover-title" }, gettext("Everything is covered")),
  el("p", {}, gettext("Press any key to go on.")),
  el("button", { class: "btn sm quiet", type: "button", onclick: () => cover.close() }, gettext("Go on")));

export function coverWindow() {
  if (cover.open) return;
  document.dispatchEvent(new Event(PANIC));
  document.body.append(cover);
  cover.showModal(); // above every other dialog; closing gives the focus back to where it was
}

const withModifier = (event) => event.ctrlKey || event.altKey || event.metaKey || ["Shift", "Control", "Alt", "Meta"].includes(event.key);

function pressed(event) {
  if (withModifier(event) || !(cover.open || event.code === CODE)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.repeat) return;
  if (cover.open) cover.close();
  else coverWindow();
}

/** Listens before anything else on the page does. */
export const guardWindow = () => document.addEventListener("keydown", pressed, true);
