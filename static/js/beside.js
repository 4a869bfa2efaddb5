// Side trips: similar pictures, the same folder, camera or day, beside the queue. Everything stays veiled here: what is
// to be looked at is added to the batch. Closing comes back to the very unit one came from.
import { getBytes, postJson } from "./api.js";
import { announce, el, isolated } from "./dom.js";
import { cap } from "./keys.js";
import { blank } from "./tile.js";
import { NAMES, tripButtons } from "./trips.js";
import { parts, picture } from "./veils.js";
import { gettext, ngettext } from "./words.js";

const WITHIN = [[16, gettext("very like")], [31, gettext("alike")], [48, gettext("remotely alike")], [64, gettext("hardly alike")]]; // bits of 256
const MOST = 200; // items named at once

export class Beside {
  #addresses = [];
  #asked = 0;

  /** `review` is the page's own object (review.js); `root` takes the place of `aside`. */
  constructor(review, root, aside) {
    Object.assign(this, { root, aside, review, within: 31, queue: root.dataset.queue });
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** Opens, goes over to another trip, or closes where it is the same key again. */
  async open(kind, unit) {
    if (!unit) return;
    if (this.review.isSecond) { this.review.explain(gettext("A second view leads nowhere else.")); return; }
    if (this.isOpen && this.kind === kind && this.unit === unit) { this.close(); return; }
    this.review.unveiler.veil();
    Object.assign(this, { kind, unit, row: null });
    this.root.hidden = false;
    this.aside.hidden = true;
    await this.#load();
    this.#focusFirst();
  }

  get #tiles() {
    return [...this.root.querySelectorAll(".frames .tile")];
  }

  /** The first tile that leads somewhere, so that arrows go on from there; without one, the way back. */
  #focusFirst() {
    (this.#tiles.find((tile) => !tile.ariaDisabled) ?? this.#tiles[0] ?? this.root.querySelector("[data-first]"))?.focus();
  }

  /** To the next tile that way; also one that leads nowhere is told, and can be joined. */
  step(id) {
    const tiles = this.#tiles;
    const across = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
    const forward = document.documentElement.dir === "rtl" ? -1 : 1;
    const by = { left: -forward, right: forward, up: -across, down: across, first: 1, last: -1 }[id];
    const place = { first: 0, last: tiles.length - 1 }[id] ?? tiles.indexOf(document.activeElement) + by;
    tiles[place]?.focus();
  }

  close() {
    this.root.hidden = true;
    this.aside.hidden = false;
    this.#drop();
    this.review.focusStage();
  }

