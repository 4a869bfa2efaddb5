// Keys: which of them means what. The one table is the server's (workbench/keyboard.py); the page carries it with its
// person's changes. Keys are read from event.code, so that layouts do not matter; they are alive only while the focus is
// inside an element marked data-keys, never in a field, never with Ctrl, Alt or Meta.
import { el } from "./dom.js";
import { legendOf, SHIFT } from "./legends.js";

const told = JSON.parse(document.querySelector('meta[name="keys"]')?.content || '{"single": true, "lines": []}');

/** Lines as {id, does, group, text, keys, hold, fixed, on, under, legend, category}; `does` is what handlers are called. */
export const LINES = told.lines.map((line) => ({ does: line.id, ...line }));

// A key that is kept down moves on and on, but decides only once.
const REPEATS = new Set(["left", "right", "up", "down", "page-up", "page-down", "smaller", "larger"]);

/** Keys that type a character, which people may switch off (WCAG 2.1.4); all but the way to the sheet and the panic key (cover.js). */
const TYPES = /^(Shift\+)?(Key|Digit|Numpad(?!Enter)|Minus|Equal|Bracket|Semicolon|Quote|Backslash|Intl|Comma|Period|Slash)/;
const STAYS = new Set(["help", "panic"]);

export const singleKeysOff = () => !told.single;
export const setSingleKeys = (on) => { told.single = on; };

const inField = (node) => node instanceof Element && node.closest("input, textarea, select, [contenteditable]") !== null;

const plain = (event) => !(event.ctrlKey || event.altKey || event.metaKey || event.isComposing || inField(event.target));

/** A category's key with Shift decides the whole stack. */
const withShift = (line) => ({ ...line, does: "decide-stack" });

function lookUp(code, shift, table) {
  const exact = table.find((line) => line.keys.includes(shift ? SHIFT + code : code));
  if (exact || !shift) return exact;
  const found = table.find((line) => line.keys.includes(code));
  return found?.category ? withShift(found) : found;
}

/** The line of the table this key press means, or undefined. */
export function meaning(event, table = LINES) {
  if (!plain(event)) return undefined;
  const found = lookUp(event.code, event.shiftKey, table);
  return found && singleKeysOff() && TYPES.test(event.code) && !STAYS.has(found.id) ? undefined : found;
}

/** A letter or digit that means nothing here; somebody may have expected otherwise. */
const isIdle = (event) => plain(event) && !singleKeysOff() && !event.repeat && /^(Key|Digit|Numpad\d)/.test(event.code);

/** Letters that a scheme gives its categories come before a person's own keys. */
export const letterLines = (categories) =>
  categories.map(({ key }) => key.toUpperCase()).filter((key) => /^[A-Z]$/.test(key))
    .map((key) => ({ id: `category-${key}`, does: "decide", keys: [`Key${key}`], category: key }));

/**
 * Calls `handlers[does](event, line)` for keys pressed inside `root`; for keys that are held, `handlers[does]` on the way
 * down and `handlers[does + "-end"]` on the way up, wherever the focus is by then; `handlers.idle` for a letter or digit
 * that means nothing. `first`: lines that come before the table.
 */
export function listen(root, handlers, first = []) {
  const table = [...first, ...LINES];
  const held = new Map();
  root.addEventListener("keydown", (event) => {
    const line = meaning(event, table);
    if (!line && isIdle(event)) handlers.idle?.(event);
    if (!line || !handlers[line.does]) return;
    event.preventDefault();
    if (event.repeat && !REPEATS.has(line.does)) return;
    if (line.hold) held.set(event.code, line.does);
    handlers[line.does](event, line);
  });
  const release = (code) => {
    const does = held.get(code);
    held.delete(code);
    if (does) handlers[`${does}-end`]?.();
  };
  window.addEventListener("keyup", (event) => release(event.code), true);
  const releaseAll = () => [...held.keys()].forEach(release);
  window.addEventListener("blur", releaseAll);
  document.addEventListener("visibilitychange", releaseAll);
}

/** Keys of the categories that decide on this page, for the sheet. */
export const deciding = [];
export const decideWith = (categories) => { deciding.splice(0, Infinity, ...categories.map(({ key }) => key.toUpperCase())); };

/** Opens the sheet of keys; nothing happens where it does not come. */
export const showKeys = () => import("./keysheet.js").then(({ open }) => open(), () => {});

const lineOf = (id) => LINES.find((line) => line.id === id);

/** What stands on the cap of the key that a command has, as the person has it; `category-A` is a scheme's letter. */
export const capOf = (id) => legendOf(lineOf(id)?.keys[0] ?? `Key${id.replace("category-", "")}`);

/** A cap that follows the person's keys and what his keyboard types. */
export const cap = (id, properties = {}) => el("kbd", { "data-command": id, ...properties }, capOf(id));

/** Writes on the caps of the page what they are now. */
export const paintCaps = () => document.querySelectorAll("kbd[data-command]").forEach((node) => { node.textContent = capOf(node.dataset.command); });
