// Orders: guarded by a hold or a dialog, sent once with an id, believed only when the installation shows it.
import { meets } from "./bind.js";
import { currentLook, isLive, onLook } from "./live.js";
import { all, fill, mayOrder, one, root, setText, texts, word } from "./page.js";

const HOLD_MS = 1500;
const CONFIRM_MS = 3000;
const dialog = one("confirm");

// crypto.randomUUID exists in secure contexts only; this page is usually served over plain http.
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What the web process does itself needs no controller. */
const isInReach = (button, look) => (button.dataset.needs === "web" ? isLive() : look.isFresh);

function allowed(button, look) {
  const { busy, expect, needs } = button.dataset;
  if (!mayOrder || !isInReach(button, look) || busy || meets(look.values, expect)) return false;
  return needs !== "manual" || look.snapshot.mode === needs;
}

function refresh(look) {
  for (const button of all("[data-command]")) {
    const value = String(!allowed(button, look));
    if (button.getAttribute("aria-disabled") !== value) button.setAttribute("aria-disabled", value);
  }
}

const isOff = (button) => button.getAttribute("aria-disabled") === "true";

function say(order, text, kind) {
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
}

/** Post to the API: `isDone` with the answer's `body`, or the `text` that says why not. */
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
    return { text: texts.no_server };
  }
  if (response.ok) return { isDone: true, body };
  if (response.status === 503 && path === "commands") return { text: texts.no_controller };
  if (response.status === 504) return { text: texts.unconfirmed };
  if (response.status === 401) location.reload(); // the login has ended: the server asks for another
  if (body.type === "urn:vigie:confirm") location.assign(`${root}/confirm?next=${encodeURIComponent(location.pathname)}`);
  const why = body.reason ? word("reason", body.reason) : body.detail ?? body.title ?? response.status;
  return { text: fill(texts.refused, { why }) };
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

function ask(button) {
  const { title, consequence, confirm, ask: asked } = button.dataset;
  setText(one("confirm-title"), title);
  setText(one("confirm-text"), consequence);
  setText(one("confirm-ok"), confirm);
  for (const group of all("fieldset", dialog)) group.hidden = group.disabled = group.dataset.asked !== asked;
  const { manual_s } = preset(button);
  for (const input of all("[name=manual_s]", dialog)) input.checked = Number(input.value) === manual_s;
  dialog.returnValue = one("confirm-why").value = "";
  dialog.showModal();
  one(asked === "shelf" ? "confirm-why" : "confirm-cancel").focus();
  dialog.onclose = () => {
    (one(button.id) ?? (button.isConnected ? button : one("content"))).focus();
    if (dialog.returnValue !== "ok") return;
    const fields = [...new FormData(dialog.firstElementChild)];
    send(button, Object.fromEntries(fields.map(([name, value]) => [name, name === "why" ? value.trim() : Number(value)])));
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
  one("confirm-cancel").addEventListener("click", () => dialog.close());
  attend(document);
  onLook(refresh);
}
