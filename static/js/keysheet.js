// The sheet of keys, loaded when somebody asks for it: what does something on this page, as the person has it, and the switch for single keys.
import { postForm } from "./api.js";
import { el } from "./dom.js";
import { capOf, deciding, LINES, setSingleKeys, singleKeysOff } from "./keys.js";
import { legendOf } from "./legends.js";
import { gettext } from "./words.js";

const NAMES = { decide: gettext("Decide"), look: gettext("Look"), move: gettext("Move") };

const atDesk = () => document.querySelector("[data-review]") !== null;

/** The lines that do something on this page. */
function linesHere() {
  const shown = LINES.filter((line) => line.text && !line.under);
  if (atDesk()) return shown;
  const on = document.querySelector("[data-keys]") ? ["looks", "pages"] : ["pages"];
  return shown.filter((line) => on.includes(line.on));
}

const ofCategories = () => deciding.map((key) => capOf(`category-${key}`)).join(" ");

function capsOf(line) {
  if (line.id === "decide") return [ofCategories()];
  if (line.id === "decide-stack") return [`⇧ ${ofCategories()}`];
  const own = line.legend ?? line.keys.slice(0, 1).map(legendOf);
  const under = LINES.filter((other) => other.under === line.id).map((other) => capOf(other.id));
  return [...own, ...(under.length ? [under.join(" ")] : [])];
}

function group(name) {
  const lines = linesHere().filter((line) => line.group === name);
  if (!lines.length) return null;
  return el("div", {}, el("h3", {}, NAMES[name]),
    ...lines.map((line) => el("p", {}, ...capsOf(line).map((text) => el("kbd", {}, text)), el("span", {}, line.text))));
}

/** Kept with the person at the server; it counts on this page at once, whatever the way there. */
async function switched({ target }) {
  setSingleKeys(target.checked);
  const said = document.getElementById("single-keys-said");
  try {
    await postForm("/account/keys/single/", new URLSearchParams({ on: target.checked ? "1" : "0" }));
    said.textContent = "";
  } catch (error) {
    said.textContent = gettext("On this page only: %(why)s", { why: error.message });
  }
}

function singleKeySwitch() {
  const box = el("input", { type: "checkbox", id: "single-keys", onchange: switched });
  box.checked = !singleKeysOff();
  const offered = document.querySelector("[data-own-keys]")?.dataset.ownKeys;
  return el("div", { class: "mt3" },
    el("label", { class: "check", for: "single-keys" }, box, el("span", {}, gettext("Single keys are on"), el("small", {}, gettext("Off: what types a character does nothing, but %(help)s and ` work.", { help: capOf("help") })))),
    el("p", { class: "warn-t f1", id: "single-keys-said", role: "status" }),
    offered ? el("p", { class: "f1 mt2" }, el("a", { href: offered }, gettext("Change keys"))) : null);
}

function build() {
  const close = el("button", { class: "btn sm", type: "button", onclick: () => sheet.close() }, gettext("Close"), " ", el("kbd", {}, "Esc"));
  const where = atDesk() ? gettext("active in the review grid and viewer") : gettext("on this page");
  const sheet = el("dialog", { id: "key-sheet", "aria-labelledby": "key-sheet-title" },
    el("div", { class: "hd" }, el("h2", { id: "key-sheet-title" }, gettext("Keyboard")), el("span", { class: "f1 t3" }, where), close),
    el("div", { class: "bd" }, el("div", { class: "keytable" }, ...Object.keys(NAMES).map(group).filter(Boolean)), singleKeySwitch()));
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  return sheet;
}

/** Opens the sheet of the keys that do something on this page. */
export function open() {
  const before = document.getElementById("key-sheet"); // a closed one is still there for a moment
  if (before?.open) return;
  before?.remove();
  build().showModal();
}
