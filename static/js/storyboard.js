// The storyboard of a film on its page: veiled frames; the one in focus is clear for as long as its key is held. Every
// hold fetches its picture anew and lets go of it afterwards, and the server counts each as a look.
import { getClear } from "./api.js";
import { PANIC } from "./cover.js";
import { el } from "./dom.js";
import { meaning } from "./keys.js";
import { tell } from "./telling.js";

export function attachStoryboard(root) {
  const said = root.querySelector("[data-said]");
  let held = null; // { abort, address, image, token, since }

  const veil = () => {
    held?.abort.abort();
    held?.image?.remove();
    if (held?.address) {
      URL.revokeObjectURL(held.address);
      tell([{ token: held.token, revealed_ms: Math.ceil(performance.now() - held.since) }])
        .catch((error) => { said.textContent = error.message; });
    }
    held = null;
  };

  const unveil = async (tile) => {
    veil();
    const mine = { abort: new AbortController() };
    held = mine;
    said.textContent = "";
    try {
      const picture = await getClear(tile.dataset.clear, mine.abort.signal);
      if (held !== mine) return; // the key went up before the picture was here
      mine.address = URL.createObjectURL(picture.blob);
      mine.image = el("img", { class: "clear", alt: "" });
      mine.image.src = mine.address;
      tile.append(mine.image);
      Object.assign(mine, { token: picture.token, since: performance.now() });
    } catch (error) {
      if (error.name !== "AbortError") said.textContent = error.message;
    }
  };

  root.addEventListener("keydown", (event) => {
    const tile = event.target.closest("[data-clear]");
    if (meaning(event)?.does !== "unveil" || !tile) return;
    event.preventDefault();
    if (!event.repeat) unveil(tile);
  });
  document.addEventListener("keyup", veil); // whatever key: none keeps it open
  root.addEventListener("focusout", veil);
  window.addEventListener("blur", veil);
  document.addEventListener(PANIC, veil);
  document.addEventListener("visibilitychange", veil);
}
