// What every page has: theme, keys, menus, the field that goes anywhere. What only some ask for is in panels.js.
import "./trusted.js";
import { attachCare } from "./care.js";
import { guardWindow } from "./cover.js";
import { meaning, paintCaps, showKeys } from "./keys.js";
import { learnLayout } from "./legends.js";
import { switchTheme } from "./theme.js";

if (document.querySelector("[data-keys]")) guardWindow(); // pages that show pictures
document.querySelectorAll("[data-care]").forEach(attachCare); // pages whose time on screen counts
document.querySelector("[data-theme-switch]")?.addEventListener("click", switchTheme);
document.querySelector("[data-keys-open]")?.addEventListener("click", showKeys);
for (const field of document.querySelectorAll("[data-goto]")) {
  // What lists the results comes with the first focus; without it, Enter still opens the page of all that was found.
  field.addEventListener("focus", () => import("./goto.js").then(({ attachGoto }) => attachGoto(field)).catch(() => {}), { once: true });
}
paintCaps(); // hints of the page, as its person has the keys
learnLayout().then((told) => { if (told) paintCaps(); });

// "/" and "?" work where nothing else takes keys; Enter follows the page's one main action.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const wanted = meaning(event)?.does;
  const resting = event.target === document.body || event.target.id === "main";
  if (wanted === "help" && !event.repeat) showKeys();
  else if (wanted === "goto") document.querySelector("[data-goto]")?.focus();
  else if (wanted === "open" && resting) document.querySelector("[data-enter]")?.click();
  else return;
  event.preventDefault();
});

// A menu closes on Esc and when the focus or a click goes elsewhere.
for (const menu of document.querySelectorAll("details.menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

// "Show more" adds a page below; the address follows, so that coming back leads to where one was.
document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (target.matches("[data-more]")) history.replaceState(null, "", target.getAttribute("href"));
});

// Arrows go through the rows of a list by their first links; Enter then opens one as any link.
for (const list of document.querySelectorAll("[data-rows]")) {
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const inside = list.contains(event.target);
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!inside && event.target !== document.body && event.target.id !== "main") return;
    const links = [...list.querySelectorAll("tr")].map((row) => row.querySelector("a")).filter(Boolean);
    const now = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    links[Math.min(Math.max(now + step, 0), links.length - 1)]?.focus();
    event.preventDefault();
  });
}

// Check boxes of a list: one box for all, and buttons that need at least one.
for (const form of document.querySelectorAll("form[data-pick]")) {
  const boxes = () => [...form.querySelectorAll("input[data-one]")];
  const refresh = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    form.querySelectorAll("[data-needs-one]").forEach((button) => { button.disabled = chosen === 0; });
    form.querySelectorAll("[data-chosen]").forEach((place) => { place.textContent = String(chosen); });
  };
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) boxes().forEach((box) => { box.checked = event.target.checked; });
    refresh();
  });
  refresh();
}
