// The pictures of one stack, one by one (key T): each is decided by a look of its own, moved out, or shown first; the
// rest is decided together. The order stays as it was when the view was opened: nothing moves under a hand.
import { getJson } from "./api.js";
import { files } from "./batch.js";
import { withCopies } from "./dock.js";
import { announce, moment } from "./dom.js";
import { Grid } from "./grid.js";
import { capOf } from "./keys.js";
import { CLEAR } from "./pressing.js";
import { OUTCOMES } from "./tile.js";
import { fromBase64, drop } from "./veils.js";
import { gettext, ngettext } from "./words.js";

const DONE = { unsure: gettext("Unsure"), flag: gettext("Flag"), clear: gettext("Cleared") };

const isOpen = (member) => member.open;

/** How far a picture is from the one shown first, in a word. */
function away({ cover, distance, lies, kind, by_hand: byHand }) {
  if (cover) return gettext("first");
  const far = distance === null ? (kind === "video" ? gettext("in part") : gettext("no hash")) : ngettext("%(n)s bit", "%(n)s bits", distance);
  return [far, lies, byHand ? gettext("by hand") : ""].filter(Boolean).join(" ");
}

export class StackView {
  #asked = 0;

  /** `review` is the page's own object (review.js); `root` holds everything of the view. */
  constructor(review, root) {
    Object.assign(this, { review, root, unit: null, members: [] });
    this.title = root.querySelector("h2");
    this.told = root.querySelector("p");
    this.grid = new Grid(root.querySelector(".lightbox"), root.querySelector(".tiles"), {
      categoryOf: (member) => (member.code === null ? null : review.batch.category(member.code)),
      seen: (member) => review.exposure.seen(member.item),
      total: () => this.members.length,
      onFocus: (member) => this.#focused(member),
      onOpen: () => review.explain(gettext("There is no viewer in a stack: hold %(key)s to look at a picture.", { key: capOf("unveil") })),
      onAnew: () => review.unveiler.replace(),
    });
  }

  get isOpen() {
    return this.unit !== null;
  }

  /** Opens a stack, once what was pressed on it is saved. */
  async open(unit) {
    this.unit = unit;
    this.root.hidden = false;
    this.title.replaceChildren(gettext("Stack"));
    this.told.replaceChildren(gettext("Waiting for its pictures"));
    this.root.focus({ preventScroll: true }); // keys are heard, and mean nothing yet
    while (this.unit === unit && (unit.changing || unit.waiting)) await moment();
    if (this.unit !== unit) return undefined; // closed again meanwhile
    try {
      await this.refresh();
    } catch (error) {
      this.review.notices.show("members", { tone: "warn", icon: "cloud-off", title: gettext("The stack did not come."), text: error.message });
      this.review.screens.closeStack();
      return undefined;
    }
    this.grid.layout({ anew: true });
    return this.grid.go(0);
  }

  close() {
    this.members.forEach(drop);
    Object.assign(this, { unit: null, members: [] });
    this.grid.setUnits([]);
    this.root.hidden = true;
  }

  /**
   * Asks for the members again; those that are known keep their places, those that went leave theirs. False: the answer
   * came too late to count.
   */
  async refresh() {
    const { unit } = this;
    this.#asked += 1;
    const asked = this.#asked;
    const told = await getJson(`${this.review.batch.address}/stacks/${unit.id}`);
    if (asked !== this.#asked || this.unit !== unit || unit.waiting) return false; // newer keys have newer answers
    const fresh = new Map(told.members.map((member) => [member.item, member]));
    this.members.filter((member) => !fresh.has(member.item)).forEach(drop);
    const kept = this.members.filter((member) => fresh.has(member.item));
    const known = new Set(kept.map((member) => member.item));
    kept.forEach((member) => Object.assign(member, { ...fresh.get(member.item), veil: member.veil }));
    this.members = [...kept, ...told.members.filter((member) => !known.has(member.item)).map((member) => this.#made(member))];
    this.members.forEach((member) => { member.mark = away(member); });
    this.elsewhere = told.elsewhere;
    this.reach = told.reach;
    this.#show();
    return true;
  }

  #made(member) {
    const veil = member.veil ? fromBase64(member.veil) : null;
    return { ...member, id: member.item, stack: this.unit.id, items: 1, left: 1, tags: [], waiting: 0, veil };
  }

  #show() {
    const { place } = this.grid;
    this.grid.setUnits(this.members);
    if (this.members.length) this.grid.go(Math.min(place, this.members.length - 1), { quiet: !this.root.contains(document.activeElement) });
    this.#say();
  }

  #say() {
    const open = this.members.filter(isOpen);
    this.title.replaceChildren(gettext("Stack of %(n)s", { n: this.members.length }));
    const far = open.filter((member) => !member.near && !this.#opened(member)).length;
    this.told.replaceChildren(
      [gettext("%(n)s to decide", { n: open.length }), far ? ngettext("%(n)s farther than %(reach)s bits: open it before the rest is decided", "%(n)s farther than %(reach)s bits: open them before the rest is decided", far, { reach: this.reach }) : null,
        this.elsewhere ? gettext("%(n)s more: known, or not to decide here", { n: this.elsewhere }) : null].filter(Boolean).join(" · "));
  }

  #opened(member) {
    return member.opened || this.review.exposure.seen(member.item) > 0;
  }

