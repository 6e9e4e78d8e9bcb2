// Orders: guarded by a hold or a dialog, sent once with an id, believed only when the installation shows it.
import { meets } from "./bind.js";
import { currentLook, isLive, onLook } from "./live.js";
import { all, fill, mayOrder, one, root, setText, texts, word } from "./page.js";
import { lookUp } from "./state.js";

const HOLD_MS = 1500;
const CONFIRM_MS = 3000;
const dialog = one("confirm"), form = dialog.firstElementChild;
/** When the password counts as typed too long ago; never where nobody logs in. The server may say so earlier. */
let lateAt = 1000 * (dialog.dataset.confirmedS ?? Infinity);
/** Ends the question that is open, once. Not left to the dialog's `close`: that comes late, maybe within the next question. */
let conclude = null;

// crypto.randomUUID exists in secure contexts only; this page is usually served over plain http.
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What the web process does itself needs no controller. */
const isInReach = (button, look) => (button.dataset.needs === "web" ? isLive() : look.isFresh);

function allowed(button, look) {
  const { busy, expect, needs, unless } = button.dataset;
  if (!mayOrder || !isInReach(button, look) || busy || meets(look.values, expect)) return false;
  if (unless && lookUp(look.values, unless)) return false;
  return needs !== "manual" || look.snapshot.mode === needs;
}

function refresh(look) {
  for (const button of all("[data-command]")) {
    const value = String(!allowed(button, look));
    if (button.getAttribute("aria-disabled") !== value) button.setAttribute("aria-disabled", value);
  }
}

const isOff = (button) => button.getAttribute("aria-disabled") === "true";

export function say(order, text, kind) {
  const node = order.querySelector(".answer");
  node.dataset.kind = kind;
  setText(node, text);
  if (!node.hasAttribute("role")) setText(one("said"), text); // this one may be replaced before it is read aloud
}

/** Send the order, then wait until the read-back shows it. Nothing on the page moves before that. */
async function send(button, fields = {}) {
  if (isOff(button)) return;
  const order = button.closest(".order");
  button.dataset.busy = "1";
  refresh(currentLook());
  say(order, texts.sending, "sending");
  const answer = await post("commands", { id: newId(), ...JSON.parse(button.dataset.command), ...fields });
  const isDone = answer.isDone && (await isShown(button));
  say(order, isDone ? texts.confirmed : answer.text ?? texts.unconfirmed, isDone ? "done" : "failed");
  delete button.dataset.busy;
  refresh(currentLook());
  if (answer.body?.type === "urn:vigie:confirm" && !dialog.open) ask(button, fields, true);
}

/** Post to the API: `isDone` or the `text` that says why not, and the answer's `body`. */
export async function post(path, data, timeoutMs = CONFIRM_MS + 2000) {
  let response, body;
  try {
    response = await fetch(`${root}/api/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(data),
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = await response.json();
  } catch {
    return { text: response?.status === 429 ? texts.busy : texts.no_server }; // nginx says it in HTML
  }
  if (response.ok) return { isDone: true, body };
  if (response.status === 503 && path === "commands") return { text: texts.no_controller };
  if (response.status === 504) return { text: texts.unconfirmed };
  if (response.status === 401) location.reload(); // the login has ended: the server asks for another
  const why = body.reason ? word("reason", body.reason) : body.detail ?? body.title ?? response.status;
  return { text: fill(texts.refused, { why }), body };
}

function isShown(button) {
  return new Promise((resolve) => {
    const until = performance.now() + CONFIRM_MS;
    const timer = setInterval(() => {
      const look = currentLook();
      const shown = isInReach(button, look) && meets(look.values, button.dataset.expect);
      if (!shown && performance.now() < until) return;
      clearInterval(timer);
      resolve(shown);
    }, 50);
  });
}

/** What a held button sends besides its own: the duration chosen beside it, else half an hour. */
function preset(button) {
  const chosen = one(button.dataset.fieldsFrom ?? "")?.querySelector("input:checked");
  return button.dataset.ask === "duration" ? { manual_s: Number(chosen?.value ?? 1800) } : {};
}

/** Ask before an order: what follows, what it needs beside, and the password where it was typed too long ago. */
function ask(button, { manual_s } = preset(button), isLate = "password" in button.dataset && performance.now() > lateAt) {
  const { title, consequence, confirm, ask: asked } = button.dataset;
  setText(one("confirm-title"), title);
  setText(one("confirm-text"), consequence);
  setText(one("confirm-ok"), confirm);
  const wanted = [asked, isLate && "password"];
  for (const group of all("fieldset", dialog)) group.hidden = group.disabled = !wanted.includes(group.dataset.asked);
  for (const input of all("[name=manual_s]", dialog)) input.checked = Number(input.value) === manual_s;
  for (const input of all(".form-control", dialog)) input.value = "";
  setText(one("confirm-fault"), "");
  one("confirm-ok").disabled = false;
  dialog.showModal();
  (dialog.querySelector(".form-control:enabled") ?? one("confirm-cancel")).focus();
  form.onsubmit = (event) => {
    event.preventDefault();
    if (isLate) checkPassword();
    else conclude(true);
  };
  conclude = (isYes) => {
    conclude = null;
    const fields = [...new FormData(form)].map(([name, value]) => [name, name === "why" ? value.trim() : Number(value)]);
    if (isLate) one("confirm-password").value = "";
    dialog.close();
    (one(button.id) ?? (button.isConnected ? button : one("content"))).focus();
    if (!isYes) return;
    if (isOff(button)) return say(button.closest(".order"), texts.not_now, "failed");
    send(button, Object.fromEntries(fields));
  };
}

/** Answer the open question with a yes once the server finds the password right; it may be cancelled meanwhile. */
async function checkPassword() {
  const asked = conclude, field = one("confirm-password");
  one("confirm-ok").disabled = true;
  say(dialog, texts.checking, "sending");
  const { isDone, body, text } = await post("confirmation", { password: field.value });
  if (!dialog.open || conclude !== asked) return; // cancelled, and perhaps something else is asked by now
  one("confirm-ok").disabled = false;
  if (!isDone) {
    say(dialog, body?.detail ?? text, "failed");
    field.focus();
    return field.select();
  }
  lateAt = performance.now() + 1000 * body.valid_s;
  conclude(true);
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
    if (event.button !== 0 || isOff(button) || button.dataset.ask === "shelf") return;
    hasActed = false;
    button.classList.add("is-holding");
    timer = setTimeout(() => {
      hasActed = true;
      stop();
      send(button, preset(button));
    }, HOLD_MS);
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(name, stop);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", (event) => {
    if (hasActed && event.detail) hasActed = false;
    else if (!isOff(button)) ask(button);
  });
}

/** Make the buttons of a new piece of the page work. */
export function attend(piece) {
  for (const button of all("[data-command]", piece)) {
    if (button.dataset.title) guard(button);
    else button.addEventListener("click", () => send(button));
  }
  refresh(currentLook());
}

export function begin() {
  one("confirm-cancel").addEventListener("click", () => conclude?.(false));
  dialog.addEventListener("close", () => !dialog.open && conclude?.(false)); // the browser closes it on Escape
  attend(document);
  onLook(refresh);
}
