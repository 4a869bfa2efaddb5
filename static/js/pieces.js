// Sends one large file piece by piece (tus 1.0, each piece with its checksum); after any break it asks and goes on.
import { tus } from "./api.js";

const PIECE = 8 * 1024 * 1024; // bytes
const EDGE = 1024 * 1024; // bytes at each end of a file that tell it from another of its name and size
const LOST = [404, 410]; // nobody went on with the upload in time: it begins anew

/** A name or other bytes as base64; a name that is no valid text keeps what the browser made of it. */
export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

export const nameBytes = (name) => new TextEncoder().encode(name);

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

async function fingerprint(file) {
  const ends = new Blob([file.slice(0, EDGE), file.slice(Math.max(0, file.size - EDGE)), `${file.lastModified}`]);
  return base64(await sha256(await ends.arrayBuffer()));
}

async function begin(url, file, name, mark, signal) {
  const metadata = `filename ${base64(nameBytes(name))},fingerprint ${btoa(mark)}`;
  const told = await tus("POST", url, { signal, headers: { "Upload-Length": file.size, "Upload-Metadata": metadata } });
  return { place: told.get("Location"), offset: Number(told.get("Upload-Offset")) };
}

async function append(place, offset, body, checksum, signal) {
  const headers = {
    "Content-Type": "application/offset+octet-stream",
    "Upload-Offset": offset,
    "Upload-Checksum": `sha256 ${checksum}`,
  };
  try {
    return Number((await tus("PATCH", place, { signal, headers, body })).get("Upload-Offset"));
  } catch (error) {
    if (error.code !== "offset-moved") throw error; // the answer to an earlier try was lost
    return Number((await tus("HEAD", place, { signal, headers: {} })).get("Upload-Offset"));
  }
}

/** Sends the file, telling `arrived(bytes)` on the way; returns its place. What reading the file throws is thrown. */
export async function sendInPieces(file, name, url, patience, arrived) {
  const mark = await fingerprint(file);
  const begun = () => patience.until((signal) => begin(url, file, name, mark, signal));
  let { place, offset } = await begun();
  while (offset < file.size) {
    arrived(offset);
    const bytes = await file.slice(offset, offset + PIECE).arrayBuffer();
    const checksum = base64(await sha256(bytes));
    const body = new Blob([bytes]); // browsers send a Blob several times faster than an array
    try {
      offset = await patience.until((signal) => append(place, offset, body, checksum, signal));
    } catch (error) {
      if (!LOST.includes(error.status)) throw error;
      ({ place, offset } = await begun());
    }
  }
  return place;
}
