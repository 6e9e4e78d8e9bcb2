// The home page's own: the pause of the moving diagram, and the last 24 hours kept up to date.
import { onLook } from "./live.js";
import { one } from "./page.js";

const REFRESH_MS = 30_000;
const PAUSE_KEY = "vigie-pause";

function pauseButton() {
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

async function reload(section) {
  try {
    const response = await fetch(section.dataset.url, { cache: "no-store" });
    if (response.ok) section.innerHTML = await response.text();
  } catch {
    // the banner already says that the server is away; the old history stays, with its times
  }
}

export function begin() {
  const section = one("history");
  pauseButton();
  let reloadedAt = performance.now();
  let seen = "";
  onLook((look) => {
    if (!look.isFresh) return;
    const happened = [look.snapshot.mode, look.snapshot.mains, ...look.snapshot.relays.map((relay) => relay.since_utc_ms)].join();
    const isDue = performance.now() - reloadedAt > (happened === seen ? REFRESH_MS : 2000);
    if (!isDue) return;
    reloadedAt = performance.now();
    seen = happened;
    reload(section);
  });
}
