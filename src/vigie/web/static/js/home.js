// The home page's own: the pause of the moving diagram.
import { one } from "./page.js";

const PAUSE_KEY = "vigie-pause";

export function begin() {
  const button = one("pause-flow");
  const set = (isPaused) => {
    document.body.classList.toggle("is-paused", isPaused);
    button.setAttribute("aria-pressed", isPaused);
  };
  set(localStorage.getItem(PAUSE_KEY) === "1");
  button.addEventListener("click", () => {
    const isPaused = button.getAttribute("aria-pressed") !== "true";
    localStorage.setItem(PAUSE_KEY, isPaused ? "1" : "0");
    set(isPaused);
  });
}
