// Values as people read them: the same texts as formats.py writes on the server.
import { language, texts, timezone, word } from "./page.js";

export const NOTHING = "—";
export const FLOW_A = 0.02;
const NBSP = "\u00a0";
const formatters = new Map();

function intl(key, make) {
  if (!formatters.has(key)) formatters.set(key, make());
  return formatters.get(key);
}

export function number(value, decimals = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  const format = intl(`n${decimals}`, () => new Intl.NumberFormat(language, {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: "negative", useGrouping: "always",
  }));
  return format.format(value).replace("-", "−");
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NOTHING;
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60), hours = Math.floor(whole / 3600), days = Math.floor(whole / 86400);
  if (!minutes) return `${whole}${NBSP}s`;
  if (!hours) return `${minutes}${NBSP}min`;
  if (hours < 48) return `${hours}${NBSP}h${NBSP}${String(minutes % 60).padStart(2, "0")}${NBSP}min`;
  return `${days}${NBSP}${texts.day}${NBSP}${hours % 24}${NBSP}h`;
}

export function size(count) {
  if (count === null || count === undefined) return NOTHING;
  for (const [exponent, prefix] of [[9, "G"], [6, "M"], [3, "k"]]) {
    if (count >= 10 ** exponent) return `${number(count / 10 ** exponent, 1)}${NBSP}${prefix}${texts.byte}`;
  }
  return `${number(count)}${NBSP}${texts.byte}`;
}

function dated(options) {
  return intl(JSON.stringify(options), () => {
    try {
      return new Intl.DateTimeFormat(language, { ...options, timeZone: timezone });
    } catch {
      return new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" });
    }
  });
}

const dayOf = (utcMs) => dated({ year: "numeric", month: "numeric", day: "numeric" }).format(utcMs);

export const clock = (utcMs) => dated({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(utcMs);
export const clockSeconds = (utcMs) =>
  dated({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(utcMs);

export function date(utcMs) {
  const parts = dated({ day: "numeric", month: "short" }).formatToParts(utcMs);
  const part = (type) => parts.find((entry) => entry.type === type).value;
  return `${part("day")} ${part("month")}`;
}

export function instant(utcMs, nowUtcMs) {
  if (utcMs === null || utcMs === undefined) return NOTHING;
  if (nowUtcMs && dayOf(nowUtcMs) === dayOf(utcMs)) return clock(utcMs);
  return `${date(utcMs)}${NBSP}${clock(utcMs)}`;
}

export function flow(currentA) {
  if (currentA === null || currentA === undefined) return NOTHING;
  if (Math.abs(currentA) < FLOW_A) return texts.rest;
  return currentA > 0 ? texts.charging : texts.discharging;
}

function named(kind, value) {
  if (value === null || value === undefined) return NOTHING;
  const names = typeof value === "string" ? [value] : value;
  return (names.length ? names : ["good"]).map((name) => word(kind, name)).join(", ");
}

const plain = {
  flow,
  bytes: size,
  duration,
  text: (value) => (value === null || value === undefined ? NOTHING : String(value)),
  yesno: (value) => (value === null || value === undefined ? NOTHING : value ? texts.yes : texts.no),
  ghz: (value) => number(value === null || value === undefined ? null : value / 1e9, 2),
  milli: (value) => number(value === null || value === undefined ? null : value * 1000, 2),
};

/** Write a value in the form a data-fmt attribute names; formats.py lists the forms. */
export function write(value, form, nowUtcMs) {
  if (form in plain) return plain[form](value);
  if (form.startsWith("word:")) return named(form.slice(5), value);
  const isKnown = value !== null && value !== undefined && nowUtcMs;
  if (form === "instant") return instant(value, nowUtcMs);
  if (form === "since") return isKnown ? `${instant(value, nowUtcMs)} (${duration((nowUtcMs - value) / 1000)})` : NOTHING;
  if (form === "remaining") return isKnown ? duration((value - nowUtcMs) / 1000) : NOTHING;
  return number(value, Number(form.slice(1)));
}
