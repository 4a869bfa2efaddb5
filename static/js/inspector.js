// Beside the grid: why the item is here, its file, where it was found. The first lines come at once from what is
// known; the rest is asked for when the focus rests.
import { getJson } from "./api.js";
import { categoryMark, clock, el, icon, isolated, number, plural, spoken } from "./dom.js";
import { fromBase64 } from "./veils.js";
import { gettext } from "./words.js";

const SETTLE = 120; // milliseconds

const section = (title, ...content) => el("section", {}, title ? el("h2", {}, title) : null, ...content);

const pairs = (rows) =>
  el("dl", { class: "kv" }, ...rows.flatMap(([name, ...value]) => [el("dt", {}, name), el("dd", {}, ...value)]));

const STATES = { unsure: "Unsure", skipped: "Skipped" };

function pills(unit) {
  const state = unit.code === null ? STATES[unit.outcome] ?? "New" : "Decided";
  return [el("span", { class: "pill acc" }, state), unit.flagged ? el("span", { class: "pill warn" }, "Flag") : null];
}

function head(unit, where) {
  const facts = [where];
  if (unit.items > 1) facts.push(unit.left && unit.left < unit.items ? `stack of ${unit.items}, ${unit.left} left` : `stack of ${unit.items}`);
  if (unit.copies) facts.push(plural(unit.copies, "exact copy", "exact copies"));
  if (unit.kind === "video") facts.push(unit.duration_ms ? `video ${clock(unit.duration_ms)}` : "video");
  return section(null,
    el("div", { class: "row" }, isolated(unit.name, "name ell grow"), ...pills(unit).filter(Boolean)),
    el("p", { class: "t3 f1 mt1" }, facts.join(" · ")));
}

function noPicture(unit) {
  if (unit.preview === "made") return null;
  const film = unit.kind === "video";
  const text = {
    partial: film ? [gettext("Only part of this film could be read."), gettext("Its frames and the clip go as far as that.")] : ["Only part of the picture could be read.", "What is missing shows as grey."],
    pending: ["The picture is not made yet.", "It comes by itself; the hashes are good."],
  }[unit.preview] ?? ["No picture for this item.", "The hashes are good. Decide from what is known, or skip."];
  return section(null, el("div", { class: "note" }, icon("file-x", ""),
    el("div", { class: "grow f1" }, el("b", { class: "strong" }, text[0]), ` ${text[1]}`, unit.reason ? el("p", { class: "t2" }, unit.reason) : null)));
}

const isCode = (name) => /^(MD5|SHA|PDQ)/.test(name);
const cut = (hash) => el("span", { class: "hash", title: hash }, `${hash.slice(0, 8)}…${hash.slice(-8)}`); // the item's page has it whole

function reason(line) {
  const told = el("div", { class: "grow" }, isolated(line.text));
  if (line.facts.length) told.append(el("details", {}, el("summary", {}, "Details"), pairs(line.facts.map(([name, value]) => [name, isolated(value)]))));
  return told;
}

/** `openStack` shows its others one by one; null where they are on screen anyway. */
function body(details, openStack) {
  const why = el("ul", { class: "stack f1" }, ...details.why.map((line) => el("li", { class: "row top" }, icon(line.icon), reason(line))));
  const file = pairs(details.file.map(([name, value]) => [name, isCode(name) ? cut(value) : isolated(value)]));
  const found = pairs(details.found_in.map((place) => [isolated(place.exhibit), isolated(place.text)]));
  const made = [section("Why it is here", why), section("File", file), section("Found in", found)];
  if (details.members.length && openStack) made.push(stack(details, openStack));
  return made;
}

const VEILS = 7; // of a stack, beside the picture shown

/** A veil from its base64, as an address that is let go of once the picture is drawn. */
function veil(text) {
  const image = el("img", { alt: "" });
  const address = fromBase64(text);
  image.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
  image.src = address;
  return image;
}

