// The one Trusted Types policy. It passes only what htmx received from our own server, exactly as it came, and the
// one worker there is.
const HEAD = /<head(\s[^>]*)?>[\s\S]*?<\/head>/i; // htmx drops the head of what is not a whole page
const WORKER = new URL("./hashing.js", import.meta.url).href;
let received = [];

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const ours = detail.xhr.responseURL && new URL(detail.xhr.responseURL).origin === location.origin;
  const bare = detail.serverResponse.replace(HEAD, "");
  const wrapped = `<body><template class="internal-htmx-wrapper">${bare}</template></body>`;
  received = ours ? [detail.serverResponse, bare, wrapped] : [];
});

function createHTML(text) {
  if (received.includes(text)) return text;
  throw new TypeError("Markup that did not come from this server is refused.");
}

function createScriptURL(address) {
  if (new URL(address, location.href).href === WORKER) return address;
  throw new TypeError("A script that is not the hashing worker is refused.");
}

window.trustedTypes?.createPolicy("default", { createHTML, createScriptURL });
