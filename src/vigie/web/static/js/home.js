// The home page's own: the pause of the moving diagram.
import { one, toggle } from "./page.js";

const PAUSE_KEY = "vigie-pause";

export function begin() {
  toggle(one("pause-flow"), localStorage.getItem(PAUSE_KEY) === "1", (isPaused) => {
    document.body.classList.toggle("is-paused", isPaused);
    localStorage.setItem(PAUSE_KEY, isPaused ? "1" : "0");
  });
}