  /** Those that Shift decides: near the one shown first, or opened. */
  get rest() {
    return this.members.filter((member) => member.open && (member.near || this.#opened(member)));
  }

  get #first() {
    return this.members.find((member) => member.cover);
  }

  #focused(member) {
    if (!member) return;
    const { review, members } = this;
    const next = members.slice(members.indexOf(member) + 1).find(isOpen);
    review.unveiler.focus(member, next);
    review.looking.arrived(member.item);
    this.paint();
  }

  /** What stands around the picture in focus. */
  paint() {
    const { review, members } = this;
    const member = this.grid.current;
    if (!member) return;
    const place = members.indexOf(member);
    const [open, chosen] = [members.filter(isOpen).length, this.grid.chosen];
    const copies = chosen.reduce((sum, one) => sum + one.copies, 0);
    const first = withCopies(ngettext("%(n)s picture", "%(n)s pictures", chosen.length), copies);
    review.inspector.show(member, place, gettext("Picture %(place)s of %(total)s in the stack", { place: place + 1, total: members.length }));
    review.say(first, open && "⇧", gettext("the rest: %(n)s of %(open)s", { n: this.rest.length, open }));
    const state = member.code ?? OUTCOMES[member.outcome]?.[1] ?? gettext("undecided");
    const far = member.distance === null ? member.mark : gettext("%(far)s from the first", { far: member.mark });
    announce(gettext("Picture %(place)s of %(total)s, %(lies)s, %(state)s", { place: place + 1, total: members.length, lies: member.cover ? gettext("shown first") : far, state }));
    this.#say();
  }

  /** A key on the chosen pictures: each is a decision of its own, by the look that it had. */
  press(kind, category = null) {
    const { review, unit } = this;
    const chosen = this.grid.chosen.filter((member) => kind !== "clear" || member.code !== null || member.outcome !== null);
    if (!chosen.length) {
      if (kind === "clear") review.explain(CLEAR);
      return;
    }
    review.looking.close();
    const acts = review.desk.each(unit, chosen, kind, category?.code ?? null);
    review.last.set(category ? { category } : { text: DONE[kind] }, acts.map(({ key }, place) => [key, files(chosen[place])]));
    review.paintBar();
    this.grid.refresh();
    if (kind === "flag" || kind === "clear") return;
    review.looking.goOn();
    this.#advance(chosen[chosen.length - 1]);
  }

  #advance(from) {
    const { members } = this;
    const place = members.indexOf(from);
    const next = [...members.slice(place + 1), ...members.slice(0, place)].find(isOpen);
    if (next) return this.grid.go(members.indexOf(next));
    return this.#over();
  }

  #over() {
    const { review, unit } = this;
    review.screens.leaveStack();
    review.pressing.advance(unit, "");
  }

  /** Shift and a digit: everybody near the one shown first, and those that were opened. */
  pressRest(category) {
    const { review, unit, rest } = this;
    const first = this.#first;
    if (!rest.length || !first) return review.explain(gettext("Nothing of this stack is left to decide."));
    review.looking.close();
    const made = review.desk.make("decide", [unit], { code: category.code, scope: "rest", reach: rest.length, item: first.item, seen: rest.map((member) => member.item) });
    if (!made.length) return review.explain(gettext("Wait until the last key is saved."));
    rest.forEach((member) => Object.assign(member, { code: category.code, outcome: null, open: false }));
    review.last.set({ category }, made.map(({ key }) => [key, rest.reduce((sum, member) => sum + files(member), 0)]));
    review.paintBar();
    this.grid.refresh();
    review.looking.goOn();
    const left = this.members.find(isOpen);
    if (left) return this.grid.go(this.members.indexOf(left));
    return this.#over();
  }

  /** Shift+S: the chosen pictures become a stack of their own at the end of the batch. */
  moveOut() {
    const { review, unit } = this;
    const out = this.grid.chosen.filter(isOpen);
    if (!out.length) return review.explain(gettext("Only pictures that are still to decide can be moved out."));
    if (out.length === this.members.filter(isOpen).length) return review.explain(gettext("One picture at least stays in the stack."));
    review.looking.close();
    const { key } = review.desk.split(unit, out.map((member) => member.item), out.includes(this.grid.current) ? this.grid.current.item : out[0].item);
    review.last.set({ text: gettext("Moved out") }, [[key, out.length]], "picture");
    out.forEach(drop);
    this.members = this.members.filter((member) => !out.includes(member));
    review.paintBar();
    return this.#show();
  }

  /** The picture in focus is shown first: distances are told from it. */
  showFirst() {
    const member = this.grid.current;
    if (!member?.open || member.cover) return this.review.explain(member?.cover ? gettext("It is shown first already.") : gettext("Only a picture that is still to decide can be shown first."));
    this.review.desk.cover(this.unit, member.item);
    return undefined;
  }

  /** What the server said of an act on the stack. */
  async settled(unit) {
    if (unit !== this.unit || unit.waiting) return;
    try {
      if (!(await this.refresh())) return;
    } catch {
      return; // the outbox tells when the server is away
    }
    if (!this.members.length) this.#over();
  }
}
