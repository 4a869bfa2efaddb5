// The look-up page: files are hashed here, and only their hashes are asked about. Names never leave this page.
import { postForm } from "./api.js";
import { announce, size as sizeText } from "./dom.js";
import { droppedFiles } from "./dropped.js";
import { fileRow } from "./found.js";
import { gettext, ngettext } from "./words.js";

const FILES = 3000; // a request: three hashes each, and 10,000 may be asked at once
const ROWS = 1000; // shown; more would take a browser seconds

class FileLookup {
  constructor(form) {
    this.form = form;
    this.files = []; // { path, size, hashes } or { path, size, failed }
    this.round = 0; // what a stopped round still sends counts no more
    const parts = { zone: "[data-drop]", input: 'input[type="file"]', bar: "progress", line: "[data-lookup-line]",
      start: "[data-lookup-files]", stop: "[data-lookup-stop]", purpose: "#purpose" };
    for (const [name, selector] of Object.entries(parts)) this[name] = form.querySelector(selector);
    this.found = document.querySelector("[data-lookup-found]");
    this.#listen();
  }

  #listen() {
    this.input.addEventListener("change", () => {
      this.#take([...this.input.files].map((blob) => ({ path: blob.name, size: blob.size, blob })));
    });
    this.zone.addEventListener("dragover", (event) => { event.preventDefault(); this.zone.classList.add("over"); });
    this.zone.addEventListener("dragleave", () => this.zone.classList.remove("over"));
    this.zone.addEventListener("drop", (event) => { event.preventDefault(); this.#drop(event.dataTransfer); });
    this.start.addEventListener("click", () => this.#ask());
    this.stop.addEventListener("click", () => this.#end(gettext("Stopped. Nothing was asked.")));
  }

  #say(text) {
    this.line.textContent = text;
  }

  async #drop(transfer) {
    this.zone.classList.remove("over");
    try {
      this.#take(await droppedFiles(transfer));
    } catch {
      this.#say(gettext("What was dropped cannot be read. Choose it with the button."));
    }
  }

  /** Hashes files; then asks, if it is said what for. */
  async #take(files) {
    if (!files.length) return;
    this.#end("");
    const round = this.round;
    this.#busy(true);
    const hashed = await this.#hash(files, () => round !== this.round);
    if (round !== this.round) return;
    this.files = hashed;
    this.#busy(false);
    this.start.disabled = false;
    if (this.purpose.checkValidity()) await this.#ask();
    else this.#askFirst();
  }

  #askFirst() {
    this.#say(ngettext("%(n)s file hashed. Say what it is for, then look up.", "%(n)s files hashed. Say what it is for, then look up.", this.files.length));
    announce(gettext("Hashed. Say what it is for, then look up."));
    this.purpose.focus();
  }

  #busy(on) {
    this.bar.hidden = this.stop.hidden = !on;
    if (on) this.start.disabled = true;
  }

  #end(text) {
    this.round += 1;
    this.worker?.terminate();
    this.worker = null;
    this.#busy(false);
    this.#say(text);
  }

  /** The files with their hashes, in their order. */
  #hash(files, stopped) {
    const all = files.reduce((sum, file) => sum + file.size, 0);
    const worker = new Worker(new URL("./hashing.js", import.meta.url).href, { type: "module" });
    this.worker = worker;
    this.bar.max = Math.max(1, all);
    this.bar.value = 0;
    return new Promise((resolve) => {
      const results = files.map(({ path, size }) => ({ path, size }));
      let [before, ready] = [0, 0];
      worker.addEventListener("message", ({ data: { id, done, hashes, failed } }) => {
        if (stopped()) return;
        if (done !== undefined) {
          this.bar.value = before + done;
          return;
        }
        Object.assign(results[id], failed ? { failed } : { hashes });
        before += files[id].size;
        ready += 1;
        this.bar.value = before;
        this.#say(ngettext("Hashing: %(ready)s of %(n)s file, %(size)s", "Hashing: %(ready)s of %(n)s files, %(size)s", files.length, { ready, size: sizeText(all) }));
        if (ready < files.length) return;
        worker.terminate();
        resolve(results);
      });
      files.forEach(({ blob }, id) => worker.postMessage({ id, blob }));
    });
  }

  /** Asks about the hashes, and shows what is known of each file. */
  async #ask() {
    if (!this.files.length || !this.purpose.reportValidity()) return;
    const known = new Map();
    this.start.disabled = true;
    this.#say(gettext("Looking up"));
    try {
      const readable = this.files.filter((file) => file.hashes);
      for (let start = 0; start < readable.length; start += FILES) {
        const { answers } = await postForm(location.pathname, this.#question(readable.slice(start, start + FILES)));
        for (const { hash, matches } of answers) known.set(hash, matches);
      }
      this.#show(known);
    } catch (error) {
      this.#say(gettext("Not looked up: %(why)s", { why: error.message }));
      announce(error.message);
    }
    this.start.disabled = false;
  }

  /** What is sent: the purpose and hashes, and nothing else of a file. */
  #question(files) {
    const asked = new FormData();
    asked.append("purpose", this.purpose.value);
    asked.append("hashes", files.flatMap((file) => Object.values(file.hashes)).join("\n"));
    return asked;
  }

  #show(known) {
    const rows = this.files.map((file) => ({
      file, matches: Object.values(file.hashes ?? {}).flatMap((hash) => known.get(hash) ?? []),
    }));
    const hits = rows.filter(({ matches }) => matches.length).length;
    const text = gettext("%(known)s known, %(unknown)s unknown", { known: hits, unknown: rows.length - hits });
    rows.sort((one, other) => (other.matches.length > 0) - (one.matches.length > 0));
    this.found.querySelector("tbody").replaceChildren(...rows.slice(0, ROWS).map(fileRow));
    this.found.querySelector("[data-lookup-counts]").textContent =
      rows.length > ROWS ? `${text}; ${gettext("the first %(n)s are shown", { n: ROWS })}` : text;
    this.found.hidden = false;
    this.#say(text);
    this.found.querySelector("h2").focus();
  }
}

document.querySelectorAll("form[data-lookup]").forEach((form) => new FileLookup(form));
