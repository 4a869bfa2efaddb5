// The one table of keys. Read from event.code, so that keyboard layouts do not matter; alive only while the focus
// is inside an element marked data-keys, never in a field, never with Ctrl, Alt or Meta.
import { el } from "./dom.js";

const digits = [...Array(10).keys()].flatMap((digit) => [`Digit${digit}`, `Numpad${digit}`]);

// id, group, codes, what the sheet shows, what it does. `shift`: needed (true), refused (false), either (undefined).
// `hold`: acts until the key goes up. `single`: a printable key, which people may switch off (WCAG 2.1.4); all but the
// way to the sheet and the panic key (cover.js). `on`: where else than in review it works, "looks" (pages with a picture)
// or "pages" (everywhere).
export const KEYS = [
  { id: "decide", group: "Decide", codes: digits, shift: false, show: ["0 … 9"], text: "category, item and exact copies", single: true },
  { id: "decide-stack", group: "Decide", codes: digits, shift: true, show: ["⇧ 0 … 9"], text: "category, whole stack", single: true },
  { id: "unsure", group: "Decide", codes: ["KeyX"], show: ["X"], text: "unsure, asks a second view", single: true },
  { id: "skip", group: "Decide", codes: ["KeyS"], shift: false, show: ["S"], text: "skip, comes back last", single: true },
  { id: "flag", group: "Decide", codes: ["KeyF"], show: ["F"], text: "flag, or take the flag away", single: true },
  { id: "clear", group: "Decide", codes: ["Backspace"], show: ["Backspace"], text: "clear the decision" },
  { id: "undo", group: "Decide", codes: ["KeyZ"], shift: false, show: ["Z"], text: "undo, any number of steps", single: true },
  { id: "redo", group: "Decide", codes: ["KeyZ"], shift: true, show: ["⇧ Z"], text: "redo", single: true },
  { id: "split", group: "Decide", codes: ["KeyS"], shift: true, show: ["⇧ S"], text: "in a stack: move out", single: true },
  { id: "unveil", group: "Look", codes: ["Space"], show: ["Space"], text: "hold to unveil, one after the other", hold: true, on: "looks" },
  { id: "enlarge", group: "Look", codes: ["KeyE"], show: ["E"], text: "enlarge while held, in the viewer, counted", hold: true, single: true },
  { id: "blur", group: "Look", codes: ["KeyB"], show: ["B"], text: "blur of the item in focus", single: true },
  { id: "grey", group: "Look", codes: ["KeyG"], show: ["G"], text: "grey when unveiled", single: true },
  { id: "view", group: "Look", codes: ["KeyV"], show: ["V"], text: "a film: storyboard, clip, sound", single: true },
  { id: "play", group: "Look", codes: ["KeyP"], show: ["P"], text: "hold to play a film, muted", hold: true, single: true },
  { id: "mark", group: "Decide", codes: ["KeyI"], shift: false, show: ["I"], text: "mark a moment of a film; again: up to here", single: true },
  { id: "unmark", group: "Decide", codes: ["KeyI"], shift: true, show: ["⇧ I"], text: "take the mark away", single: true },
  { id: "panic", group: "Look", codes: ["Backquote"], show: ["`"], text: "cover the window at once, in fields too", on: "looks" },
  { id: "smaller", group: "Look", codes: ["BracketLeft"], show: ["["], text: "smaller tiles; a film slower", single: true },
  { id: "larger", group: "Look", codes: ["BracketRight"], show: ["]"], text: "larger tiles; a film faster", single: true },
  { id: "similar", group: "Look", codes: ["KeyR"], show: ["R"], text: "what resembles it, beside the queue", single: true },
  { id: "folder", group: "Look", codes: ["KeyD"], show: ["D"], text: "same folder", single: true },
  { id: "camera", group: "Look", codes: ["KeyM"], show: ["M"], text: "same camera", single: true },
  { id: "day", group: "Look", codes: ["KeyY"], show: ["Y"], text: "same day", single: true },
  { id: "left", group: "Move", codes: ["ArrowLeft"], show: ["← ↑ → ↓"], text: "next item (also H J K L)" },
  { id: "left", codes: ["KeyH"], single: true },
  { id: "right", codes: ["ArrowRight"] },
  { id: "right", codes: ["KeyL"], single: true },
  { id: "up", codes: ["ArrowUp"] },
  { id: "up", codes: ["KeyK"], single: true },
  { id: "down", codes: ["ArrowDown"] },
  { id: "down", codes: ["KeyJ"], single: true },
  { id: "range", group: "Move", codes: [], show: ["⇧ arrows"], text: "select a range" },
  { id: "first", group: "Move", codes: ["Home"], show: ["Home", "End"], text: "first, last" },
  { id: "last", codes: ["End"] },
  { id: "page-up", group: "Move", codes: ["PageUp"], show: ["PgUp", "PgDn"], text: "a screen up, down" },
  { id: "page-down", codes: ["PageDown"] },
  { id: "open", group: "Move", codes: ["Enter", "NumpadEnter"], show: ["Enter"], text: "open in the viewer" },
  { id: "stack", group: "Move", codes: ["KeyT"], shift: false, show: ["T"], text: "into the stack, or out of it", single: true },
  { id: "back", group: "Move", codes: ["Escape"], show: ["Esc"], text: "back, or drop the selection" },
  { id: "tab", group: "Move", codes: [], show: ["Tab"], text: "next region" },
  { id: "goto", group: "Move", codes: ["Slash"], shift: false, show: ["/"], text: "go to anything", single: true, on: "pages" },
  { id: "help", group: "Move", codes: ["Slash"], shift: true, show: ["?"], text: "this sheet", on: "pages" },
];

