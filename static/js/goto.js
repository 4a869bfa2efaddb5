// The field of the top bar: what a text may mean is listed below it while one types. Arrows choose, Enter goes there or,
// with nothing chosen, to the page of all that was found; Esc closes the list.
import { getJson } from "./api.js";
import { announce, el, isolated } from "./dom.js";
import { gettext, ngettext } from "./words.js";

const PAUSE = 180; // milliseconds without a key before the server is asked
const FEWEST = 2; // characters

export function attachGoto(input) {
  const list = document.getElementById(input.getAttribute("aria-controls"));
  let [timer, abort, chosen] = [null, null, -1];
  const options = () => [...list.querySelectorAll("[role=option]")];

  function choose(place) {
    const all = options();
    chosen = all.length ? (place + all.length) % all.length : -1;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", all[chosen]?.id ?? "");
    all[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function close() {
    window.clearTimeout(timer);
    abort?.abort();
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function show(found) {
    const rows = found.map(({ kind, name, about, url }, place) =>
      el("a", { id: `goto-${place}`, role: "option", href: url, tabindex: "-1", "aria-selected": "false" },
        el("span", { class: "f1 t3" }, kind), isolated(name, "ell grow"), isolated(about, "f1 t3 ell")));
    list.replaceChildren(...(rows.length ? rows : [el("p", { class: "t2 f1" }, gettext("Nothing found in your cases."))]));
    chosen = -1;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    announce(ngettext("%(n)s result.", "%(n)s results.", found.length));
  }

  async function ask(text) {
    abort?.abort();
    abort = new AbortController();
    try {
      show((await getJson(`${input.dataset.goto}?q=${encodeURIComponent(text)}`, abort.signal)).found);
    } catch (error) {
      if (error.name !== "AbortError") close(); // Enter still opens the page, which says what is wrong
    }
  }

  function typed() {
    window.clearTimeout(timer);
    const text = input.value.trim();
    if (text.length < FEWEST) close();
    else timer = window.setTimeout(() => ask(text), PAUSE);
  }

  input.addEventListener("input", typed);
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Enter" && chosen >= 0) options()[chosen].click();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("blur", () => window.setTimeout(() => { if (!list.contains(document.activeElement)) close(); }, 150));
  if (document.activeElement === input) typed(); // what was typed while this was on its way
}