function member({ veil: text, distance, near, lies }) {
  const said = [distance === null ? "not measured" : `${distance} bits`, lies].filter(Boolean).join(", ");
  const mark = distance === null ? "–" : String(distance);
  return el("li", { class: near ? "member" : "member far", title: said },
    text ? veil(text) : null, el("span", { class: "sr" }, said), el("span", { class: "tag br", "aria-hidden": "true" }, lies ? icon("refresh-cw") : null, mark));
}

/** The others of the stack, those most like the picture shown first. */
function stack({ members, stack: { near, far, reach } }, open) {
  const shown = members.slice(0, members.length > VEILS + 1 ? VEILS : VEILS + 1);
  const more = near + far - shown.length;
  const rest = more > 0 ? el("li", { class: "member more num" }, `+${more}`) : null;
  const within = near ? `${number(near)} within ${reach}` : `None within ${reach}`;
  const beyond = far ? ` · ${number(far)} farther: left for a look of ${far === 1 ? "its" : "their"} own.` : ".";
  const button = el("button", { class: "btn sm mt1", type: "button", onclick: open }, "One by one ", el("kbd", {}, "T"));
  return section("Stack · nearest first", el("ul", { class: "members" }, ...shown.map(member), rest), el("p", { class: "t3 f1 mt1" }, within, beyond), button);
}

export class Inspector {
  #timer = null;
  #abort = null;
  #known = new Map(); // item -> details, for this page only
  #missing = null; // the unit whose details did not come

  /**
   * `about`: the address that tells of a unit, without its id. `openStack`: shows a stack one by one. `beside`: the buttons
   * that lead aside, a node that stays, or null.
   */
  constructor(root, { about, session, openStack, beside }) {
    Object.assign(this, { root, about, session, openStack });
    this.details = el("div", { class: "grow" });
    this.foot = el("section");
    root.replaceChildren(...[this.details, beside && section("Beside the queue", beside), this.foot].filter(Boolean));
  }

  /** `where`: what is said of its place. `unit` may be one picture of a stack that is shown one by one. */
  show(unit, place, where = `Item ${number(place + 1)}`) {
    Object.assign(this, { unit, place, where });
    this.#missing = null;
    window.clearTimeout(this.#timer);
    this.#abort?.abort();
    const known = this.#known.get(unit.item);
    this.#paint(unit, known);
    if (!known) this.#timer = window.setTimeout(() => this.#ask(unit), SETTLE);
  }

  forget(unit) {
    this.#known.delete(unit.item);
  }

  /** The server answers again: asks for what did not come. */
  again() {
    if (this.#missing === this.unit) this.show(this.unit, this.place, this.where);
  }

  async #ask(unit) {
    this.#abort = new AbortController();
    try {
      const of = unit.stack ? `${unit.stack}?item=${unit.item}` : unit.id;
      const details = await getJson(`${this.about}/${of}`, this.#abort.signal);
      this.#known.set(details.item, details);
      if (this.unit === unit) this.#paint(unit, details);
    } catch (error) {
      if (error.name === "AbortError" || this.unit !== unit) return;
      this.#missing = unit;
      this.details.append(section(null, el("p", { class: "f1 t2" }, `${error.message} The rest of this panel is missing; deciding still works.`)));
    }
  }

  #paint(unit, details) {
    this.details.replaceChildren(...[head(unit, this.where), noPicture(unit), ...(details ? body(details, unit.stack ? null : this.openStack) : [])].filter(Boolean));
    this.paintSession();
  }

  /** The foot: last act, time unveiled, saving. */
  paintSession() {
    const { last, exposure, saving } = this.session();
    const rows = [];
    if (last) rows.push(["Last", last.category ? categoryMark(last.category) : last.text, " ", el("span", { class: "t3" }, last.more)]);
    rows.push(["Unveiled", el("span", { class: "num" }, spoken(exposure.revealed)), ` of ${spoken(exposure.onScreen)} `, el("span", { class: "t3" }, `· ${plural(exposure.stacks.size, "item")}`)]);
    rows.push(["Saving", saving]);
    this.foot.replaceChildren(el("h2", {}, "This batch"), pairs(rows));
  }
}