  async #load() {
    const asked = (this.#asked += 1);
    this.root.setAttribute("aria-busy", "true");
    try {
      const { batch } = this.review;
      const answer = parts(await getBytes(`${batch.address}/beside?kind=${this.kind}&item=${this.unit.item}&within=${this.within}`));
      if (asked !== this.#asked || !this.isOpen) return;
      this.#show(JSON.parse(new TextDecoder().decode(answer[0])), answer.slice(1));
    } catch (error) {
      this.#paint([el("p", { class: "bad-t", role: "alert" }, error.message)]);
    }
    this.root.removeAttribute("aria-busy");
  }

  #show({ about, filter, rows, more }, veils) {
    this.#drop();
    this.#addresses = veils.map((bytes) => picture(bytes));
    const free = rows.filter((row) => row.free).map((row) => row.item);
    const tiles = rows.map((row, place) => el("li", {}, this.#tile(row, this.#addresses[place])));
    const add = free.length ? el("button", { class: "btn sm", type: "button", onclick: () => this.#add(free) }, ngettext("Add %(n)s free item to this batch", "Add %(n)s free items to this batch", free.length)) : null;
    this.joins = el("button", { class: "btn sm", type: "button", hidden: true, onclick: () => this.join() });
    const ask = Object.keys(filter).length ? el("a", { class: "btn sm quiet", href: `${this.queue}?${new URLSearchParams(filter)}` }, gettext("Ask for all of it next")) : null;
    const said = more ? gettext("the nearest %(n)s", { n: rows.length }) : ngettext("%(n)s item", "%(n)s items", rows.length);
    this.#paint([
      el("p", { class: "f1 t2" }, isolated(about), ` · ${said}`),
      tiles.length ? el("div", { class: "mt2" }, el("ul", { class: "frames" }, ...tiles)) : el("p", { class: "t2 mt2" }, gettext("Nothing else is there.")),
      el("p", { class: "row wrap mt3" }, add, this.joins, ask),
      el("p", { class: "f1 t3 mt2" }, gettext("Veiled here. Added to your batch, an item can be unveiled there.")),
    ]);
    announce(`${NAMES[this.kind]}, ${about}: ${said}.`);
  }

  #tile(row, address) {
    const title = [row.name, row.state, row.distance === null ? null : ngettext("%(n)s bit", "%(n)s bits", row.distance)].filter(Boolean).join(", ");
    const image = address ? el("img", { src: address, alt: "" }) : blank();
    return el("button", { class: "tile", type: "button", title, "aria-label": title, "aria-disabled": this.#leads(row) ? null : "true", "data-item": row.item, onclick: () => this.#chosen(row), onfocus: () => this.#about(row) },
      image, el("span", { class: "tag br", "aria-hidden": "true" }, row.distance === null ? row.state : `${row.distance} · ${row.state}`));
  }

  /** Whether choosing it does something: it is free, or lies in this batch. */
  #leads(row) {
    return row.free || row.position !== null;
  }

  /** The picture beside that had the focus last: it can come into the unit in focus. */
  #about(row) {
    this.row = row;
    this.joins.hidden = row.stack === (this.unit.stack ?? this.unit.id);
    this.joins.replaceChildren(gettext("Join"), " ", isolated(row.name, "name"), " ", cap("join"));
  }

  /** U: it belongs to the unit that one came from. */
  async join() {
    const { row, unit, review } = this;
    try {
      await review.join((joining) => joining.row(row, unit));
      if (this.isOpen) await this.#load();
      this.#focusFirst();
    } catch (error) {
      review.notices.show("beside", { tone: "warn", icon: "info", title: gettext("Not joined."), text: error.message });
    }
  }

  /** To the unit where it lies in this batch, else into the batch. */
  #chosen(row) {
    if (!this.#leads(row)) { announce(`${row.name}: ${row.state}`); return; }
    const place = this.review.batch.units.findIndex((unit) => unit.id === row.stack);
    if (place < 0) { this.#add([row.item]); return; }
    if (this.review.stackView.isOpen) this.review.screens.closeStack();
    this.review.ending.stopLookingBack();
    this.review.move(place);
    this.close();
  }

  async #add(items) {
    try {
      const added = await postJson(`${this.review.batch.address}/add`, { items: items.slice(0, MOST) });
      await this.review.extended();
      announce(ngettext("%(n)s item added to your batch.", "%(n)s items added to your batch.", added.items));
      await this.#load();
      this.#focusFirst();
    } catch (error) {
      this.review.notices.show("beside", { tone: "warn", icon: "info", title: gettext("Not added."), text: error.message });
    }
  }

  #paint(content) {
    const choice = this.kind === "similar" ? this.#choice() : null;
    this.root.replaceChildren(
      el("section", {}, el("div", { class: "row between" }, el("b", { class: "strong" }, NAMES[this.kind]), el("button", { class: "btn sm quiet", type: "button", "data-first": true, onclick: () => this.close() }, gettext("Back"), " ", el("kbd", {}, "Esc"))),
        el("div", { class: "mt2" }, tripButtons(this.kind, (kind) => this.open(kind, this.unit))), choice),
      el("section", { class: "grow" }, ...content));
  }

  #choice() {
    const select = el("select", { class: "input sm", "aria-label": gettext("How like"), onchange: (event) => { this.within = Number(event.target.value); this.#load(); } },
      ...WITHIN.map(([bits, text]) => el("option", { value: bits, selected: bits === this.within }, gettext("%(text)s, to %(n)s bits", { text, n: bits }))));
    return el("p", { class: "mt2" }, select);
  }

  #drop() {
    this.#addresses.forEach((address) => { if (address) URL.revokeObjectURL(address); });
    this.#addresses = [];
  }
}
