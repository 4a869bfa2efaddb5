// The veils of a batch: one binary answer, for each unit a big-endian length and that many bytes of WebP (0: none).
import { getBytes } from "./api.js";

/** Cuts the answer into blob addresses, null where a unit has no veil. The pictures are grey and blurred already. */
export function cut(buffer) {
  const view = new DataView(buffer);
  const addresses = [];
  for (let at = 0; at + 4 <= buffer.byteLength; ) {
    const length = view.getUint32(at);
    const bytes = new Uint8Array(buffer, at + 4, length);
    addresses.push(length ? URL.createObjectURL(new Blob([bytes], { type: "image/webp" })) : null);
    at += 4 + length;
  }
  return addresses;
}

/** An address of a veil that came as base64 text. */
export const fromBase64 = (text) =>
  URL.createObjectURL(new Blob([Uint8Array.from(atob(text), (char) => char.charCodeAt(0))], { type: "image/webp" }));

/** Gives each unit of this page of units its veil. */
export async function dress(url, units) {
  const addresses = cut(await getBytes(url));
  units.forEach((unit, place) => { unit.veil = addresses[place] ?? null; });
}

export function drop(unit) {
  if (unit.veil) URL.revokeObjectURL(unit.veil);
  unit.veil = null;
}
