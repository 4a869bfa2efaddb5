// The review page: puts batch, grid, viewer, keys, outbox and inspector together.
import { BatchBar, figures } from "./bar.js";
import { Batch, canUnveil, files, isHandled } from "./batch.js";
import { bindButtons, bindKeys } from "./bindings.js";
import { Desk } from "./desk.js";
import { fillDock } from "./dock.js";
import { afterPaint, announce, categoryMark, plural } from "./dom.js";
import { Exposure } from "./exposure.js";
import { showFinish } from "./finish.js";
import { Grid } from "./grid.js";
import { Inspector } from "./inspector.js";
import { Notices } from "./notices.js";
import { Outbox } from "./outbox.js";
import { noteOf, saving, showState } from "./saving.js";
import { spokenName } from "./tile.js";
import { Unveiler } from "./unveil.js";
import { drop } from "./veils.js";
import { Viewer } from "./viewer.js";

const SUMS = 15_000; // milliseconds between reports of sums, and between questions for changes

const main = document.querySelector("[data-review]");
const part = (name) => main.querySelector(`[data-part="${name}"]`);

class Review {
  constructor() {
    this.veil = { blur: true, grey: true };
    this.last = null;
    this.lookingBack = null;
    this.said = "";
    this.paintBar = afterPaint(() => this.#paintBar());
    this.paintSides = afterPaint(() => this.#paintSides());
    this.batch = new Batch(main.dataset.api, main.dataset.batch);
    this.exposure = new Exposure();
    this.notices = new Notices(part("notices"));
    this.unveiler = new Unveiler({
      address: (item) => this.batch.clearAddress(item),
      exposure: this.exposure,
      onChange: (unit, { error, shown }) => {
        if (shown === false) this.grid.refresh(unit);
        if (error) this.notices.show("picture", { tone: "warn", icon: "eye-off", title: "The picture did not come.", text: error.message });
        this.inspector.paintSession();
      },
    });
    this.outbox = new Outbox({
      send: (body, options) => this.batch.send(body, options),
      fill: (act) => ({ ...act, version: this.batch.find(act.stack)?.version ?? 0 }),
      due: () => this.exposure.due,
      take: () => this.exposure.take(),
      restore: (sums) => this.exposure.restore(sums),
      onResult: (act, result) => this.settle(act, result),
      onAnswer: () => this.paintBar(),
      onState: (state) => this.saved(state),
    });
    this.desk = new Desk({
      batch: this.batch,
      outbox: this.outbox,
      viewingsOf: (item) => this.exposure.of(item),
      changed: (unit) => this.changed(unit),
      told: (kind, unit, text) => this.told(kind, unit, text),
    });
    this.grid = new Grid(part("lightbox"), part("tiles"), {
      categoryOf: (unit) => (unit.code === null ? null : this.batch.category(unit.code)),
      seen: (unit) => this.exposure.seen(unit.item),
      onFocus: (unit) => this.focused(unit),
      onOpen: () => this.openViewer(),
      onAnew: () => this.unveiler.replace(),
    });
    this.bar = new BatchBar(part("bar"), part("decided"), part("total"));
    this.viewer = new Viewer(part("viewer"));
    this.inspector = new Inspector(part("inspector"), {
      api: main.dataset.api,
      session: () => ({ last: this.last, exposure: this.exposure.session, saving: saving(this.outbox) }),
    });
  }

  async start() {
    const slow = window.setTimeout(() => { part("loading").hidden = false; }, 400);
    let first = true;
    try {
      await this.batch.load(() => {
        window.clearTimeout(slow);
        part("loading").hidden = true;
        if (first) this.ready();
        else this.grid.setUnits(this.units());
        first = false;
        this.paintBar();
      }, () => {
        this.grid.refresh();
        if (this.viewer.isOpen) this.repaint();
      });
    } catch (error) {
      window.clearTimeout(slow);
      part("loading").hidden = true;
      this.notices.show("load", { tone: "bad", icon: "cloud-off", title: "The batch could not be loaded.", text: `${error.message} Nothing was changed.`, action: ["Try again", () => location.reload()], stays: true });
    }
  }

  units() {
    return this.lookingBack ?? this.batch.units;
  }

  ready() {
    this.exposure.before = this.batch.info.on_screen_ms;
    this.say = fillDock(part("dock"), this.batch.info.scheme, (id, key) => {
      this.press(id, key);
      this.focusStage();
    });
    this.grid.setUnits(this.batch.units);
    bindKeys(this, [part("lightbox"), part("viewer")]);
    bindButtons(this, main.querySelectorAll("[data-act]"));
    part("lightbox").addEventListener("click", () => this.focusStage());
    window.addEventListener("beforeunload", (event) => { if (this.outbox.unsaved) event.preventDefault(); });
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    window.setInterval(() => { this.outbox.report(); this.lookForChanges(); }, SUMS);
    const open = this.batch.units.findIndex((unit) => !isHandled(unit));
    this.grid.go(Math.max(0, open), { quiet: document.activeElement !== document.body });
    if (open < 0 && this.batch.units.length === this.batch.info.size) this.finish();
  }

  leave() {
    this.unveiler.panic();
    if (!this.closed) this.outbox.farewell();
    this.batch.units.forEach(drop);
  }

  // ---- acts ----

  focusStage() {
    if (this.viewer.isOpen) this.viewer.stage.focus({ preventScroll: true });
    else this.grid.currentTile?.focus({ preventScroll: true });
  }

  /** What a key or its button does to the units in question, and then the next one is on screen. */
  press(id, key = null) {
    if (id === "undo" || id === "redo") return this.step(id);
    if (this.outbox.full) return announce("The queue has stopped until decisions are saved.");
    const kind = id === "decide-stack" ? "decide" : id;
    const category = kind === "decide" ? this.batch.byKey(key) : null;
    if (kind === "decide" && !category) return undefined;
    this.unveiler.veil(); // what was seen belongs to this act
    const units = this.viewer.isOpen ? [this.grid.current] : this.grid.chosen;
    const scope = id === "decide-stack" ? "stack" : "item";
    if (!units[0] || !this.desk.make(kind, units, { code: category?.code ?? null, scope })) return undefined;
    const count = units.reduce((sum, unit) => sum + files(unit), 0);
    const more = `${plural(count, "file")}`;
    this.last = category ? { category, more } : { text: { unsure: "Unsure", skip: "Skipped", flag: "Flag", clear: "Cleared" }[kind], more };
    this.paintBar();
    if (kind === "flag" || kind === "clear") return this.repaint();
    const said = category ? `${category.code} ${category.name}` : this.last.text;
    return this.advance(units[units.length - 1], `${said}, ${more}. `);
  }

  step(id) {
    this.unveiler.veil();
    const units = this.desk[id]();
    if (!units.length) return announce(id === "undo" ? "Nothing to undo in this batch." : "Nothing to redo.");
    const place = this.units().indexOf(units[0]);
    if (place < 0) this.stopLookingBack();
    this.last = { text: id === "undo" ? "Undone" : "Made again", more: plural(units.length, "item") };
    this.move(this.units().indexOf(units[0]));
    return this.paintBar();
  }

  /** To the next open unit, then round from the start, then to those skipped; at the end the summary. */
  advance(from, said) {
    const units = this.units();
    const start = units.indexOf(from);
    if (this.lookingBack) return this.move(Math.min(units.length - 1, start + 1), false, said);
    const order = [...units.slice(start + 1), ...units.slice(0, start)];
    const next = order.find((unit) => !isHandled(unit));
    if (next) return this.move(units.indexOf(next), false, said);
    announce(said);
    this.repaint();
    return this.finish();
  }

  // ---- looking ----

  move(place, extend = false, said = "") {
    this.said = said;
    this.grid.go(place, { extend, quiet: this.viewer.isOpen });
  }

  focused(unit) {
    if (!unit) return;
    const units = this.units();
    const place = units.indexOf(unit);
    this.unveiler.focus(unit, units.slice(place + 1).find((other) => !isHandled(other)));
    if (this.viewer.isOpen) this.viewer.show(unit, this.mark(unit));
    if (!this.veil.blur) this.hold();
    this.paintSides();
  }

  /** What stands around the item in focus; it may come a frame later. */
  #paintSides() {
    const unit = this.grid.current;
    if (!unit) return;
    const place = this.units().indexOf(unit);
    this.inspector.show(unit, place);
    this.paintScope(unit);
    part("place").textContent = `${place + 1} of ${this.units().length}`;
    announce(`${this.said}${spokenName(unit, place, this.units().length, this.grid.categoryOf(unit))}`);
    this.said = "";
  }

  repaint() {
    if (this.grid.current) this.focused(this.grid.current);
  }

  mark(unit) {
    const category = this.grid.categoryOf(unit);
    return category ? categoryMark(category) : null;
  }

  hold() {
    const unit = this.grid.current;
    if (!unit) return;
    if (!canUnveil(unit)) announce("There is no picture for this item.");
    this.unveiler.hold(unit, () => (this.viewer.isOpen ? this.viewer.frame : this.grid.currentTile));
  }

  /** Larger only in the viewer, and only while the key is held. */
  enlarge() {
    if (!this.viewer.isOpen) return;
    this.viewer.large(true);
    this.hold();
  }

  unhold() {
    this.viewer.large(false);
    if (this.veil.blur) this.unveiler.veil();
  }

  setVeil(which) {
    this.veil[which] = !this.veil[which];
    main.classList.toggle("grey", this.veil.grey);
    main.querySelector(`[data-act="${which}"]`).setAttribute("aria-pressed", String(this.veil[which]));
    if (which === "blur") {
      if (this.veil.blur) this.unveiler.veil();
      else this.hold();
    }
    announce(`${which === "blur" ? "Blur" : "Grey"} ${this.veil[which] ? "on" : "off"}`);
    this.focusStage();
  }

  panic() {
    this.unveiler.panic();
    if (!this.veil.blur) this.setVeil("blur");
    this.viewer.large(false);
    announce("Everything is veiled.");
    this.focusStage();
  }

  resize(step) {
    part("size").textContent = String(this.grid.setSize(step));
    this.focusStage();
  }

  openViewer() {
    if (!this.grid.current || this.viewer.isOpen) return;
    this.unveiler.veil();
    part("lightbox").hidden = true;
    this.showBars(true);
    this.viewer.open(this.grid.current, this.mark(this.grid.current));
    this.repaint();
  }

  back() {
    if (this.viewer.isOpen) {
      this.unveiler.veil();
      this.viewer.close();
      part("lightbox").hidden = false;
      this.showBars(false);
      this.grid.layout();
      this.grid.go(this.grid.place);
    } else if (this.grid.anchor !== null) this.grid.go(this.grid.place);
    else if (this.lookingBack) this.stopLookingBack();
  }

  showBars(inViewer) {
    main.querySelectorAll("[data-when]").forEach((node) => { node.hidden = (node.dataset.when === "viewer") !== inViewer; });
  }

  // ---- painting ----

  changed(unit) {
    this.grid.refresh(unit);
    if (this.viewer.isOpen && unit === this.grid.current) this.viewer.show(unit, this.mark(unit));
  }

  paintScope(unit) {
    if (!this.say) return;
    const chosen = this.viewer.isOpen ? [unit] : this.grid.chosen;
    if (chosen.length > 1) return this.say(plural(chosen.length, "item"), null);
    const copies = unit.copies ? ` + ${plural(unit.copies, "exact copy", "exact copies")}` : "";
    return this.say(`1 ${unit.kind === "video" ? "clip" : "item"}${copies}`, unit.items > 1 ? `whole stack: ${unit.items}` : null);
  }

  #paintBar() {
    this.bar.paint(this.batch, this.exposure.session);
    this.inspector.paintSession();
  }

