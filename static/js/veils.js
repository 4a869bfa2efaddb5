// The veils of a batch: one binary answer, for each unit a big-endian length and that many bytes of WebP (0: none).
import { getBytes } from "./api.js";

/** Cuts the answer into its parts. */
export function parts(buffer) {
  const view = new DataView(buffer);
  const found = [];
  for (let at = 0; at + 4 <= buffer.byteLength; ) {
    const length = view.getUint32(at);
    found.push(new Uint8Array(buffer, at + 4, length));
    at += 4 + length;
  }
  return found;
}

/** An address of a veil that came as base64 text. */
export const fromBase64 = (text) =>
  URL.createObjectURL(new Blob([Uint8Array.from(atob(text), (char) => char.charCodeAt(0))], { type: "image/webp" }));

/** The blob address of a veil, null where there is none. The pictures are grey and blurred already. */
export const picture = (bytes) => (bytes.length ? URL.createObjectURL(new Blob([bytes], { type: "image/webp" })) : null);

/** Gives each unit of this page of units its veil. */
export async function dress(url, units) {
  const addresses = parts(await getBytes(url)).map(picture);
  units.forEach((unit, place) => { unit.veil = addresses[place] ?? null; });
}

export function drop(unit) {
  if (unit.veil) URL.revokeObjectURL(unit.veil);
  unit.veil = null;
}
