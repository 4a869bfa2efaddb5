// A module worker: hashes files in this browser, one after the other; the page stays free for keys and clicks.
// In: { id, blob }. Out: { id, done: bytes } on the way; { id, hashes: { md5, sha1, sha256 } } or { id, failed } at last.
import "../vendor/spark-md5.min.js";

const PIECE = 4 * 1024 * 1024; // bytes read at once
const WHOLE = 256 * 1024 * 1024; // bytes; WebCrypto takes a file only as a whole, so larger ones get their MD5 alone
const { SparkMD5, crypto: { subtle } } = self;

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const digest = async (name, bytes) => hex(await subtle.digest(name, bytes));

/** MD5 of a blob of any size, a piece at a time. */
async function md5Of(blob, told) {
  const sum = new SparkMD5.ArrayBuffer();
  for (let start = 0; start < blob.size; start += PIECE) {
    const piece = await blob.slice(start, start + PIECE).arrayBuffer();
    sum.append(piece);
    told(Math.min(start + PIECE, blob.size));
  }
  return sum.end();
}

/** All three where the file fits and the page came over a safe connection; else MD5 only. */
async function hashesOf(blob, told) {
  const md5 = await md5Of(blob, told);
  if (!subtle || blob.size > WHOLE) return { md5 };
  const bytes = await blob.arrayBuffer();
  const [sha1, sha256] = await Promise.all([digest("SHA-1", bytes), digest("SHA-256", bytes)]);
  return { md5, sha1, sha256 };
}

let turn = Promise.resolve();

self.addEventListener("message", ({ data: { id, blob } }) => {
  turn = turn.then(async () => {
    try {
      self.postMessage({ id, hashes: await hashesOf(blob, (done) => self.postMessage({ id, done })) });
    } catch {
      self.postMessage({ id, failed: true }); // gone or unreadable meanwhile; the file's row says so
    }
  });
});
