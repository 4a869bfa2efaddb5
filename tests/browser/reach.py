"""Whether a page reaches everybody: what is cut off, what lies outside the window, what did not go through gettext."""

from playwright.sync_api import Page

# Controls and texts whose content is wider than they are, or that end outside of what can be scrolled to; names of the
# evidence may end in "…" (class ell, bdi), and what scrolls by itself is no fault.
CLIPPED = """() => {
  const told = [];
  const room = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - room;
  if (over > 1) told.push(`the page is ${over} px wider than the window`);
  const scrolls = (node) => { for (let one = node.parentElement; one; one = one.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(one).overflowX)) return true; } return false; };
  const named = (node) => `${node.tagName.toLowerCase()}.${node.className.baseVal ?? node.className}`.slice(0, 60) + ` “${(node.innerText ?? "").trim().replace(/\\s+/g, " ").slice(0, 60)}”`;
  for (const node of document.querySelectorAll("button, a, label, summary, th, td, h1, h2, h3, .pill, .chip, .btn, .tag, dt, legend, small, .sub")) {
    if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || node.closest(".sr, .skip, .ell, bdi, .tile, [hidden]") || node.querySelector(".ell")) continue;
    const box = node.getBoundingClientRect();
    if (box.width < 2) continue;
    const style = getComputedStyle(node);
    if (style.display !== "inline" && node.scrollWidth - node.clientWidth > 2 && style.overflowX !== "auto") told.push(`${named(node)} is ${node.scrollWidth - node.clientWidth} px too narrow`);
    if ((box.left < -2 || box.right > room + 2) && !scrolls(node)) told.push(`${named(node)} lies outside the window`);
  }
  return told;
}"""
# Text in plain letters: data is marked as such (bdi, kbd, code, hashes), the rest did not go through gettext.
PLAIN = """(known) => {
  const told = new Set();
  const words = new RegExp("[A-Za-z]{3,}");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (parent.closest("script, style, bdi, kbd, code, pre, time, .hash, .mono, .name, .cat, [data-data], textarea, datalist")) continue;
    const text = node.textContent.trim();
    if (words.test(text.replace(new RegExp(known, "g"), ""))) told.add(text.slice(0, 90));
  }
  for (const node of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    if (node.closest("bdi, .mono, .hash, .cat, [data-data]")) continue;
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      const text = node.getAttribute(name) ?? "";
      if (words.test(text.replace(new RegExp(known, "g"), ""))) told.add(`${name}=${text.slice(0, 90)}`);
    }
  }
  return [...told];
}"""
# Names of the scene, units and names of formats: the same in every language.
KNOWN = "|".join(["Winnow"])


def clipped(page: Page, what: str) -> list[str]:
    """What is cut off or cannot be reached at the window's present width."""
    return [f"{what}: {line}" for line in page.evaluate(CLIPPED)]


def plain(page: Page, what: str) -> list[str]:
    """What is shown in English on a page of the pseudo-locale."""
    return [f"{what}: {line}" for line in page.evaluate(PLAIN, KNOWN)]
