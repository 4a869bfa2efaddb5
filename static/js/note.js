// The note of the item in focus, in the inspector: N opens the field, Enter keeps it, Esc leaves it. It goes through the
// outbox like any act; what could not be kept comes back with its words.
import { announce, el, isolated } from "./dom.js";
import { cap } from "./keys.js";
import { gettext } from "./words.js";

const LONGEST = 1000; // characters; cases/models/notes.py
const UNSEEN = /[^\P{C}\n\u200c\u200d]|[\p{Zl}\p{Zp}]/u; // what cannot be seen, but for what some scripts need

export class NoteField {
  #own = new Map(); // item -> own text, as last kept on this page
  #drafts = new Map(); // item -> text that was left in the field when something else came into focus

  /** `review` is the page's own object (review.js). */
  constructor(review) {
    Object.assign(this, { review, unit: null, notes: null, field: null });
    this.root = el("section");
  }

  /** `notes`: what the server told, null while it has not. */
  show(unit, notes) {
    if (this.field && unit.item !== this.unit.item) this.#leaveDraft();
    const painted = this.unit?.item === unit.item && this.field;
    Object.assign(this, { unit, notes });
    if (!painted) this.#paint();
  }

  #ownText() {
    return this.#own.get(this.unit.item) ?? this.notes?.find((note) => note.mine)?.text ?? "";
  }

  #paint(trouble = "") {
    const { unit, notes } = this;
    const others = (notes ?? []).filter((note) => !note.mine);
    const own = this.#ownText();
    const lines = [...(own && !this.field ? [{ text: own, by: gettext("You") }] : []), ...others];
    const heading = el("h2", {}, this.field ? el("label", { for: "note-text" }, gettext("Note")) : gettext("Note"));
    const open = el("button", { class: "btn sm quiet", type: "button", onclick: () => this.open() }, own ? gettext("Change") : gettext("Write"), " ", cap("note"));
    this.root.replaceChildren(...[
      el("div", { class: "row between" }, heading, this.field ? null : open),
      ...(this.field ? [this.field, el("p", { class: "t3 f1", id: "note-hint" }, gettext("Enter keeps, Esc leaves. Seen by the team, not exported."))] : []),
      trouble ? el("p", { class: "bad-t f1", role: "alert" }, trouble) : null,
      lines.length ? el("ul", { class: "stack f1" }, ...lines.map((note) => el("li", {}, isolated(note.text), el("span", { class: "t3" }, " · ", isolated(note.by))))) : null,
      !this.field && this.#drafts.has(unit.item) ? el("p", { class: "t3 f1" }, gettext("Begun, not kept.")) : null,
    ].filter(Boolean));
  }

  /** The field, with what was begun or kept before. */
  open() {
    const unit = this.review.field.current;
    if (!unit || this.review.beside.isOpen) return;
    if (this.unit?.item !== unit.item) Object.assign(this, { unit, notes: null });
    this.review.unveiler.veil();
    this.field = el("textarea", { class: "input", id: "note-text", rows: 3, maxlength: LONGEST, "aria-describedby": "note-hint", onkeydown: (event) => this.#pressed(event) });
    this.field.value = this.#drafts.get(unit.item) ?? this.#ownText();
    this.#paint();
    this.field.focus();
  }

  #pressed(event) {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    if (event.key === "Enter" && event.shiftKey) return; // a line of its own
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") this.#keep();
    else this.#leave();
  }

  /** Esc: what was begun stays, for when the field is opened again. */
  #leave() {
    this.#leaveDraft();
    if (this.#drafts.has(this.unit.item)) announce(gettext("Begun, not kept."));
    this.#paint();
    this.review.focusStage();
  }

  #close() {
    this.#drafts.delete(this.unit.item);
    this.field = null;
    this.#paint();
    this.review.focusStage();
  }

  #leaveDraft() {
    if (this.field.value !== this.#ownText()) this.#drafts.set(this.unit.item, this.field.value);
    else this.#drafts.delete(this.unit.item);
    this.field = null;
  }

  #keep() {
    const { unit, review } = this;
    const text = this.field.value.replace(/[\t\p{Zs}]/gu, " ").trim();
    if (UNSEEN.test(text)) {
      const { field } = this;
      this.#paint(gettext("It holds characters that cannot be seen. Type it anew, without them."));
      field.focus();
      return;
    }
    if (text !== this.#ownText()) {
      this.#own.set(unit.item, text);
      review.desk.note(unit.stack ? review.stackView.unit : unit, unit.item, text);
      announce(text ? gettext("Note kept.") : gettext("Note taken back."));
    }
    this.#close();
  }

  /** The server did not take it: its words stay for another try. */
  lost(act, why) {
    this.#own.delete(act.item);
    this.#drafts.set(act.item, act.text);
    const [{ notices }, kind] = [this.review, `note-${act.key}`];
    notices.show(kind, { tone: "warn", icon: "triangle-alert", title: gettext("A note was not kept."), text: gettext("%(why)s It said: “%(text)s”", { why, text: act.text }), action: [gettext("Close"), () => notices.hide(kind)], stays: true });
    if (this.unit?.item === act.item && !this.field) this.#paint();
  }
}
