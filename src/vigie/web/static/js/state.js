// What this page may claim, given the newest snapshot and its age: presentation.py judges, this ages.
import { duration } from "./format.js";
import { fill, language, texts } from "./page.js";

/** Return the field a path names ("mode", "channels.battery.bus_v", "relays.R2.contact"), null without one. */
export function lookUp(snapshot, path) {
  let value = snapshot;
  for (const step of path.split(".")) {
    if (Array.isArray(value)) value = value.find((entry) => [entry.channel, entry.relay, entry.alarm].includes(step));
    else value = value?.[step];
  }
  return value ?? null;
}

const unknown = ([name]) => [name, { state: "unknown", direction: "forward", speed: "1" }];

/** Age what the server judged of a state: nothing of it is claimed on a cut page, a lost link or an old snapshot. */
export function lookAt({ snapshot, link, web_alarms, look }, ageMs, pageCutMs, refusal) {
  const isFresh = Boolean(snapshot) && link === "connected" && pageCutMs === null
    && ageMs !== null && ageMs <= look.stale_after_ms;
  const reports = [...(snapshot?.alarms ?? []), ...web_alarms];
  const alarms = look.alarms.map((name) => reports.find(({ alarm }) => alarm === name));
  return {
    snapshot, ageMs, link, isFresh,
    values: { ...snapshot, alarms, alarm_count: look.alarm_count },
    verdict: isFresh ? look.verdict : "unknown",
    why: isFresh ? look.why[language] : whyUnknown(snapshot, ageMs, pageCutMs, refusal),
    sinceUtcMs: isFresh ? look.since_utc_ms : null,
    wires: isFresh ? look.wires : Object.fromEntries(Object.entries(look.wires).map(unknown)),
  };
}

function whyUnknown(snapshot, ageMs, pageCutMs, refusal) {
  if (pageCutMs !== null) return refusal ?? fill(texts.page_cut, { age: duration(pageCutMs / 1000) });
  if (!snapshot) return texts.no_snapshot;
  if (ageMs === null) return texts.not_connected;
  return fill(texts.silent, { age: duration(ageMs / 1000) });
}
