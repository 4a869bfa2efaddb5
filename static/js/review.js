// The review page: puts batch, grid, viewer, keys, outbox and inspector together.
import { Answers } from "./answers.js";
import { BatchBar } from "./bar.js";
import { Batch, isHandled } from "./batch.js";
import { bindButtons, bindKeys, bindReturns } from "./bindings.js";
import { Desk } from "./desk.js";
import { fillDock, scopeOf } from "./dock.js";
import { afterPaint, announce } from "./dom.js";
import { Ending } from "./ending.js";
import { Exposure } from "./exposure.js";
import { Filming } from "./filming.js";
import { Grid } from "./grid.js";
import { Inspector } from "./inspector.js";
import { Last } from "./last.js";
import { Looking } from "./looking.js";
import { NoteField } from "./note.js";
import { Notices } from "./notices.js";
import { Outbox } from "./outbox.js";
import { Pressing } from "./pressing.js";
import { saving } from "./saving.js";
import { marks, spokenName } from "./tile.js";
import { Trips, tripButtons } from "./trips.js";
import { Unveiler } from "./unveil.js";
import { drop } from "./veils.js";
import { StackView } from "./stackview.js";
import { Viewer } from "./viewer.js";
import { gettext, number } from "./words.js";

const SUMS = 15_000; // milliseconds between reports of sums, and between questions for changes

const main = document.querySelector("[data-review]");
const isSecond = main?.dataset.about === "second-views"; // which leads nowhere else: what is beside was decided, too
const part = (name) => main.querySelector(`[data-part="${name}"]`);

class Review {
  #tools = {};
  isSecond = isSecond;

