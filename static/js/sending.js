// Sends chosen files for an exhibit: announced first, then only what is missing, small ones several in a request.
import { postForm, postJson } from "./api.js";
import { base64, nameBytes, sendInPieces } from "./pieces.js";

const FILES = 100; // a request
const BYTES = 8 * 1024 * 1024; // a request
const SMALL = 4 * 1024 * 1024; // bytes; a larger file goes in pieces
const ANNOUNCED = 1000; // files a request
const ANNOUNCED_BYTES = 1024 * 1024; // of names, a request

/** Cuts the list into parts of at most `most` entries that together weigh at most `limit`. */
function* parts(list, most, limit, weight) {
  let part = [];
  let total = 0;
  for (const one of list) {
    if (part.length && (part.length === most || total + weight(one) > limit)) {
      yield part;
      part = [];
      total = 0;
    }
    part.push(one);
    total += weight(one);
  }
  if (part.length) yield part;
}

/** The files the server does not have. Of one name and size several are all sent: only their bytes tell them apart. */
async function announced(files, url, patience) {
  const rows = files.map((file) => [base64(nameBytes(file.path)), file.size]);
  const times = new Map();
  for (const row of rows) times.set(row.join(), (times.get(row.join()) ?? 0) + 1);
  const missing = new Set();
  let before = 0;
  for (const part of parts(rows, ANNOUNCED, ANNOUNCED_BYTES, ([name]) => name.length)) {
    const answer = await patience.until((signal) => postJson(url, { files: part }, { signal }));
    for (const place of answer.missing) missing.add(before + place);
    before += part.length;
  }
  return files.filter((_file, place) => missing.has(place) || times.get(rows[place].join()) > 1);
}

/** The request with these files' bytes, and the files that cannot be read. */
async function bundle(files) {
  const form = new FormData();
  const read = await Promise.allSettled(files.map((file) => file.blob.arrayBuffer()));
  const unreadable = files.filter((_file, place) => read[place].status === "rejected");
  for (const [place, { status, value }] of read.entries()) {
    if (status === "rejected") continue;
    form.append("files", new Blob([value]), "file");
    form.append("names", base64(nameBytes(files[place].path)));
  }
  return { form, unreadable };
}

/**
 * Sends what is missing of `files` ({ path, size, blob }) to the places the server named. `arrived(files, bytes)` is
 * told how much more there is. Returns the files that could not be read here.
 */
export async function sendMissing(files, place, patience, arrived) {
  const missing = await announced(files, place.announce_url, patience);
  const unreadable = [];
  const sent = new Set(missing);
  const already = files.filter((file) => !sent.has(file));
  arrived(already.length, already.reduce((sum, file) => sum + file.size, 0));
  const small = missing.filter((file) => file.size <= SMALL);
  for (const batch of parts(small, FILES, BYTES, (file) => file.size)) {
    const made = await bundle(batch);
    if (made.unreadable.length < batch.length) {
      await patience.until((signal) => postForm(place.files_url, made.form, signal));
    }
    unreadable.push(...made.unreadable);
    arrived(batch.length, batch.reduce((sum, file) => sum + file.size, 0));
  }
  for (const file of missing.filter((one) => one.size > SMALL)) {
    if (!(await sendLarge(file, place, patience, arrived))) unreadable.push(file);
  }
  return unreadable;
}

async function sendLarge(file, place, patience, arrived) {
  let told = 0;
  const upTo = (bytes) => { arrived(0, bytes - told); told = bytes; };
  try {
    await sendInPieces(file.blob, file.path, place.uploads_url, patience, upTo);
    return true;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // the browser cannot read the file any more
    return false;
  } finally {
    upTo(file.size);
    arrived(1, 0);
  }
}
