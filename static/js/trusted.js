// The one Trusted Types policy. It passes only what htmx received from our own server, exactly as it came.
const HEAD = /<head(\s[^>]*>|>)([\s\S]*?)<\/head>/i; // htmx drops the head before it parses an answer
let received = null;

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const origin = detail.xhr.responseURL ? new URL(detail.xhr.responseURL).origin : null;
  received = origin === location.origin ? detail.serverResponse.replace(HEAD, "") : null;
});

function createHTML(text) {
  const wrapped = `<body><template class="internal-htmx-wrapper">${received}</template></body>`;
  if (received !== null && (text === received || text === wrapped)) return text;
  throw new TypeError("Markup that did not come from this server is refused.");
}

window.trustedTypes?.createPolicy("default", { createHTML });