// A key that is kept down moves on and on, but decides only once.
const REPEATS = new Set(["left", "right", "up", "down", "page-up", "page-down", "smaller", "larger"]);

const OFF = "winnow.single-keys";
export const singleKeysOff = () => localStorage.getItem(OFF) === "off";

const inField = (node) => node instanceof Element && node.closest("input, textarea, select, [contenteditable]") !== null;

const plain = (event) => !(event.ctrlKey || event.altKey || event.metaKey || event.isComposing || inField(event.target));

/** The line of the table this key press means, or undefined. */
export function meaning(event, table = KEYS) {
  if (!plain(event)) return undefined;
  const found = table.find(
    (line) => line.codes.includes(event.code) && (line.shift === undefined || line.shift === event.shiftKey),
  );
  return found && found.single && singleKeysOff() ? undefined : found;
}

/** A letter or digit that means nothing here; somebody may have expected otherwise. */
const isIdle = (event) => plain(event) && !singleKeysOff() && !event.repeat && /^(Key|Digit|Numpad\d)/.test(event.code);

/** The category key a digit (or a scheme's letter) stands for: "Digit5" and "Numpad5" are "5", "KeyA" is "A". */
export const categoryKey = (code) => code.replace(/^(Digit|Numpad|Key)/, "");

/**
 * Calls `handlers[id](event)` for keys pressed inside `root`; for keys that are held, `handlers[id]` on the way down
 * and `handlers[id + "-end"]` on the way up, wherever the focus is by then; `handlers.idle` for a letter or digit that
 * means nothing. `letters`: further category keys (A-Z).
 */
export function listen(root, handlers, letters = []) {
  const own = letters.map((letter) => `Key${letter}`);
  const table = [{ id: "decide", codes: own, shift: false, single: true }, { id: "decide-stack", codes: own, shift: true, single: true }, ...KEYS];
  const held = new Map();
  root.addEventListener("keydown", (event) => {
    const line = meaning(event, table);
    if (!line && isIdle(event)) handlers.idle?.(event);
    if (!line || !handlers[line.id]) return;
    event.preventDefault();
    if (event.repeat && !REPEATS.has(line.id)) return;
    if (line.hold) held.set(event.code, line.id);
    handlers[line.id](event);
  });
  const release = (code) => {
    const id = held.get(code);
    held.delete(code);
    if (id) handlers[`${id}-end`]?.();
  };
  window.addEventListener("keyup", (event) => release(event.code), true);
  const releaseAll = () => [...held.keys()].forEach(release);
  window.addEventListener("blur", releaseAll);
  document.addEventListener("visibilitychange", releaseAll);
}

let categoryKeys = []; // of the scheme under review

/** The sheet then names the keys that decide here. */
export const decideWith = (categories) => { categoryKeys = categories.map(({ key }) => key); };

/** The lines that do something on this page. */
function linesHere() {
  if (document.querySelector("[data-review]")) return KEYS;
  const on = document.querySelector("[data-keys]") ? ["looks", "pages"] : ["pages"];
  return KEYS.filter((line) => on.includes(line.on));
}

function shownKeys({ id, show }) {
  if (id === "decide") return [categoryKeys.join(" ")];
  return id === "decide-stack" ? [`⇧ ${categoryKeys.join(" ")}`] : show;
}

function group(name, lines) {
  const own = lines.filter((line) => line.group === name);
  if (!own.length) return null;
  return el("div", {}, el("h3", {}, name),
    ...own.map((line) => el("p", {}, ...shownKeys(line).map((key) => el("kbd", {}, key)), el("span", {}, line.text))));
}

function singleKeySwitch() {
  const box = el("input", { type: "checkbox", id: "single-keys", onchange: (event) => localStorage.setItem(OFF, event.target.checked ? "on" : "off") });
  box.checked = !singleKeysOff();
  return el("p", { class: "mt3" }, el("label", { class: "check", for: "single-keys" }, box, el("span", {}, "Single keys are on", el("small", {}, "Off: only arrows, Enter, Esc, Space, Tab, ? and ` work."))));
}

function build() {
  const close = el("button", { class: "btn sm", type: "button", onclick: () => sheet.close() }, "Close ", el("kbd", {}, "Esc"));
  const where = document.querySelector("[data-review]") ? "active in the review grid and viewer" : "on this page";
  const sheet = el("dialog", { id: "key-sheet", "aria-labelledby": "key-sheet-title" },
    el("div", { class: "hd" }, el("h2", { id: "key-sheet-title" }, "Keyboard"), el("span", { class: "f1 t3" }, where), close),
    el("div", { class: "bd" }, el("div", { class: "keytable" }, ...["Decide", "Look", "Move"].map((name) => group(name, linesHere()))), singleKeySwitch()));
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  return sheet;
}

/** Opens the sheet of the keys that do something on this page, made from the table above. */
export function showKeys() {
  const before = document.getElementById("key-sheet"); // a closed one is still there for a moment
  if (before?.open) return;
  before?.remove();
  build().showModal();
}
