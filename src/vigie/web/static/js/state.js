// What this page may claim, given the newest snapshot and its age: the same rules as presentation.py.
import { duration, FLOW_A } from "./format.js";
import { fill, texts, word } from "./page.js";

const SHORTEST_STALE_MS = 2500;
const DEAD_V = 5;
const MOST_NAMED = 3;
const SEVERITIES = ["info", "warning", "critical"];
const ASKING = ["unacknowledged", "returned", "latched"];
const WIRES = ["mains", "supply", "output", "load", "charge", "battery"];

/** Return the field a path names ("mode", "channels.battery.bus_v", "relays.R2.contact"), null without one. */
export function lookUp(snapshot, path) {
  let value = snapshot;
  for (const step of path.split(".")) {
    if (Array.isArray(value)) value = value.find((entry) => [entry.channel, entry.relay, entry.alarm].includes(step));
    else value = value?.[step];
  }
  return value ?? null;
}

const staleAfterMs = (snapshot) => Math.max(SHORTEST_STALE_MS, (2500 * snapshot.loop.period_s) / snapshot.speed);

const isAsking = (alarm) => ASKING.includes(alarm.standing);
const isActing = ({ severity, standing, is_present }) => severity !== "info" && standing !== "shelved"
  && (is_present || standing === "latched");
const stands = (alarm) => alarm.is_present || alarm.standing === "latched";
const rank = (alarm) => (stands(alarm) ? 100 : 0) + 10 * SEVERITIES.indexOf(alarm.severity) + (isAsking(alarm) ? 1 : 0);

/** Judge a state: never "ok" from a cut page, a lost link or an old snapshot. */
export function lookAt({ snapshot, link, web_alarms }, ageMs, pageCutMs, refusal) {
  const isFresh = Boolean(snapshot) && link === "connected" && pageCutMs === null
    && ageMs !== null && ageMs <= staleAfterMs(snapshot);
  const alarms = [...(snapshot?.alarms ?? []), ...web_alarms].sort((a, b) => rank(b) - rank(a));
  const acting = alarms.filter(isActing);
  return {
    snapshot, ageMs, link, isFresh,
    values: { ...snapshot, alarms, alarm_count: alarms.filter(isAsking).length },
    verdict: isFresh ? verdict(snapshot, acting) : "unknown",
    why: isFresh ? why(snapshot, acting) : whyUnknown(snapshot, ageMs, pageCutMs, refusal),
    sinceUtcMs: isFresh ? since(snapshot, acting) : null,
    wires: isFresh ? wiresOf(snapshot) : Object.fromEntries(WIRES.map((name) => [name, wire("unknown")])),
  };
}

/** The controller's word, raised to what the alarms that act demand. */
function verdict(snapshot, acting) {
  if (acting.some((alarm) => alarm.severity === "critical" && alarm.is_present)) return "alarm";
  return acting.length && snapshot.verdict === "ok" ? "attention" : snapshot.verdict;
}

function whyUnknown(snapshot, ageMs, pageCutMs, refusal) {
  if (pageCutMs !== null) return refusal ?? fill(texts.page_cut, { age: duration(pageCutMs / 1000) });
  if (!snapshot) return texts.no_snapshot;
  if (ageMs === null) return texts.not_connected;
  return fill(texts.silent, { age: duration(ageMs / 1000) });
}

function why(snapshot, acting) {
  const told = snapshot.verdict_reasons.map((name) => word("reason", name));
  if (!told.length) told.push(...acting.slice(0, MOST_NAMED).map(({ alarm }) => word("alarm", alarm)));
  if (told.length) return sentence(told.join(" · "));
  return fill(texts.mode_and_mains, {
    mode: word("mode", snapshot.mode).toLowerCase(), mains: word("mains", snapshot.mains),
  });
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1);

function since(snapshot, acting) {
  const reason = snapshot.verdict_reasons[0];
  if (!reason && acting.length) return Math.min(...acting.map((alarm) => alarm.raised_utc_ms));
  if (!reason) return Math.max(snapshot.phase_since_utc_ms, snapshot.mains_since_utc_ms);
  if (["mains_lost", "not_back_after_drill"].includes(reason)) return snapshot.mains_since_utc_ms;
  const movements = snapshot.relays.filter((relay) => relay.reason === reason).map((relay) => relay.since_utc_ms);
  return movements.length ? Math.max(...movements) : null;
}

const wire = (state, direction = "forward", speed = "1") => ({ state, direction, speed });

function wiresOf(snapshot) {
  const get = (path) => lookUp(snapshot, path);
  const hasMains = snapshot.mains === "present";
  const r1Closed = get("relays.R1.contact") === "closed", r2Closed = get("relays.R2.contact") === "closed";
  const isFed = hasMains && r1Closed;
  const mains = ["unknown", "cut"].includes(snapshot.mains) ? "unknown" : isFed ? "flow" : "dead";
  const chargeA = get("channels.charge.current_a"), loadA = get("channels.load.current_a");
  return {
    mains: wire(hasMains && !r1Closed ? "live" : mains, "forward", "2"),
    supply: wire(isFed ? "flow" : mains === "unknown" && r1Closed ? "unknown" : "dead", "forward", "2"),
    output: direct(chargeA === null || loadA === null ? null : loadA + chargeA, get("channels.load.bus_v")),
    load: direct(loadA, get("channels.load.bus_v")),
    charge: direct(chargeA, hasMains || r2Closed ? 13 : 0),
    battery: direct(chargeA, get("channels.battery.bus_v")),
  };
}

function direct(currentA, busV) {
  if (currentA !== null && Math.abs(currentA) >= FLOW_A) {
    const speed = Math.abs(currentA) < 0.3 ? "1" : Math.abs(currentA) < 1.5 ? "2" : "3";
    return wire("flow", currentA > 0 ? "forward" : "back", speed);
  }
  if (busV !== null && busV <= DEAD_V) return wire("dead");
  return wire(currentA === null || busV === null ? "unknown" : "live");
}
