// Time on screen, the meter and the break (decision 0014). The server counts and decides: this page tells its running
// total every 15 seconds and when it is left, and shows what comes back. A break lasts there, whatever this page does.
import { postJson } from "./api.js";
import { PANIC } from "./cover.js";
import { announce, clock, el, svg } from "./dom.js";
import { onTime, rest } from "./screen_time.js";
import { gettext } from "./words.js";

const EVERY = 15_000; // milliseconds
const ROUND = 100; // of the ring

class Care {
  #visit = crypto.randomUUID();
  #total = 0; // milliseconds on screen since this page was opened
  #told = 0; // of them
  #breakEnds = null; // by this page's own clock, which nobody can set

  constructor() {
    this.meter = document.querySelector("[data-meter]");
    this.pause = new Pause({ resume: () => this.#act("skip"), goOn: () => this.#send() });
    const { breakLeft, after, contact } = this.meter.dataset;
    if (Number(breakLeft)) this.#rest({ break_left_ms: Number(breakLeft), after: Number(after), contact });
    onTime((passed) => { this.#total += passed; });
    window.setInterval(() => this.#tell(), EVERY);
    window.addEventListener("focus", () => this.#ask());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#tell() : this.#ask()));
    document.addEventListener("winnow:on-break", () => this.#ask());
    window.addEventListener("pagehide", () => this.#tell({ keepalive: true }));
    this.#ask();
  }

  /** Only what is new is worth a word: nobody is kept signed in by a page that lies there. */
  #tell(options) {
    if (this.#total - this.#told >= 1000) this.#ask(options);
  }

  async #send(options) {
    const total = Math.round(this.#total);
    this.#show(await postJson("/api/v1/screen-time", { visit: this.#visit, on_screen_ms: total }, options));
    this.#told = Math.max(this.#told, total);
  }

  #ask(options) {
    return this.#send(options).catch(() => {}); // the total runs on: the next word has it all
  }

  /** Rejects with an ApiError; then nothing has changed. */
  async #act(act) {
    this.#show(await postJson("/api/v1/break", { act }));
  }

  #show(now) {
    this.meter.querySelector("b").textContent = now.first;
    this.meter.querySelector("[data-part=rest]").textContent = now.rest;
    this.meter.querySelector("[data-part=ring]").setAttribute("stroke-dasharray", `${now.share} ${ROUND}`);
    if (now.break_left_ms > 0) this.#rest(now);
    else if (this.#breakEnds !== null) this.#over();
  }

  #rest(now) {
    this.#breakEnds = performance.now() + now.break_left_ms;
    rest(true);
    document.dispatchEvent(new Event(PANIC)); // whatever is clear is veiled, and its bytes let go of
    this.pause.show(now, this.#breakEnds);
  }

  #over() {
    this.#breakEnds = null;
    rest(false);
    this.pause.close();
  }
}

/** The calm screen: minutes left, no pictures, somebody to speak to. */
class Pause {
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
    this.left.textContent = clock(left);
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

export const attachCare = () => document.querySelector("[data-meter]") && new Care();