  constructor() {
    this.last = new Last();
    this.said = "";
    this.paintBar = afterPaint(() => this.#paintBar());
    this.paintSides = afterPaint(() => this.#paintSides());
    this.batch = new Batch(main.dataset.api, main.dataset.batch);
    this.exposure = new Exposure();
    this.notices = new Notices(part("notices"), (pixels) => this.grid.makeRoom(pixels));
    this.answers = new Answers(this);
    this.pressing = new Pressing(this);
    this.unveiler = new Unveiler({
      address: (item) => this.batch.clearAddress(item),
      exposure: this.exposure,
      onChange: (unit, { error, shown }) => {
        if (shown === false) this.field.refresh(unit);
        if (error) this.notices.show("picture", { tone: "warn", icon: "eye-off", title: gettext("The picture did not come."), text: error.message });
        this.inspector.paintSession();
      },
    });
    this.outbox = new Outbox({
      send: (body, options) => this.batch.send(body, options),
      fill: (act) => ({ ...act, version: this.batch.find(act.stack)?.version ?? 0 }),
      due: () => this.exposure.due,
      take: (how) => this.exposure.take(how),
      restore: (sums) => this.exposure.restore(sums),
      onResult: (act, result) => this.answers.settle(act, result),
      onAnswer: () => this.answers.arrived(),
      onState: (state) => this.answers.saved(state),
    });
    this.desk = new Desk({
      batch: this.batch,
      outbox: this.outbox,
      viewingsOf: (item) => this.exposure.of(item),
      changed: (unit) => this.changed(unit),
      told: (...what) => this.answers.told(...what),
    });
    this.grid = new Grid(part("lightbox"), part("tiles"), {
      categoryOf: (unit) => (unit.code === null ? null : this.batch.category(unit.code)),
      seen: (unit) => this.exposure.seen(unit.item),
      total: () => this.total,
      onFocus: (unit) => this.focused(unit),
      onOpen: () => this.openViewer(),
      onAnew: () => this.unveiler.replace(),
    });
    this.bar = new BatchBar(part("bar"), part("decided"), part("total"));
    this.viewer = new Viewer(part("viewer"), {
      onFrame: (how) => this.#frameFocused(how),
      exposure: this.exposure,
    });
    this.filming = new Filming(this);
    this.stackView = new StackView(this, part("stack"));
    this.looking = new Looking(main, this);
    this.beside = new Trips(part("beside"), part("inspector"), this);
    this.ending = new Ending(this, { dialog: part("finish"), chip: part("looking-back"), form: main.querySelector("[data-next-form]") });
    this.note = new NoteField(this);
    this.inspector = new Inspector(part("inspector"), {
      note: this.note,
      about: `${main.dataset.api}/${main.dataset.about}`,
      openStack: () => this.openStack(),
      why: () => this.why(),
      session: () => ({ last: this.last.shown, exposure: this.exposure.session, saving: saving(this.outbox) }),
      beside: isSecond ? null : tripButtons(null, (kind) => this.beside.open(kind)),
    });
  }

  async start() {
    const slow = window.setTimeout(() => { part("loading").hidden = false; }, 400);
    const come = () => { window.clearTimeout(slow); part("loading").hidden = true; };
    let first = true;
    try {
      await this.batch.load(() => {
        come();
        if (first) this.ready();
        else this.grid.setUnits(this.units());
        first = false;
        this.paintBar();
      }, () => {
        this.grid.refresh();
        if (this.viewer.isOpen) this.repaint();
      });
      this.desk.resume(this.batch.info.steps);
      if (!isSecond) part("waiting").textContent = `· ${gettext("%(items)s wait", { items: (await this.batch.waiting()).waiting })}`;
    } catch (error) {
      come();
      this.notices.show("load", { tone: "bad", icon: "cloud-off", title: gettext("The batch could not be loaded."), text: `${error.message} ${gettext("Nothing was changed.")}`, action: [gettext("Try again"), () => location.reload()], stays: true });
    }
  }

  /** What is to be clear, and the node in which: a tile, the picture of the viewer, a frame of its storyboard. */
  get target() {
    const unit = this.field.current;
    return this.viewer.isOpen && unit ? this.viewer.target(unit) : { unit, host: () => this.field.currentTile };
  }

  /** The grid that is on screen: of the batch, or of one stack. */
  get field() {
    return this.stackView.isOpen ? this.stackView.grid : this.grid;
  }

  /** Stacks were added to the batch. */
  async extended() {
    await this.batch.more();
    this.grid.setUnits(this.units());
    this.paintBar();
  }

  units() {
    return this.ending.lookingBack ?? this.batch.units;
  }

  get total() {
    return this.ending.lookingBack?.length ?? this.batch.size;
  }

  ready() {
    this.exposure.resume(this.batch.info);
    this.say = fillDock(part("dock"), this.batch.info.scheme, (id, key) => {
      this.pressing.press(id, key);
      this.focusStage();
    }, { flags: this.batch.info.kind !== "second" }); // in a second view a flag would tell others too early
    part("size").textContent = number(this.grid.size);
    this.grid.setUnits(this.batch.units);
    bindKeys(this, [part("lightbox"), part("viewer")]);
    bindButtons(this, main.querySelectorAll("[data-act]"));
    bindReturns(this);
    part("lightbox").addEventListener("click", () => this.focusStage());
    window.addEventListener("beforeunload", (event) => { if (this.outbox.unsaved) event.preventDefault(); });
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    window.setInterval(() => { this.outbox.report(); this.answers.lookForChanges(); }, SUMS);
    if (part("told").textContent.trim()) this.notices.show("told", { tone: "acc", title: part("told").textContent.trim() });
    this.goOn();
  }

  /** To the first open unit; where there is none, to the summary, and behind it to what was skipped. */
  goOn() {
    const { units } = this.batch;
    const open = units.findIndex((unit) => !isHandled(unit));
    const place = open < 0 ? units.findIndex((unit) => unit.outcome === "skipped") : open;
    this.grid.go(Math.max(0, place), { quiet: open < 0 || document.activeElement !== document.body });
    if (open < 0) this.ending.show();
  }

  leave() {
    this.viewer.film.stop();
    this.unveiler.panic();
    if (!this.ending.closed) this.outbox.farewell();
    this.batch.units.forEach(drop);
  }

  // ---- what comes when somebody asks for it ----

  /** An object of a module that is loaded now; null where it does not come. */
  async tool(name, load, ...more) {
    try {
      return (this.#tools[name] ??= new (await load())[name](this, ...more));
    } catch {
      this.explain(gettext("This did not come. Try again when the server answers."));
      return null;
    }
  }

  async why() {
    (await this.tool("GroundsSheet", () => import("./grounds.js")))?.open();
  }

  async join(act = (joining) => joining.selected()) {
    const joining = await this.tool("Joining", () => import("./joining.js"));
    return joining && act(joining);
  }

  // ---- acts ----

  focusStage() {
    if (this.viewer.isOpen) this.viewer.stage.focus({ preventScroll: true });
    else this.field.currentTile?.focus({ preventScroll: true });
  }

  /** Why a key did nothing, in sight and aloud, until the next one. */
  explain(text) {
    this.notices.show("why", { title: text, quiet: true });
    announce(text);
  }

  // ---- moving and looking ----

  move(place, extend = false, said = "") {
    this.said = said;
    this.grid.go(place, { extend, quiet: this.viewer.isOpen });
  }

  focused(unit) {
    if (!unit) return;
    const units = this.units();
    const place = units.indexOf(unit);
    if (this.viewer.isOpen) this.viewer.show(unit, this.marks(unit));
    this.unveiler.focus(this.target.unit, units.slice(place + 1).find((other) => !isHandled(other)));
    this.looking.arrived(unit.item);
    this.paintSides();
  }

  /** Another frame of the film in the viewer has the focus; or it has no frames after all. */
  #frameFocused({ quiet = false } = {}) {
    if (!this.viewer.isOpen) return;
    this.unveiler.focus(this.target.unit);
    this.inspector.paintSession();
    if (this.viewer.board.isOpen && !quiet) announce(this.viewer.board.spoken);
  }

  resize(step) {
    part("size").textContent = String(this.grid.setSize(step));
  }

  openViewer() {
    if (!this.grid.current || this.viewer.isOpen) return;
    this.looking.close();
    part("lightbox").hidden = true;
    this.showBars(true);
    this.viewer.open(this.grid.current, this.marks(this.grid.current));
    this.repaint();
  }

  /** T: the pictures of the stack in focus, one by one. */
  openStack() {
    const unit = this.grid.current;
    if (this.stackView.isOpen || !unit) return undefined;
    if (unit.items < 2) return this.explain(gettext("There is only one picture here."));
    if (this.viewer.isOpen) this.back();
    this.looking.close();
    part("lightbox").hidden = true;
    return this.stackView.open(unit);
  }

  closeStack() {
    if (!this.stackView.isOpen) return;
    this.leaveStack();
    this.grid.go(this.grid.place);
  }

  /** Out of the stack, for who then moves the focus on: what was just decided is not opened again. */
  leaveStack() {
    const { unit } = this.stackView;
    this.looking.close();
    this.stackView.close();
    unit.changing ||= unit.waiting > 0 && unit.left > 0; // what it shows next, the server says
    part("lightbox").hidden = false;
    this.grid.layout({ anew: true });
  }

  back() {
    if (this.beside.isOpen) this.beside.close();
    else if (this.stackView.isOpen) this.closeStack();
    else if (this.viewer.isOpen) {
      this.looking.close();
      this.viewer.close();
      part("lightbox").hidden = false;
      this.showBars(false);
      this.grid.layout();
      this.grid.go(this.grid.place);
    } else if (this.grid.anchor !== null) this.grid.go(this.grid.place);
    else if (this.ending.lookingBack) this.ending.stopLookingBack();
  }

  showBars(inViewer) {
    main.querySelectorAll("[data-when]").forEach((node) => { node.hidden = (node.dataset.when === "viewer") !== inViewer; });
  }

  // ---- painting ----

  repaint() {
    if (this.stackView.isOpen) this.stackView.paint();
    else if (this.grid.current) this.focused(this.grid.current);
  }

  changed(unit) {
    this.stackView.settled(unit);
    this.grid.refresh(unit);
    if (this.viewer.isOpen && unit === this.grid.current) this.viewer.show(unit, this.marks(unit));
  }

  marks(unit) {
    return marks(unit, this.grid.categoryOf(unit));
  }

  /** What stands around the item in focus; it may come a frame later. */
  #paintSides() {
    const unit = this.grid.current;
    if (!unit || this.stackView.isOpen) return;
    const place = this.units().indexOf(unit);
    this.inspector.show(unit, place);
    const [first, second] = scopeOf(this.viewer.isOpen ? [unit] : this.grid.chosen);
    this.say(first, second && "⇧", second);
    part("join").hidden = isSecond || this.viewer.isOpen || this.grid.chosen.length < 2;
    part("asked").hidden = !part("join").hidden; // one of the two, for room
    part("place").textContent = gettext("%(place)s of %(total)s", { place: place + 1, total: this.total });
    announce(`${this.said}${spokenName(unit, place, this.total)}`);
    this.said = "";
  }

  #paintBar() {
    this.bar.paint(this.batch, this.exposure.session);
    this.inspector.paintSession();
  }
}

if (main) new Review().start();
