// Follows work that runs: takes what the server streams, or asks a JSON address every 2 s, and writes the fields into
// elements named data-field.
import { getJson } from "./api.js";
import { announce } from "./dom.js";
import { number } from "./words.js";

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

/** Takes states as they come, and answers whether there will be more. */
function taker(node) {
  let said = null;
  const note = node.querySelector("[data-progress-lost]");
  const lost = (isLost) => {
    if (note) note.hidden = !isLost;
  };
  function take(state) {
    lost(false);
    show(state.fields ?? {});
    if (said !== null && state.say && state.say !== said) announce(state.say); // what was so on opening is no news
    said = state.say ?? "";
    if (state.done && state.reload && !document.activeElement.closest("form")) location.reload();
    return !state.done;
  }
  return { take, lost };
}

/** Asks `url` until the server says it is done; a hidden page does not ask. */
function poll(url, { take, lost }) {
  const again = (delay) => window.setTimeout(turn, delay);
  async function turn() {
    if (document.hidden) return again(EVERY);
    let state;
    try {
      state = await getJson(url);
    } catch {
      lost(true);
      return again(EVERY * 3);
    }
    return take(state) ? again(EVERY) : undefined;
  }
  again(EVERY);
}

/** Listens to `url`, and asks it again whenever it ends; `refused` is called when the server gives no stream. */
function listen(url, { take, lost }, refused) {
  let source = null;
  let over = false;
  const end = () => source?.close();
  function start() {
    source = new EventSource(url);
    source.onmessage = (event) => {
      if (take(JSON.parse(event.data))) return;
      over = true;
      end();
    };
    source.onopen = () => lost(false);
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return; // it ended, as it does, and is asked for again
      over = true;
      refused();
    };
  }
  document.addEventListener("visibilitychange", () => {
    if (over) return;
    end();
    if (!document.hidden) start(); // a hidden page leaves its place to others
  });
  window.addEventListener("pagehide", end);
  start();
}

/** Follows `node.dataset.progressStream`, where there is one and the server has a place, else `progressUrl`. */
export function follow(node) {
  const { progressStream, progressUrl } = node.dataset;
  const taking = taker(node);
  const ask = () => poll(progressUrl, taking);
  if (progressStream) listen(progressStream, taking, ask);
  else ask();
}
