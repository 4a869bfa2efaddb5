// The import form: sends the files of a list piece by piece, so that a cut or a reload loses nothing, then imports them.
import { postForm } from "./api.js";
import { announce, size as sizeText } from "./dom.js";
import { Patience } from "./patience.js";
import { sendInPieces } from "./pieces.js";
import { gettext } from "./words.js";

const idOf = (place) => place.split("/").at(-2);

/** Takes over `form[data-list-uploads]`; without this script the form sends everything in one request. */
export function attachListUpload(form) {
  new ListForm(form);
}

class ListForm {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector('input[type="file"]');
    this.buttons = [...form.querySelectorAll("button:not([type])")];
    const parts = { bar: "progress", line: "[data-upload-line]", hold: "[data-upload-hold]" };
    for (const [name, selector] of Object.entries(parts)) this[name] = form.querySelector(selector);
    this.sending = false;
    this.hold.addEventListener("click", () => this.#hold());
    window.addEventListener("beforeunload", (event) => { if (this.sending) event.preventDefault(); });
    form.addEventListener("submit", (event) => this.#submitted(event));
  }

  #submitted(event) {
    event.preventDefault();
    if (!this.sending) this.#send([...this.input.files], event.submitter);
  }

  #hold() {
    if (this.patience.paused) this.patience.goOn();
    else this.patience.pause();
    this.hold.textContent = this.patience.paused ? gettext("Continue") : gettext("Pause");
  }

  #show(sending) {
    this.sending = sending;
    this.bar.hidden = this.hold.hidden = !sending;
    for (const button of this.buttons) button.disabled = sending;
  }

  async #send(files, submitter) {
    const fields = this.#fields(submitter); // before the buttons are disabled
    this.#show(true);
    this.hold.textContent = gettext("Pause");
    this.patience = new Patience((text) => { this.line.textContent = text || gettext("Sending"); });
    this.bar.max = Math.max(1, files.reduce((sum, file) => sum + file.size, 0));
    let before = 0;
    try {
      for (const file of files) {
        const place = await sendInPieces(file, file.name, this.form.dataset.listUploads, this.patience, (bytes) => {
          this.bar.value = before + bytes;
          this.line.textContent = gettext("Sending: %(sent)s of %(all)s", { sent: sizeText(before + bytes), all: sizeText(this.bar.max) });
        });
        before += file.size;
        fields.append("upload", idOf(place));
      }
      const { next } = await this.patience.until((signal) => postForm(this.form.action, fields, signal));
      this.sending = false;
      announce(gettext("All sent"));
      location.assign(next);
    } catch (error) {
      this.#stopped(error);
    }
  }

  /** What the form says, but for the files. */
  #fields(submitter) {
    const fields = new FormData(this.form, submitter);
    fields.delete(this.input.name);
    return fields;
  }

  #stopped(error) {
    const unread = error instanceof DOMException ? gettext("This browser cannot read the file any more. Choose it again.") : "";
    this.line.textContent = unread || `${error.message} ${gettext("What was sent is kept: sending the same files again goes on.")}`;
    this.#show(false);
    announce(this.line.textContent);
  }
}
