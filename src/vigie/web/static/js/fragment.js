// Pieces of the page the server writes again: texts stay in one place, and what a person is doing is not disturbed.
import { attend } from "./command.js";
import { currentLook, onLook } from "./live.js";
import { all, one } from "./page.js";

const JOURNAL_LAG_MS = 2000;
const JOURNAL_REFRESH_MS = 30_000;
const RETRY_MS = 2000;

let seen = "";
let isLoading = false;
const due = { alarms: Infinity, journal: JOURNAL_REFRESH_MS };

/** What pieces tell of; numbers are bound one by one like all others, and times follow the clock by the millisecond. */
function news({ values: { alarms, outage, mode, mains, relays } }) {
  const steady = (alarm) => Object.keys(alarm).filter((name) => !["value", "now"].includes(name) && !name.endsWith("_utc_ms")).sort();
  const told = alarms.map((alarm) => steady(alarm).map((name) => alarm[name]));
  return JSON.stringify([told, outage?.kind, mode, mains, relays?.map((relay) => [relay.contact, relay.switchings])]);
}

/** Put the server's newest version of a piece in place of the old one; true when it came. */
async function reload(piece) {
  let html;
  try {
    const response = await fetch(piece.dataset.url, { cache: "no-store" });
    if (!response.ok) return false;
    html = await response.text();
  } catch {
    return false; // the banner already says that the server is away; what was told stays, with its times
  }
  const focused = piece.contains(document.activeElement) ? document.activeElement : null;
  const folds = new Map(all("details", piece).map((node) => [node.id, node.open]));
  piece.innerHTML = html;
  for (const node of all("details", piece)) node.open = folds.get(node.id) ?? node.open;
  attend(piece);
  if (focused) (one(focused.id) ?? piece.querySelector("a, button, summary") ?? one("content")).focus({ preventScroll: true });
  return true;
}

async function follow(look, onReloaded) {
  const now = performance.now();
  if (news(look) !== seen) {
    seen = news(look);
    due.alarms = now;
    due.journal = now + JOURNAL_LAG_MS; // it is written a moment after it happened
  }
  const pieces = all("[data-follows]").filter((piece) => due[piece.dataset.follows] <= now);
  if (isLoading || !pieces.length) return;
  for (const { dataset } of pieces) due[dataset.follows] = dataset.follows === "journal" ? now + JOURNAL_REFRESH_MS : Infinity;
  isLoading = true;
  const came = await Promise.all(pieces.map(reload));
  isLoading = false;
  for (const { dataset } of pieces.filter((_, i) => !came[i])) due[dataset.follows] = performance.now() + RETRY_MS;
  onReloaded();
}

export function begin(onReloaded) {
  seen = news(currentLook());
  onLook((look, isNews) => isNews && follow(look, onReloaded));
}
