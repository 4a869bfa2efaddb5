"""Whether a page reaches everybody: what is cut off, what lies outside the window, what did not go through gettext."""

import re

from playwright.sync_api import Page

from hashsets import exchange

# Controls and texts whose content is wider than they are, or that end outside of what can be scrolled to. Names of the
# evidence may end in "…" (class ell, cells of class name), and what scrolls by itself is no fault.
CLIPPED = """() => {
  const told = [];
  const room = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - room;
  if (over > 1) told.push(`the page is ${over} px wider than the window`);
  const scrolls = (node) => {
    const up = node.parentElement;
    return up !== null && (/auto|scroll/.test(getComputedStyle(up).overflowX) || scrolls(up));
  };
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !node.closest(".sr, .skip, .ell, .name, bdi, .tile, .slim .nav h2") && !node.querySelector(".ell, .seal");
  const named = (node) => `${node.tagName} ${(node.innerText ?? "").trim().slice(0, 60)}`;
  const looked = "button, a, label, summary, th, td, h1, h2, h3, dt, legend, small, .pill, .chip, .btn, .tag, .sub";
  for (const node of [...document.querySelectorAll(looked)].filter(seen)) {
    const box = node.getBoundingClientRect();
    if (box.width < 2) continue;
    const style = getComputedStyle(node);
    const narrow = style.display === "inline" || style.overflowX === "auto" ? 0 : node.scrollWidth - node.clientWidth;
    if (narrow > 2) told.push(`${named(node)}: ${narrow} px too narrow`);
    if ((box.left < -2 || box.right > room + 2) && !scrolls(node)) told.push(`${named(node)}: outside the window`);
  }
  return told;
}"""
# Text in plain letters: data is marked as such (bdi, kbd, hashes, names), the rest did not go through gettext.
PLAIN = """([known, data]) => {
  const told = new Set();
  const words = /[A-Za-z]{3,}/;
  const rest = new RegExp(known, "g");
  const look = (text, prefix = "") => { if (words.test(text.replace(rest, ""))) told.add(prefix + text.slice(0, 90)); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest(data)) look(node.textContent.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const node of document.querySelectorAll(`[${name}]`)) {
      if (!node.closest(data)) look(node.getAttribute(name), `${name}=`);
    }
  }
  return [...told];
}"""
DATA = (
    "script, noscript, style, bdi, kbd, code, pre, time, textarea, datalist, .hash, .mono, .name, .cat, .crumbs, .who"
)
LOG = f"{DATA}, tbody, dl, option"  # the log's own entries stay as they were written
# The same in every language: names of files, formats, hashes, of the scene, of schemes; what a worker wrote down.
KNOWN = "|".join(
    [
        re.escape(exchange.FORMATS),
        *(re.escape(one.label) for one in exchange.WRITERS.values()),
        r"[\w .-]+\.(jpg|mp4|zip|csv)",
        "Winnow.s own harmless training scheme",
        "SHA-?[0-9]+|MD5|PDQ|VICS|JSON|CSV|NSRL|UTC|Winnow|[0-9a-f]{12,}",
        "Westmoor|NORTHMOOR/[^ ]*|BR-[A-Z0-9-]+|X-1|Harbour lights|Millrace|Phone|from the second search|folder",
        "Kim|Lee|Ash|Jo|kim|lee|jo|ash|Deutsch|English|Europe/Berlin",
        "Northgate|Southgate|Their harbour|Eastmoor|Island|Hash bank|Gold disk|zip, [0-9]+[.,][0-9] kB",
        "Alpine|Coastal|Rendered|Comparison|Non-pertinent|National|Overseas|Partner list|Reference",
        "Landscapes T1|US Project VIC|NIST known published media|INTERPOL Baseline|England and Wales A, B, C",
        "US DHS six categories .older.|NCMEC hash sharing",
        "the wrong phone|The case document cannot be read: it ends in the middle of a record",
    ]
)


def clipped(page: Page, what: str) -> list[str]:
    """What is cut off or cannot be reached, from either side, at the window's present width."""
    told = []
    before = page.locator("html").get_attribute("dir")
    for direction in ("rtl", "ltr"):
        page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
        told += [f"{what}, {direction}: {line}" for line in page.evaluate(CLIPPED)]
    page.evaluate("direction => { document.documentElement.dir = direction; }", before)
    return told


def plain(page: Page, what: str, data: str = DATA) -> list[str]:
    """What is shown in English on a page of the pseudo-locale."""
    return [f"{what}, not translated: {line}" for line in page.evaluate(PLAIN, [KNOWN, data])]
