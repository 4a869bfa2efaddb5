// What stands on keys: the letter of this keyboard where the browser tells it, else what the key's place is named after.

const SIGNS = {
  BracketLeft: "[", BracketRight: "]", Backquote: "`", Slash: "/", Backslash: "\\", IntlBackslash: "<", Minus: "-", Equal: "=",
  Semicolon: ";", Quote: "'", Comma: ",", Period: ".", Escape: "Esc", Delete: "Del", Insert: "Ins",
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", NumpadAdd: "Num +", NumpadSubtract: "Num -",
  NumpadMultiply: "Num *", NumpadDivide: "Num /", NumpadDecimal: "Num .",
};
export const SHIFT = "Shift+"; // as workbench/keyboard.py has it

let layout = null; // of this keyboard, where the browser tells

const named = (code) => SIGNS[code] ?? code.replace(/^(Digit|Key)/, "").replace(/^Numpad/, "Num ");

/** "KeyX" -> "X", "Shift+KeyZ" -> "⇧ Z"; what Shift and the slash type is a question mark on most keyboards. */
export function legendOf(key) {
  const code = key.replace(SHIFT, "");
  const cap = (layout?.get(code) ?? named(code)).toUpperCase();
  const shown = cap.length > 1 ? named(code) : cap;
  if (!key.startsWith(SHIFT)) return shown;
  return shown === "/" ? "?" : `⇧ ${shown}`;
}

/** Resolves once the browser has told what this keyboard types; false where it does not tell. */
export async function learnLayout() {
  try {
    layout = await navigator.keyboard.getLayoutMap();
  } catch {
    return false; // only some browsers, and only over a safe connection
  }
  return true;
}
