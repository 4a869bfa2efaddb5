// Speaks to the server: one shape of error, the CSRF header, and no redirect followed in silence.
import { gettext } from "./words.js";

/** What went wrong: `status` 0 means no answer came, `code` is the server's own word for it. */
export class ApiError extends Error {
  constructor(status, code, message, details = []) {
    super(message);
    Object.assign(this, { name: "ApiError", status, code, details });
  }

  /** Worth another try without anybody doing anything; 460 is a piece whose bytes were damaged on the way. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status === 460 || this.status >= 500;
  }
}

const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** After signing in anew in another tab the token of this page is old; the page itself holds a fresh one. */
async function refreshToken() {
  const answer = await fetch(location.href, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
  const [, token] = (answer.ok && /name="csrf-token" content="([^"]+)"/.exec(await answer.text())) || [];
  if (!token || token === csrf()) return false;
  document.querySelector('meta[name="csrf-token"]').content = token;
  return true;
}

async function refusal(answer) {
  if (answer.type === "opaqueredirect") return new ApiError(401, "signed-out", gettext("Your session has ended. Sign in again."));
  let error = {};
  try {
    error = (await answer.json()).error ?? {};
  } catch {
    // An answer from something in front of the server has no JSON; its status says enough.
  }
  if (error.code === "on-break") document.dispatchEvent(new Event("winnow:on-break")); // care.js shows it
  return new ApiError(answer.status, error.code ?? "http", error.message ?? gettext("The server answered %(status)s.", { status: answer.status }), error.details);
}

async function ask(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", redirect: "manual", cache: "no-store", ...options });
  } catch (reason) {
    if (reason.name === "AbortError") throw reason;
    throw new ApiError(0, "no-answer", gettext("The server does not answer."));
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

export const getJson = async (url, signal) => (await ask(url, { signal, headers: { Accept: "application/json" } })).json();

export const getBytes = async (url, signal) => (await ask(url, { signal })).arrayBuffer();

/** A clear picture in memory, and the token under which the server counts this viewing. */
export async function getClear(url, signal) {
  const answer = await ask(url, { signal, headers: { Accept: "image/*" } });
  return { blob: await answer.blob(), token: answer.headers.get("X-Viewing") };
}

/** A piece of a film in memory: what is told of it, its parts as bytes, and the token under which it counts. */
export async function getPiece(url, signal) {
  const answer = await ask(url, { signal, headers: { Accept: "application/octet-stream" } });
  const bytes = await answer.arrayBuffer();
  const [view, parts] = [new DataView(bytes), []];
  for (let at = 0; at < bytes.byteLength; at += 4 + view.getUint32(at)) parts.push(bytes.slice(at + 4, at + 4 + view.getUint32(at)));
  const [told, ...rest] = parts;
  return { ...JSON.parse(new TextDecoder().decode(told)), parts: rest, token: answer.headers.get("X-Viewing") };
}

/** A request that changes something; where the page's token is old, it is sent once more with a fresh one. */
async function change(url, { headers, ...options }) {
  const send = () => ask(url, { ...options, headers: { Accept: "application/json", "X-CSRFToken": csrf(), ...headers } });
  try {
    return await send();
  } catch (error) {
    if (error.status !== 403 || options.keepalive || !(await refreshToken())) throw error;
    return send();
  }
}

export async function postJson(url, body, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await change(url, { method: "POST", body: JSON.stringify(body), headers, ...options })).json();
}

/** A plain multipart POST; the browser writes the boundary. */
export const postForm = async (url, body, signal) => (await change(url, { method: "POST", body, signal })).json();

/** One request of tus 1.0; the answer's headers are what counts. */
export const tus = async (method, url, { headers, ...options }) =>
  (await change(url, { method, headers: { "Tus-Resumable": "1.0.0", ...headers }, ...options })).headers;
