// Orders: guarded by a hold or a dialog, sent once with an id, believed only when the installation shows it.
import { currentLook, onLook } from "./live.js";
import { meets } from "./bind.js";
import { all, fill, one, root, setText, texts, word } from "./page.js";

const HOLD_MS = 1500;
const CONFIRM_MS = 3000;
const dialog = one("confirm");

// crypto.randomUUID exists in secure contexts only; this page is usually served over plain http.
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function allowed(button, look) {
  if (!look.isFresh || button.dataset.busy) return false;
  if (meets(look.snapshot, button.dataset.expect)) return false;
  return !button.dataset.needs || look.snapshot.mode === button.dataset.needs;
}

function refresh(look) {
  for (const button of all("[data-command]")) {
    const value = String(!allowed(button, look));
    if (button.getAttribute("aria-disabled") !== value) button.setAttribute("aria-disabled", value);
  }
}

const isOff = (button) => button.getAttribute("aria-disabled") === "true";

function answerOf(button) {
  return button.closest(".order").querySelector(".answer");
}

function say(button, text, kind) {
  const node = answerOf(button);
  node.dataset.kind = kind;
  setText(node, text);
}

/** Send the order, then wait until the read-back shows it. Nothing on the page moves before that. */
async function send(button, minutes) {
  if (isOff(button)) return;
  const command = { id: newId(), ...JSON.parse(button.dataset.command) };
  if (minutes) command.manual_s = minutes * 60;
  button.dataset.busy = "1";
  refresh(currentLook());
  say(button, texts.sending, "sending");
  try {
    const [text, kind] = await outcome(command, button.dataset.expect);
    say(button, text, kind);
  } finally {
    delete button.dataset.busy;
    refresh(currentLook());
  }
}

async function outcome(command, expectation) {
  let response, answer;
  try {
    response = await fetch(`${root}/api/v1/commands`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(command),
      signal: AbortSignal.timeout(CONFIRM_MS + 2000),
    });
    answer = await response.json();
  } catch {
    return [texts.no_server, "failed"];
  }
  if (response.status === 503) return [texts.no_controller, "failed"];
  if (response.status === 504) return [texts.unconfirmed, "failed"];
  if (response.status === 409 && answer.reason) return [fill(texts.refused, { why: word("reason", answer.reason) }), "failed"];
  if (!response.ok) return [fill(texts.refused, { why: answer.detail ?? answer.title ?? response.status }), "failed"];
  return (await isShown(expectation)) ? [texts.confirmed, "done"] : [texts.unconfirmed, "failed"];
}

function isShown(expectation) {
  return new Promise((resolve) => {
    const until = performance.now() + CONFIRM_MS;
    const timer = setInterval(() => {
      const look = currentLook();
      const shown = look.isFresh && meets(look.snapshot, expectation);
      if (!shown && performance.now() < until) return;
      clearInterval(timer);
      resolve(shown);
    }, 50);
  });
}

function chosenMinutes(button) {
  const group = one(button.dataset.minutesFrom ?? "");
  return Number(group?.querySelector("input:checked")?.value ?? button.dataset.duration ?? 0);
}

function ask(button) {
  setText(one("confirm-title"), button.dataset.title);
  setText(one("confirm-text"), button.dataset.consequence);
  setText(one("confirm-ok"), button.dataset.confirm);
  const needsDuration = Boolean(button.dataset.duration);
  one("confirm-duration").hidden = !needsDuration;
  for (const input of all("input", one("confirm-duration"))) input.checked = Number(input.value) === chosenMinutes(button);
  dialog.returnValue = "";
  dialog.showModal();
  one("confirm-cancel").focus();
  dialog.onclose = () => {
    button.focus();
    if (dialog.returnValue === "ok") send(button, needsDuration ? Number(dialog.querySelector("input:checked").value) : 0);
  };
}

/** A guarded button: held to the end it acts at once, pressed shortly (or by key) it asks first. */
function guard(button) {
  let timer = 0;
  let hasActed = false;
  const stop = () => {
    clearTimeout(timer);
    button.classList.remove("is-holding");
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || isOff(button)) return;
    hasActed = false;
    button.classList.add("is-holding");
    timer = setTimeout(() => {
      hasActed = true;
      stop();
      send(button, chosenMinutes(button));
    }, HOLD_MS);
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(name, stop);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", (event) => {
    if (hasActed && event.detail) hasActed = false;
    else if (!isOff(button)) ask(button);
  });
}

export function begin() {
  for (const button of all("[data-command]")) {
    if (button.dataset.title) guard(button);
    else button.addEventListener("click", () => send(button));
  }
  onLook(refresh);
}
