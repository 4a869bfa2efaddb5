// Why, and how sure (key W): a sheet for the decision in focus, or the one made last. Never asked for, never in the way of
// the next key; kept with that decision and read where two people differ, without a name.
import { postJson } from "./api.js";
import { announce, el, moment } from "./dom.js";
import { gettext } from "./words.js";

const SURE = [["sure", gettext("Sure")], ["rather", gettext("Rather sure")], ["unsure", gettext("Unsure")]];
const LONGEST = 400;

export class GroundsSheet {
  /** `review` is the page's own object (review.js). */
  constructor(review) {
    this.review = review;
  }

  open() {
    const { review } = this;
    const made = review.desk.decided(review.stackView.unit ?? review.grid.current, review.field.current?.item);
    if (!made) return review.explain(gettext("Decide something first; then say why."));
    review.looking.close();
    const sheet = this.#build(made);
    sheet.addEventListener("close", () => sheet.remove());
    document.body.append(sheet);
    sheet.showModal();
    return sheet.querySelector("[name=text]").focus();
  }

  #build({ unit, key, code }) {
    const category = code === null ? null : this.review.batch.category(code);
    const about = category ? `${category.code} ${category.name}` : gettext("Unsure");
    const place = this.review.units().indexOf(unit);
    const choices = SURE.map(([value, text]) => el("label", { class: "check" }, el("input", { type: "radio", name: "sure", value }), el("span", {}, text)));
    const text = el("input", { class: "input grow", name: "text", id: "grounds-text", maxlength: LONGEST, autocomplete: "off" });
    const form = el("form", { class: "finish" }, el("h2", { id: "grounds-title" }, gettext("Why %(about)s, item %(place)s", { about, place: place + 1 })),
      el("fieldset", {}, el("legend", { class: "sr" }, gettext("How sure")), el("div", { class: "row wrap mt2" }, ...choices)),
      el("div", { class: "row mt2" }, el("label", { class: "strong", for: "grounds-text" }, gettext("Reason")), text),
      el("p", { class: "t2 f1 mt2" }, gettext("Kept with the decision, and read without your name where two people differ.")),
      el("div", { class: "row mt2" }, el("button", { class: "btn sm pri" }, gettext("Keep"), " ", el("kbd", {}, "↵")),
        el("button", { class: "btn sm quiet", type: "button", onclick: () => sheet.close() }, gettext("Leave"), " ", el("kbd", {}, "Esc"))));
    const sheet = el("dialog", { "aria-labelledby": "grounds-title" }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = { act: key, confidence: form.elements.sure.value, text: text.value.trim() };
      sheet.close();
      if (said.confidence || said.text) this.#keep(unit, said);
    });
    return sheet;
  }

  async #keep(unit, said) {
    const { review } = this;
    try {
      while (unit.waiting) await moment(); // the decision itself comes first
      await postJson(`${review.batch.address}/grounds`, said);
      announce(gettext("Kept."));
    } catch (error) {
      review.notices.show("grounds", { tone: "warn", icon: "cloud-off", title: gettext("Your reason was not kept."), text: error.message, action: [gettext("Try again"), () => { review.notices.hide("grounds"); this.#keep(unit, said); }], stays: true });
    }
  }
}
