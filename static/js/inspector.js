// Beside the grid: why the item is here, its file, where it was found. The first lines come at once from what is
// known; the rest is asked for when the focus rests.
import { getJson } from "./api.js";
import { categoryMark, clock, el, icon, isolated, spoken } from "./dom.js";
import { cap } from "./keys.js";
import { blank } from "./tile.js";
import { fromBase64 } from "./veils.js";
import { gettext, ngettext, number } from "./words.js";

const SETTLE = 120; // milliseconds

const section = (title, ...content) => el("section", {}, title ? el("h2", {}, title) : null, ...content);

const pairs = (rows) =>
  el("dl", { class: "kv" }, ...rows.flatMap(([name, ...value]) => [el("dt", {}, name), el("dd", {}, ...value)]));

const STATES = { unsure: gettext("Unsure"), skipped: gettext("Skipped") };

function pills(unit) {
  const state = unit.code === null ? STATES[unit.outcome] ?? gettext("New") : gettext("Decided");
  return [el("span", { class: "pill acc" }, state), unit.flagged ? el("span", { class: "pill warn" }, gettext("Flag")) : null];
}

function head(unit, where) {
  const facts = [where];
  if (unit.items > 1) facts.push(unit.left && unit.left < unit.items ? gettext("stack of %(items)s, %(left)s left", unit) : gettext("stack of %(items)s", unit));
  if (unit.copies) facts.push(ngettext("%(n)s exact copy", "%(n)s exact copies", unit.copies));
  if (unit.kind === "video") facts.push(unit.duration_ms ? gettext("video %(length)s", { length: clock(unit.duration_ms) }) : gettext("video"));
  return [
    el("div", { class: "row" }, isolated(unit.name, "name ell grow"), ...pills(unit).filter(Boolean)),
    el("p", { class: "t3 f1 mt1" }, facts.join(" · "))];
}

function noPicture(unit) {
  if (unit.preview === "made") return null;
  const film = unit.kind === "video";
  const text = {
    partial: film
      ? [gettext("Only part of this film could be read."), gettext("Its frames and the clip go as far as that.")]
      : [gettext("Only part of the picture could be read."), gettext("What is missing shows as grey.")],
    pending: [gettext("The picture is not made yet."), gettext("It comes by itself; the hashes are good.")],
  }[unit.preview] ?? [gettext("No picture for this item."), gettext("The hashes are good. Decide from what is known, or skip.")];
  return section(null, el("div", { class: "note" }, icon("file-x", ""),
    el("div", { class: "grow f1" }, el("b", { class: "strong" }, text[0]), ` ${text[1]}`, unit.reason ? el("p", { class: "t2" }, unit.reason) : null)));
}

const isCode = (name) => /^(MD5|SHA|PDQ)/.test(name);
const cut = (hash) => el("span", { class: "hash", title: hash }, `${hash.slice(0, 8)}…${hash.slice(-8)}`); // the item's page has it whole

function reason(line) {
  const told = el("div", { class: "grow" }, isolated(line.text));
  if (line.facts.length) told.append(el("details", {}, el("summary", {}, gettext("Details")), pairs(line.facts.map(([name, value]) => [name, isolated(value)]))));
  return told;
}

/** `openStack` shows its others one by one; null where they are on screen anyway. */
function body(details, openStack) {
  const why = el("ul", { class: "stack f1" }, ...details.why.map((line) => el("li", { class: "row top" }, icon(line.icon), reason(line))));
  const file = pairs(details.file.map(([name, value]) => [name, isCode(name) ? cut(value) : isolated(value)]));
  const found = pairs(details.found_in.map((place) => [isolated(place.exhibit), isolated(place.text)]));
  const made = [section(gettext("Why here"), why), section(gettext("File"), file), section(gettext("Found in"), found)];
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
  const said = [distance === null ? gettext("not measured") : ngettext("%(n)s bit", "%(n)s bits", distance), lies].filter(Boolean).join(", ");
  const mark = distance === null ? "–" : String(distance);
  return el("li", { class: near ? "member" : "member far", title: said },
    text ? veil(text) : blank(), el("span", { class: "sr" }, said), el("span", { class: "tag br", "aria-hidden": "true" }, lies ? icon("refresh-cw") : null, mark));
}

