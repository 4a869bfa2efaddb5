// The upload form: what is chosen or dropped, how far its sending is, pausing, and ending without what cannot be had.
import { postForm } from "./api.js";
import { announce, size as sizeText, spoken } from "./dom.js";
import { droppedFiles } from "./dropped.js";
import { Patience } from "./patience.js";
import { sendMissing } from "./sending.js";
import { gettext, ngettext } from "./words.js";

const RECENT = 15000; // milliseconds over which speed is told
const NAMED = 3; // files that a sentence names

const chosenIn = (input) =>
  [...input.files].map((blob) => ({ path: blob.webkitRelativePath || blob.name, size: blob.size, blob }));
const bytesOf = (files) => files.reduce((sum, file) => sum + file.size, 0);

/** Speed and time left, from what arrived lately. */
class Pace {
  constructor(files, bytes) {
    Object.assign(this, { files, bytes, doneFiles: 0, doneBytes: 0, seen: [] });
  }

  add(files, bytes) {
    this.doneFiles += files;
    this.doneBytes += bytes;
    const now = performance.now();
    this.seen = [...this.seen.filter(([at]) => now - at < RECENT), [now, this.doneBytes]];
  }

  get text() {
    const words = [ngettext("%(done)s of %(n)s file", "%(done)s of %(n)s files", this.files, { done: this.doneFiles })];
    const [[from, before], [to, after]] = [this.seen[0], this.seen.at(-1)];
    if (to - from > 1000 && after > before) {
      const rate = (after - before) / (to - from); // bytes a millisecond
      words.push(`${sizeText(Math.round(rate * 1000))}/s`, gettext("%(time)s left", { time: spoken((this.bytes - this.doneBytes) / rate) }));
    }
    return words.join(", ");
  }
}

/** Takes over `form[data-upload]`: its file inputs, its drop zone and its buttons. */
export function attachUpload(form) {
  new UploadForm(form);
}

class UploadForm {
  constructor(form) {
    this.form = form;
    this.inputs = [...form.querySelectorAll('input[type="file"]')];
    const parts = { bar: "progress", line: "[data-upload-line]", pace: "[data-upload-pace]", zone: "[data-drop]",
      start: "[data-upload-start]", hold: "[data-upload-hold]", without: "[data-upload-without]" };
    for (const [name, selector] of Object.entries(parts)) this[name] = form.querySelector(selector);
    this.dropped = [];
    this.sending = false;
    this.#listen();
    this.#refresh();
  }

  #listen() {
    for (const input of this.inputs) input.addEventListener("change", () => this.#refresh());
    this.zone.addEventListener("dragover", (event) => { event.preventDefault(); this.zone.classList.add("over"); });
    this.zone.addEventListener("dragleave", () => this.zone.classList.remove("over"));
    this.zone.addEventListener("drop", (event) => { event.preventDefault(); this.#drop(event.dataTransfer); });
    window.addEventListener("beforeunload", (event) => { if (this.sending) event.preventDefault(); });
    this.hold.addEventListener("click", () => this.#hold());
    this.without.addEventListener("click", () => this.#end({ anyway: true }).catch((error) => this.#stopped(error, 0)));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
  }

  get chosen() {
    return [...this.inputs.flatMap(chosenIn), ...this.dropped];
  }

  #say(text) {
    this.line.textContent = text;
  }

  #refresh() {
    const files = this.chosen;
    if (!this.sending) {
      this.#say(files.length ? `${ngettext("%(n)s file", "%(n)s files", files.length)}, ${sizeText(bytesOf(files))}` : gettext("Nothing chosen yet"));
    }
    this.start.disabled = files.length === 0 || this.sending;
    this.bar.hidden = this.hold.hidden = this.pace.hidden = !this.sending;
  }

  async #drop(transfer) {
    this.zone.classList.remove("over");
    this.#say(gettext("Looking at what was dropped"));
    try {
      this.dropped = await droppedFiles(transfer);
      this.#refresh();
    } catch {
      this.#say(gettext("What was dropped cannot be read. Choose it with the button."));
    }
  }

  #hold() {
    if (this.patience.paused) this.patience.goOn();
    else this.patience.pause();
    this.hold.textContent = this.patience.paused ? gettext("Continue") : gettext("Pause");
  }

  async #send() {
    const files = this.chosen;
    if (!files.length || this.sending || !this.form.reportValidity()) return;
    this.sending = true;
    this.without.hidden = true;
    this.hold.textContent = gettext("Pause");
    this.#refresh();
    this.#say(gettext("Sending"));
    this.patience = new Patience((text) => this.#say(text || gettext("Sending")));
    const pace = new Pace(files.length, bytesOf(files));
    try {
      this.place = await this.patience.until(() => postForm(this.form.dataset.upload, this.#exhibit()));
      const unreadable = await sendMissing(files, this.place, this.patience, (more, bytes) => {
        pace.add(more, bytes);
        this.bar.max = Math.max(1, pace.bytes);
        this.bar.value = pace.doneBytes;
        this.pace.textContent = pace.text;
      });
      await this.#end({ unreadable });
    } catch (error) {
      this.#stopped(error, pace.doneFiles);
    }
  }

  #exhibit() {
    const told = new FormData();
    for (const name of ["ref", "description"]) told.append(name, this.form.elements[name]?.value ?? "");
    return told;
  }

  /** All is sent, or what is not is given up: the ingest begins. */
  async #end({ anyway = false, unreadable = [] }) {
    const told = new FormData();
    if (anyway) told.append("anyway", "1");
    try {
      const { next } = await this.patience.until((signal) => postForm(this.place.done_url, told, signal));
      this.sending = false;
      announce(gettext("All sent"));
      location.assign(next);
    } catch (error) {
      if (error.code !== "upload-incomplete") throw error;
      const names = unreadable.slice(0, NAMED).map((file) => file.path).join(", ");
      const more = unreadable.length > NAMED ? gettext("%(names)s and others", { names }) : names;
      this.#stop(names ? `${gettext("This browser could not read %(names)s.", { names: more })} ${error.message}` : error.message);
      this.without.hidden = false;
    }
  }

  #stop(text) {
    this.sending = false;
    this.#refresh();
    this.#say(text);
    announce(text);
  }

  #stopped(error, files) {
    this.#stop(files
      ? ngettext("Stopped after %(n)s file: %(why)s What was sent is kept; sending again doubles nothing.", "Stopped after %(n)s files: %(why)s What was sent is kept; sending again doubles nothing.", files, { why: error.message })
      : gettext("Not sent: %(why)s", { why: error.message }));
  }
}
