// The connection to the server: newest state, its age by this machine's own monotonic clock, and who listens.
import { io } from "../vendor/socket.io-client-4.8.4/socket.io.esm.min.js";
import { fill, firstState, root, texts } from "./page.js";
import { lookAt } from "./state.js";

const listeners = [];
let state = firstState;
let receivedAt = performance.now();
let heardAt = performance.now();
let cutAt = performance.now();
let isConnected = false;
/** Why the server does not accept the address of this page, null when it does. */
let refusal = null;
const TOLERATED_CUT_MS = 1000;
const ASK_AGAIN_MS = 5000;

export const onLook = (listener) => listeners.push(listener);

export function currentLook() {
  const now = performance.now();
  const ageMs = state.age_ms === null ? null : state.age_ms + now - receivedAt;
  const cutMs = isConnected || now - cutAt < TOLERATED_CUT_MS ? null : now - heardAt;
  return lookAt(state, ageMs, cutMs, refusal);
}

/** How long ago the server was heard, milliseconds. */
export const silenceMs = () => performance.now() - heardAt;
export const isLive = () => isConnected;

function tell(isNews) {
  const look = currentLook();
  for (const listener of listeners) listener(look, isNews);
}

function take(news) {
  if (news.web_version !== firstState.web_version) location.reload();
  state = news;
  receivedAt = heardAt = performance.now();
  tell(true);
}

/** Ask for the state over HTTP: after sleep, when a page comes back from the browser's cache. */
export async function refetch() {
  try {
    const response = await fetch(`${root}/api/v1/state`, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (response.status === 401) location.reload(); // the login has ended: the server asks for another
    if (response.ok) take(await response.json());
  } catch {
    tell(false); // the age goes on counting and says what this silence means
  }
}

/** What the server says of this page's address where an attempt to be live has ended with `error`. */
function refusalIn(error) {
  if (error?.description === 421) location.reload(); // the name is not accepted any more: the server says so itself
  if (error?.message === "full") return fill(texts.full, error.data);
  const text = error?.description === 403 ? error.context.responseText : "";
  return text.includes("urn:vigie:address") ? fill(texts.not_accepted, JSON.parse(text)) : null;
}

export function connect() {
  const socket = io("/live", { path: `${root}/socket.io`, reconnectionDelayMax: 3000, timeout: 3000 });
  socket.on("state", take);
  socket.on("connect", () => {
    isConnected = true;
    refusal = null;
    heardAt = performance.now();
    tell(false);
  });
  socket.on("connect_error", (error) => {
    refusal = refusalIn(error);
    if (!socket.active) setTimeout(() => socket.connect(), ASK_AGAIN_MS); // refused by a word: nobody else tries again
    refetch();
  });
  socket.on("disconnect", (reason, error) => {
    if (reason === "io server disconnect") refetch();
    refusal = refusalIn(error);
    if (isConnected) cutAt = performance.now();
    isConnected = false;
    tell(false);
  });
  addEventListener("offline", () => socket.io.engine?.close());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && comeBack(socket));
  addEventListener("pageshow", (event) => event.persisted && comeBack(socket));
  setInterval(() => tell(false), 500);
}

function comeBack(socket) {
  if (!socket.connected) socket.connect();
  refetch();
}
