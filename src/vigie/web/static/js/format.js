// Values as people read them: the same texts as formats.py writes on the server.
import { dayMark, language, NOTHING, texts, timezone, word } from "./page.js";

const FLOW_A = 0.02;
const NBSP = "\u00a0";
const QUANTITIES = { degC: ["°C", 1], K: ["K", 1], V: ["V", 2], A: ["A", 2], "%": ["%", 1], "1/h": ["/h", 0] };
const SECONDS = { s: 1, h: 3600, d: 86400 };
const formatters = new Map();
const isNothing = (value) => value === null || value === undefined;

function intl(key, make) {
  if (!formatters.has(key)) formatters.set(key, make());
  return formatters.get(key);
}

export function number(value, decimals = 0) {
  if (!Number.isFinite(value)) return NOTHING;
  const format = intl(`n${decimals}`, () => new Intl.NumberFormat(language, {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: "negative", useGrouping: "always",
  }));
  return format.format(value).replace("-", "−");
}

export function duration(seconds) {
  if (isNothing(seconds)) return texts.no_value;
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60), hours = Math.floor(whole / 3600), days = Math.floor(whole / 86400);
  if (!minutes) return `${whole}${NBSP}s`;
  if (!hours) return `${minutes}${NBSP}min`;
  if (hours < 48) return `${hours}${NBSP}h${NBSP}${String(minutes % 60).padStart(2, "0")}${NBSP}min`;
  return `${days}${NBSP}${texts.day}${NBSP}${hours % 24}${NBSP}h`;
}

export function size(count) {
  if (isNothing(count)) return texts.no_value;
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
export const clockSeconds = (utcMs) => dated({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(utcMs);

export function date(utcMs) {
  const parts = dated({ day: "numeric", month: "short" }).formatToParts(utcMs);
  const part = (type) => parts.find((entry) => entry.type === type).value;
  return `${part("day")}${dayMark}${NBSP}${part("month")}`;
}

export const fullDate = (utcMs) => dated({ day: "numeric", month: "short", year: "numeric" }).format(utcMs);
export const month = (utcMs) => dated({ month: "short", year: "numeric" }).format(utcMs);

export function instant(utcMs, nowUtcMs) {
  if (isNothing(utcMs)) return texts.no_value;
  if (nowUtcMs && dayOf(nowUtcMs) === dayOf(utcMs)) return clock(utcMs);
  return `${date(utcMs)} ${clock(utcMs)}`;
}

export function flow(currentA) {
  if (isNothing(currentA)) return texts.no_value;
  if (Math.abs(currentA) < FLOW_A) return texts.rest;
  return currentA > 0 ? texts.charging : texts.discharging;
}

function named(kind, value) {
  if (isNothing(value)) return texts.no_value;
  return (value.length ? [value].flat() : ["good"]).map((name) => word(kind, name)).join(", ");
}

function quantity(value, unit) {
  if (unit in SECONDS) return duration(isNothing(value) ? null : value * SECONDS[unit]);
  const [symbol, decimals] = QUANTITIES[unit] ?? [unit, 1];
  return isNothing(value) ? texts.no_value : `${number(unit === "%" ? value * 100 : value, decimals)}${NBSP}${symbol}`.trimEnd();
}

const plain = {
  flow,
  bytes: size,
  duration, about: (value) => duration(value).replace(/\u00a00+\u00a0(min|h)$/, "").replace(/^0\u00a0s$/, `0${NBSP}min`),
  text: (value) => (isNothing(value) ? texts.no_value : String(value)),
  fault: (value) => value ?? texts.no_error,
  yesno: (value) => (isNothing(value) ? texts.no_value : value ? texts.yes : texts.no),
  ghz: (value) => number(isNothing(value) ? null : value / 1e9, 2),
  milli: (value) => number(isNothing(value) ? null : value * 1000, 2),
};

/** Write a value in the form a data-fmt attribute names; formats.py lists the forms. */
export function write(value, form, nowUtcMs) {
  if (form in plain) return plain[form](value);
  if (form.startsWith("word:")) return named(form.slice(5), value);
  if (form.startsWith("of:")) return quantity(value, form.slice(3));
  const isKnown = !isNothing(value) && nowUtcMs;
  if (form === "instant") return instant(value, nowUtcMs);
  if (form === "since") return isKnown ? `${instant(value, nowUtcMs)} (${duration((nowUtcMs - value) / 1000)})` : texts.no_value;
  if (form === "remaining") return isKnown ? duration((value - nowUtcMs) / 1000) : texts.no_value;
  return number(value, Number(form.slice(1)));
}
