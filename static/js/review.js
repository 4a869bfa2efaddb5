// The review page: puts batch, grid, viewer, keys, outbox and inspector together.
import { Answers } from "./answers.js";
import { BatchBar } from "./bar.js";
import { Batch, isHandled } from "./batch.js";
import { Context } from "./context.js";
import { Desk } from "./desk.js";
import { scopeOf } from "./dock.js";
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
import { Opening } from "./opening.js";
import { Outbox } from "./outbox.js";
import { Pressing } from "./pressing.js";
import { saving } from "./saving.js";
import { Screens } from "./screens.js";
import { marks, spokenName } from "./tile.js";
import { Trips, tripButtons } from "./trips.js";
import { Unveiler } from "./unveil.js";
import { StackView } from "./stackview.js";
import { Viewer } from "./viewer.js";
import { gettext } from "./words.js";

const main = document.querySelector("[data-review]");
const isSecond = main?.dataset.about === "second-views"; // which leads nowhere else: what is beside was decided, too
const part = (name) => main.querySelector(`[data-part="${name}"]`);

class Review {
  #tools = {};
  isSecond = isSecond;
  main = main;
  part = part;

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
      onOpen: () => this.screens.openViewer(),
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
    this.context = new Context(this);
    this.screens = new Screens(this);
    this.inspector = new Inspector(part("inspector"), {
      note: this.note,
      context: this.context,
      about: `${main.dataset.api}/${main.dataset.about}`,
      openStack: () => this.screens.openStack(),
      why: () => this.why(),
      session: () => ({ last: this.last.shown, exposure: this.exposure.session, saving: saving(this.outbox) }),
      beside: isSecond ? null : tripButtons(null, (kind) => this.beside.open(kind)),
    });
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

if (main) new Opening(new Review()).start();
