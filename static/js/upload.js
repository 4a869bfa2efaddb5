// Sends files or a whole folder in small multipart requests, in order, with the relative name beside each file.
import { postForm } from "./api.js";
import { announce, number, plural, size as sizeText } from "./dom.js";

const FILES = 32; // a request
const BYTES = 16 * 1024 * 1024; // a request; a larger file goes alone
const TRIES = 5;

const nameOf = (file) => file.webkitRelativePath || file.name;

/** Cuts the list into requests. */
function* batches(files) {
  let batch = [];
  let bytes = 0;
  for (const file of files) {
    if (batch.length && (batch.length === FILES || bytes + file.size > BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += file.size;
  }
  if (batch.length) yield batch;
}

async function patiently(send) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (!error.passing || attempt === TRIES) throw error;
      await new Promise((resolve) => { window.setTimeout(resolve, 500 * 2 ** attempt); });
    }
  }
}

function bundle(batch) {
  const form = new FormData();
  for (const file of batch) {
    form.append("files", file, file.name);
    form.append("paths", nameOf(file));
  }
  return form;
}

async function send(form, files, show) {
  const first = new FormData();
  for (const name of ["ref", "description"]) first.append(name, form.elements[name]?.value ?? "");
  first.append("files", files.length);
  first.append("bytes", files.reduce((sum, file) => sum + file.size, 0));
  const place = await patiently(() => postForm(form.dataset.upload, first));
  let sent = 0;
  for (const batch of batches(files)) {
    await patiently(() => postForm(place.files_url, bundle(batch)));
    sent += batch.length;
    show(sent);
  }
  return patiently(() => postForm(place.done_url, new FormData()));
}

/** Takes over `form[data-upload]`: its file inputs, its drop zone and its button. */
export function attachUpload(form) {
  const inputs = [...form.querySelectorAll('input[type="file"]')];
  const [bar, line, button] = ["progress", "[data-upload-line]", "button"].map((what) => form.querySelector(what));
  const zone = form.querySelector("[data-drop]");
  let dropped = [];
  let sending = false;
  const chosen = () => [...inputs.flatMap((input) => [...input.files]), ...dropped];
  const refresh = () => {
    const files = chosen();
    const size = files.reduce((sum, file) => sum + file.size, 0);
    line.textContent = files.length ? `${plural(files.length, "file")}, ${sizeText(size)}` : "Nothing chosen yet";
    button.disabled = files.length === 0 || sending;
  };
  inputs.forEach((input) => input.addEventListener("change", refresh));
  zone?.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone?.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone?.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    dropped = [...event.dataTransfer.files];
    refresh();
  });
  window.addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = chosen();
    if (!files.length || sending || !form.reportValidity()) return;
    sending = true;
    refresh();
    bar.hidden = false;
    bar.max = files.length;
    let kept = 0;
    const show = (sent) => {
      kept = sent;
      bar.value = sent;
      line.textContent = `${number(sent)} of ${plural(files.length, "file")} sent`;
    };
    try {
      const { next } = await send(form, files, show);
      sending = false;
      announce(`${plural(files.length, "file")} sent`);
      location.assign(next);
    } catch (error) {
      sending = false;
      refresh();
      bar.hidden = true;
      line.textContent = kept
        ? `Stopped after ${plural(kept, "file")}: ${error.message} What was sent is kept; sending again doubles nothing.`
        : `Not sent: ${error.message}`;
      announce(line.textContent);
    }
  });
  refresh();
}
