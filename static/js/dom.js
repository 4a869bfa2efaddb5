// Builds nodes. Text always goes in as text, so nothing that comes from evidence can become markup.
import { gettext, number } from "./words.js";
const SVG = "http://www.w3.org/2000/svg";

const sprite = () => document.querySelector('meta[name="icons"]').content;

/** An element with properties (`class`, `data-…`, `on…` as functions) and children (nodes or text). */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

const use = (id, classes) =>
  svg("svg", { class: classes, "aria-hidden": "true" }, svg("use", { href: `${sprite()}#${id}` }));

/** One Lucide icon of the sprite. */
export const icon = (name, size = "sm") => use(`i-${name}`, `i ${size}`);

/** The glyph of a category; it takes the colour of the nearest `k…` class. */
export const glyph = (name) => use(`g-${name}`, "g");

/** A category as glyph, code and name: never colour alone. */
export const categoryMark = (category) =>
  el("span", { class: `cat k${category.colour}` }, glyph(category.glyph), el("b", {}, `${category.code} ${category.name}`));

/** Text of the evidence, kept from turning the direction of what stands around it. */
export const isolated = (text, classes = null) => el("bdi", { class: classes }, text);

/** 4096 -> "4.1 kB": bytes in the largest fitting decimal unit. */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${number(power ? Math.round(bytes / 10 ** (3 * power - 1)) / 10 : bytes)} ${units[power]}`;
}

/** 192000 -> "3:12"; 3600000 -> "1:00:00"; 400 -> "0:00.4". As cases/moments.py has it, but for rounding. */
export function clock(milliseconds) {
  if (milliseconds > 0 && milliseconds < 950) return `0:00.${Math.max(1, Math.round(milliseconds / 100))}`;
  const seconds = Math.round(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}

/** 161000 -> "2 min 41 s"; under a minute "41 s". */
export function spoken(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? gettext("%(n)s s", { n: seconds }) : gettext("%(min)s min %(s)s s", { min: Math.floor(seconds / 60), s: seconds % 60 });
}

/** Speaks through the page's live region; the same text twice is spoken twice. */
export function announce(text) {
  const region = document.querySelector("[data-live]");
  if (!region) return;
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

/**
 * Makes a function that runs `work` once the next picture is on the screen, however often it is asked to before;
 * what a key press shows first must not wait for what may come a frame later.
 */
export function afterPaint(work) {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => window.setTimeout(() => { planned = false; work(); }));
  };
}

/** A hundredth of a second, for who waits until something is so. */
export const moment = () => new Promise((done) => { window.setTimeout(done, 10); });