  // ---- the server ----

  settle(act, result) {
    this.desk.settle(act, result);
    if (result.files && this.last) this.last = { ...this.last, more: plural(result.files, "file") };
    this.paintBar();
  }

  saved(state) {
    showState(this.notices, state, { again: () => this.outbox.flush() });
    const text = saving(this.outbox);
    if (text !== this.savingText) {
      this.savingText = text;
      this.inspector.paintSession();
    }
  }

  told(kind, unit, text) {
    this.notices.show(`told-${unit.id}`, noteOf(kind, this.batch.units.indexOf(unit) + 1, text));
    this.inspector.forget(unit);
    if (kind === "gone") this.remove([unit]);
    else if (unit === this.grid.current) this.repaint();
    this.paintBar();
  }

  remove(units) {
    this.lookingBack = this.lookingBack?.filter((unit) => !units.includes(unit)) ?? null;
    this.batch.remove(units);
    const focused = document.activeElement?.closest(".tile");
    this.grid.setUnits(this.units());
    if (focused) this.focusStage();
    this.repaint();
  }

  /** Units that became known meanwhile leave, but never the one in focus nor one already decided here. */
  async lookForChanges() {
    let left;
    try {
      left = await this.batch.changes();
    } catch {
      return; // the outbox tells when the server is away; this asks again by itself
    }
    const reasons = new Map(left.map(({ stack, reason }) => [stack, reason]));
    const going = this.batch.units.filter((unit) => reasons.has(unit.id) && unit !== this.grid.current && !isHandled(unit) && unit.waiting === 0);
    if (!going.length) return;
    const why = [...new Set(going.map((unit) => reasons.get(unit.id)))].join("; ");
    this.remove(going);
    this.paintBar();
    this.notices.show("left", { tone: "acc", icon: "info", title: `${plural(going.length, "item")} left the batch:`, text: `${why}. Nobody needs to look at ${going.length === 1 ? "it" : "them"}.` });
  }

  // ---- the end ----

  finish() {
    this.unveiler.veil();
    if (this.viewer.isOpen) this.back();
    const form = main.querySelector("[data-next-form]");
    showFinish(part("finish"), figures(this.batch, this.exposure.session), {
      next: async () => { await this.close(); form.submit(); },
      stop: async () => { location.assign((await this.close()).next); },
      back: () => this.lookBack(),
    });
  }

  async close() {
    await this.outbox.drained();
    const answer = await this.batch.close();
    this.closed = true;
    return answer;
  }

  lookBack() {
    const seen = this.exposure.session.stacks;
    this.lookingBack = this.batch.units.filter((unit) => seen.has(unit.id));
    part("looking-back").hidden = false;
    this.grid.setUnits(this.lookingBack);
    this.move(0);
  }

  stopLookingBack() {
    this.lookingBack = null;
    part("looking-back").hidden = true;
    this.grid.setUnits(this.batch.units);
    this.move(this.grid.place);
  }
}

if (main) {
  main.classList.add("grey");
  new Review().start();
}
