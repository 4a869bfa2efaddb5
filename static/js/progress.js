// Follows work that runs: asks a JSON address every 2 s and writes its fields into elements named data-field.
import { getJson } from "./api.js";
import { announce, number } from "./dom.js";

const EVERY = 2000; // milliseconds

function write(node, value) {
  if (node instanceof HTMLProgressElement) node.value = value;
  else if (node instanceof SVGElement && node.tagName === "rect") node.setAttribute("width", `${value}%`);
  else {
    const text = typeof value === "number" ? number(value) : value;
    if (node.textContent !== text) node.textContent = text;
  }
}

function show(fields) {
  for (const [name, value] of Object.entries(fields)) {
    document.querySelectorAll(`[data-field="${CSS.escape(name)}"]`).forEach((node) => write(node, value));
  }
}

/** Follows `node.dataset.progressUrl` until the server says it is done; a hidden page does not ask. */
export function follow(node) {
  let said = null;
  const note = node.querySelector("[data-progress-lost]");
  const again = (delay) => window.setTimeout(turn, delay);
  async function turn() {
    if (document.hidden) return again(EVERY);
    let state;
    try {
      state = await getJson(node.dataset.progressUrl);
    } catch {
      if (note) note.hidden = false;
      return again(EVERY * 3);
    }
    if (note) note.hidden = true;
    show(state.fields ?? {});
    if (said !== null && state.say && state.say !== said) announce(state.say); // what was so on opening is no news
    said = state.say ?? "";
    if (!state.done) return again(EVERY);
    if (state.reload && !document.activeElement.closest("form")) location.reload();
    return undefined;
  }
  again(EVERY);
}
