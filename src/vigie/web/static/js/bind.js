// Brings the server's page up to date: texts, attributes, what is shown, the verdict, the banner, the ages.
import { duration, instant, write } from "./format.js";
import { currentLook, isLive, silenceMs } from "./live.js";
import { all, fill, one, setText, setValue, texts, word } from "./page.js";
import { lookUp } from "./state.js";

let isHeld = false;
/** Keep the measured texts as they are (HOLD) until released; what matters for safety goes on. */
export const hold = (value) => { isHeld = value; };

const raw = (value) => (value === null ? "" : String(value));
const title = document.title.replace(/^(\(\d+\) )?⚠ /, "");

/** True when the values have what `path=one|or|another` names; what is not there is empty. */
export function meets(values, expectation) {
  const [path, wanted] = expectation.split("=");
  return wanted.split("|").includes(raw(lookUp(values, path)));
}

export function update(look, isNews) {
  if (isNews) bindValues(look.values);
  document.body.classList.toggle("is-stale", !look.isFresh);
  if (document.body.dataset.verdict !== look.verdict) document.body.dataset.verdict = look.verdict;
  sayVerdict(look);
  sayTitle(look);
  sayAges(look);
  for (const [name, wire] of Object.entries(look.wires)) {
    for (const node of all(`[data-wire="${name}"]`)) Object.assign(node.dataset, wire);
  }
}

function bindValues(values) {
  const free = (selector) => all(selector).filter((node) => !isHeld || !node.closest(".meter"));
  for (const node of free("[data-live]")) setValue(node, write(lookUp(values, node.dataset.live), node.dataset.fmt, values.utc_ms));
  for (const node of free("[data-gauge]")) {
    const { gauge: path, low, high } = node.dataset;
    const share = Math.min(1, Math.max(0, ((lookUp(values, path) ?? low) - low) / (high - low)));
    node.setAttribute("width", (share * 200).toFixed(1));
  }
  for (const node of all("[data-is]")) node.dataset.value = raw(lookUp(values, node.dataset.is));
  for (const node of all("[data-show]")) {
    const { show: path, wanted } = node.dataset;
    const isShown = wanted ? meets(values, `${path}=${wanted}`) : lookUp(values, path);
    node.toggleAttribute("hidden", !isShown); // an SVG element has no property hidden
  }
  for (const node of all("[data-mine]")) node.setAttribute("aria-pressed", node.dataset.value === node.dataset.mine);
  for (const node of all("[data-lock]")) {
    const reasons = node.dataset.lock.split(" ");
    const acts = values.relays?.some((relay) => reasons.includes(relay.refusal_to_open) || reasons.includes(relay.reason));
    node.querySelector(".lock-now").hidden = !acts;
  }
}

function sayVerdict(look) {
  for (const id of ["chip-text", "verdict-word"]) setText(one(id), word("verdict", look.verdict));
  setText(one("verdict-why"), look.why);
  if (one("verdict-since")) {
    one("verdict-since").hidden = look.sinceUtcMs === null;
    setText(one("verdict-when"), instant(look.sinceUtcMs, look.snapshot?.utc_ms));
  }
  one("banner-lost").hidden = look.isFresh;
  // Only the title is read aloud when it changes; the growing age stays out of the live region.
  setText(one("banner-lost-title"), look.isFresh ? "" : texts.not_live);
  setText(one("banner-lost-text"), look.why);
}

function sayTitle({ values: { alarm_count: count }, verdict }) {
  const isAlarm = count > 0 || verdict === "alarm";
  const wanted = `${count ? `(${count}) ` : ""}${isAlarm ? "⚠ " : ""}${title}`;
  if (document.title !== wanted) document.title = wanted;
  const icon = one("favicon");
  const href = isAlarm ? icon.dataset.alarm : icon.dataset.normal;
  if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

function sayAges(look) {
  const ago = (ms) => fill(texts.ago, { age: duration(ms / 1000) });
  setText(one("age-page"), isLive() ? texts.connected : `${texts.lost}, ${ago(silenceMs())}`);
  setText(one("age-link"), texts[look.link]);
  setText(one("age-snapshot"), look.ageMs === null ? texts.no_value : ago(look.ageMs));
}

export const begin = () => update(currentLook(), true);
