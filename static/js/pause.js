// What a break looks like, loaded when there is one.
import { announce, clock, el, svg } from "./dom.js";
import { gettext } from "./words.js";

const ROUND = 100; // of the ring

/** The calm screen: minutes left, no pictures, somebody to speak to. */
export class Pause {
  #timer = null;

  constructor({ resume, goOn }) {
    Object.assign(this, { resume, goOn });
    this.ring = svg("circle", { cx: 60, cy: 60, r: 50, fill: "none", stroke: "var(--accent)", "stroke-width": 6, "stroke-linecap": "round", pathLength: ROUND, transform: "rotate(-90 60 60)" });
    this.left = svg("text", { x: 60, y: 67, "text-anchor": "middle" });
    const track = svg("circle", { cx: 60, cy: 60, r: 50, fill: "none", stroke: "var(--surface-3)", "stroke-width": 6 });
    this.title = el("h2", { id: "pause-title", tabindex: "-1" });
    this.text = el("p", {});
    this.contact = el("p", { class: "f1" });
    this.puzzle = null;
    this.offer = el("button", { class: "btn sm quiet", type: "button", "aria-expanded": "false", onclick: () => this.#play() }, gettext("Block puzzle"));
    this.beside = el("div", {});
    this.trouble = el("p", { class: "bad-t", role: "alert" });
    this.early = el("button", { class: "btn sm quiet", type: "button", onclick: () => this.#try(this.resume) }, gettext("Resume early, logged"));
    this.on = el("button", { class: "btn pri", type: "button", onclick: () => this.#try(this.goOn) }, gettext("Go on"), " ", el("kbd", {}, "↵"));
    this.node = el("dialog", { class: "cover", "aria-labelledby": "pause-title" },
      svg("svg", { viewBox: "0 0 120 120", width: 104, height: 104, "aria-hidden": "true" }, track, this.ring, this.left),
      this.title, this.text, this.contact, this.beside, this.trouble, this.on, this.offer, this.early);
    this.node.addEventListener("cancel", (event) => event.preventDefault());
    this.node.addEventListener("close", () => {
      if (this.#timer) this.#open(); // browsers close on a second Esc
      else this.node.remove();
    });
  }

  show({ break_left_ms: left, after, asked, contact }, ends) {
    window.clearInterval(this.#timer);
    this.whole = Math.max(this.whole ?? 0, left);
    this.title.textContent = gettext("Break. Nothing is on screen.");
    this.text.textContent = [asked || !after ? "" : gettext("You have looked for %(n)s minutes.", { n: after }),
      gettext("Your place is kept, and what you decided is saved. You may have to sign in again.")].filter(Boolean).join(" ");
    const lines = (contact ?? "").split("\n").filter(Boolean).flatMap((line) => [el("br"), line]);
    this.contact.replaceChildren(...(lines.length ? [gettext("Whom you can speak to:"), ...lines] : []));
    this.trouble.textContent = "";
    this.on.hidden = true;
    this.early.hidden = false;
    this.#timer = window.setInterval(() => this.#paint(ends), 1000);
    this.#paint(ends);
    if (!this.node.open) this.#open();
  }

  #open() {
    document.body.append(this.node);
    this.node.showModal(); // above every other dialog
    this.title.focus(); // a key that is held at this moment must end no break
    announce(this.title.textContent);
  }

  #paint(ends) {
    const left = Math.max(0, ends - performance.now());
    this.left.textContent = clock(Math.ceil(left / 1000) * 1000);
    this.ring.setAttribute("stroke-dasharray", `${(ROUND * left) / this.whole} ${ROUND}`);
    if (left > 0 || !this.on.hidden) return;
    this.title.textContent = gettext("The break is over.");
    this.on.hidden = false;
    this.early.hidden = true;
    this.on.focus();
    announce(this.title.textContent);
  }

  /** Something for eyes and hands, for who wants it; another press puts it away. */
  async #play() {
    if (this.puzzle) { this.#putAway(); return; }
    try {
      const { blocks } = await import("./blocks.js");
      this.puzzle = blocks();
      this.beside.replaceChildren(this.puzzle.node);
      this.offer.setAttribute("aria-expanded", "true");
      this.puzzle.start();
    } catch {
      this.trouble.textContent = gettext("The puzzle did not come.");
    }
  }

  #putAway() {
    this.puzzle?.stop();
    this.puzzle = null;
    this.beside.replaceChildren();
    this.offer.setAttribute("aria-expanded", "false");
  }

  async #try(act) {
    try {
      await act();
    } catch (error) {
      if (error.status === 401) location.reload(); // to the sign-in; the place is kept
      else this.trouble.textContent = error.message;
    }
  }

  close() {
    window.clearInterval(this.#timer);
    this.#timer = null;
    this.whole = 0;
    this.#putAway();
    this.node.close();
  }
}
