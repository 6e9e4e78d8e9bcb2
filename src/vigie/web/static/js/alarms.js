// Alarms on every page: bar and lists follow the installation, what is new pops up once, with a tone if wished.
import { attend, post, say } from "./command.js";
import * as fragment from "./fragment.js";
import { all, one, texts } from "./page.js";

const MOST_POPUPS = 3;
const SEEN_KEY = "vigie-seen-alarms";
const SOUND_KEY = "vigie-sound";
const TONE = { hz: 880, s: 0.35, gain: 0.15 };

const keys = () => all("template[data-popup]").map((template) => template.dataset.popup);
let audio;

/** Show what this window has not seen yet, also when it was raised between two pages; drop what is over. */
function popUp() {
  const known = JSON.parse(sessionStorage.getItem(SEEN_KEY) ?? "null") ?? keys();
  for (const popup of all(".popup")) if (!keys().includes(popup.dataset.popup)) dismiss(popup);
  for (const template of all("template[data-popup]")) {
    if (known.includes(template.dataset.popup)) continue;
    const popup = template.content.firstElementChild.cloneNode(true);
    popup.querySelector("[data-close]").addEventListener("click", () => dismiss(popup));
    one("popups").append(popup);
    attend(popup);
    beep();
  }
  for (const popup of all(".popup").slice(0, -MOST_POPUPS)) popup.remove();
  sessionStorage.setItem(SEEN_KEY, JSON.stringify(keys()));
}

function dismiss(popup) {
  const hadFocus = popup.contains(document.activeElement);
  popup.remove();
  if (hadFocus) (document.querySelector(".popup a, .alarm-bar a") ?? one("content")).focus({ preventScroll: true });
}

function beep() {
  if (audio?.state !== "running") return;
  const oscillator = audio.createOscillator(), gain = audio.createGain();
  oscillator.frequency.value = TONE.hz;
  gain.gain.value = TONE.gain;
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start();
  oscillator.stop(audio.currentTime + TONE.s);
}

/** Browsers let a page sound only once a person has touched it: the wish is kept, the next touch wakes it. */
function soundSwitch(button) {
  const isWished = () => localStorage.getItem(SOUND_KEY) === "1";
  const wake = () => isWished() && (audio ??= new AudioContext()).resume();
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, wake);
  button?.setAttribute("aria-pressed", isWished());
  button?.addEventListener("click", async () => {
    localStorage.setItem(SOUND_KEY, isWished() ? "0" : "1");
    button.setAttribute("aria-pressed", isWished());
    await wake();
    if (isWished()) beep();
    else audio = void audio?.close();
  });
}

function testMail(button) {
  const told = one("mail-answer")?.parentElement;
  const line = ({ receiver, is_sent, error }) => `${receiver}: ${is_sent ? texts.sent : error}`;
  button?.addEventListener("click", async () => {
    button.disabled = true;
    say(told, texts.mail_sending, "sending");
    const { isDone, body, text } = await post("mail/test", {}, 60_000);
    const isSent = isDone && body.results.every((result) => result.is_sent);
    say(told, isDone ? body.results.map(line).join(" · ") : text, isSent ? "done" : "failed");
    button.disabled = false;
  });
}

export function begin() {
  popUp();
  soundSwitch(one("sound"));
  testMail(one("mail-test"));
  addEventListener("keydown", ({ key }) => key === "Escape" && !one("confirm").open && all(".popup").slice(-1).forEach(dismiss));
  const top = document.querySelector(".top");
  new ResizeObserver(() => document.documentElement.style.setProperty("--top", `${top.offsetHeight}px`)).observe(top);
  fragment.begin(popUp);
}