/** The others of the stack, those most like the picture shown first. */
function stack({ members, stack: { near, far, reach } }, open) {
  const shown = members.slice(0, members.length > VEILS + 1 ? VEILS : VEILS + 1);
  const more = near + far - shown.length;
  const rest = more > 0 ? el("li", { class: "member more num" }, `+${number(more)}`) : null;
  const within = near ? gettext("%(near)s within %(reach)s", { near, reach }) : gettext("None within %(reach)s", { reach });
  const beyond = far ? ` · ${ngettext("%(n)s farther: left for a look of its own.", "%(n)s farther: left for a look of their own.", far)}` : ".";
  const button = el("button", { class: "btn sm mt1", type: "button", onclick: open }, gettext("One by one"), " ", cap("stack"));
  return section(gettext("Stack · nearest first"), el("ul", { class: "members" }, ...shown.map(member), rest), el("p", { class: "t3 f1 mt1" }, within, beyond), button);
}

export class Inspector {
  #timer = null;
  #abort = null;
  #known = new Map(); // item -> details, for this page only
  #missing = null; // the unit whose details did not come

  /**
   * `about`: the address that tells of a unit, without its id. `openStack`: shows a stack one by one. `why`: asks for
   * grounds. `beside`: the buttons that lead aside, a node that stays, or null. `note`: the field for notes (note.js).
   * `context`: what lies beside the item (context.js).
   */
  constructor(root, { about, session, openStack, why, beside, note, context }) {
    Object.assign(this, { root, about, session, openStack, why, note, context });
    this.head = el("section", { class: "about" });
    this.details = el("div", { class: "details" }); // its room is kept: nothing else moves when it comes
    this.foot = el("section");
    this.parts = [this.head, context.root, this.details, note.root, beside && section(gettext("Beside the queue"), beside), this.foot].filter(Boolean);
  }

  /** `where`: what is said of its place. `unit` may be one picture of a stack that is shown one by one. */
  show(unit, place, where = gettext("Item %(n)s", { n: place + 1 })) {
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
      this.details.append(section(null, el("p", { class: "f1 t2" }, `${error.message} ${gettext("The rest of this panel is missing; deciding still works.")}`)));
    }
  }

  #paint(unit, details) {
    this.note.show(unit, details?.notes ?? null);
    this.context.show(unit.item);
    this.head.replaceChildren(...head(unit, this.where));
    this.details.replaceChildren(...[noPicture(unit), ...(details ? body(details, unit.stack ? null : this.openStack) : [])].filter(Boolean));
    this.paintSession();
    if (!this.root.firstElementChild) this.root.replaceChildren(...this.parts); // all of it at once
  }

  /** The foot: last act, time unveiled, saving. */
  paintSession() {
    const { last, exposure, saving } = this.session();
    const rows = [[gettext("Last"), last?.category ? categoryMark(last.category) : last?.text ?? el("span", { class: "t3" }, gettext("nothing yet")), " ", el("span", { class: "t3" }, last?.more ?? "")]];
    rows.push([gettext("Unveiled"), el("span", { class: "num" }, gettext("%(part)s of %(whole)s", { part: spoken(exposure.revealed), whole: spoken(exposure.onScreen) })), " ", el("span", { class: "t3" }, `· ${ngettext("%(n)s item", "%(n)s items", exposure.stacks.size)}`)]);
    rows.push([gettext("Saving"), saving]);
    const why = last?.category && el("button", { class: "btn sm quiet", type: "button", onclick: this.why }, gettext("Say why"), " ", cap("grounds"));
    this.foot.replaceChildren(el("div", { class: "row between" }, el("h2", {}, gettext("This batch")), why || null), pairs(rows));
  }
}
