// Tells the server for how long pictures were clear where no batch reports it. A decision may rest on what was seen: a
// form marked data-after-look is sent only when all of it has been told.
import { postJson } from "./api.js";
import { moment } from "./dom.js";

let told = Promise.resolve();

/** `viewings`: list of { token, revealed_ms }. Rejects with an ApiError when the server did not take it. */
export function tell(viewings) {
  const telling = postJson("/api/v1/viewings", { viewings }, { keepalive: true });
  told = Promise.allSettled([told, telling]);
  return telling;
}

export function sendAfterLooks(form) {
  let ready = false;
  form.addEventListener("submit", async (event) => {
    if (ready) return;
    event.preventDefault();
    await told;
    await moment(); // while the first submission is still being told of, another one is passed over
    ready = true;
    form.requestSubmit(event.submitter); // a button may carry the choice
    ready = false;
  });
}
