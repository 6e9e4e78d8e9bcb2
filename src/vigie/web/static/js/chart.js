// Charts of the journal: mean lines over min/max bands, gaps left open, the same values as a table.
import { clock, clockSeconds, date, fullDate, month, number } from "./format.js";
import { currentLook, onLook } from "./live.js";
import { all, fill, limits, one, setText, texts, timezone, toggle, word } from "./page.js";

const { uPlot } = window;
const MINUTE_MS = 60_000;
const LIVE_SPAN_MS = 10 * MINUTE_MS;
const DAY_MS = 1440 * MINUTE_MS;
const LONGEST_MS = 12 * 366 * DAY_MS;
const SLOW_REFRESH_MS = 30_000;
const FAST_REFRESH_MS = 2_000;
const TABLE_ROWS = 60;
const DASHES = [[], [9, 4], [3, 3], [12, 3, 3, 3]];
const FONT = getComputedStyle(document.body).fontFamily;
const CHANNELS = ["battery", "charge", "load", "spare"];

const view = { spanMs: LIVE_SPAN_MS, endUtcMs: null }; // no end: follows the plant's present
const charts = [];
let loadedAt = -Infinity;
let loading = 0;

const nowUtcMs = () => currentLook().snapshot?.utc_ms ?? null;
/** Without an end of its own a chart ends with what the journal has: a fast simulation runs minutes ahead of it. */
function endUtcMs() {
  const snapshot = currentLook().snapshot;
  if (view.endUtcMs || !snapshot) return view.endUtcMs;
  const isFast = snapshot.speed > 2;
  return snapshot.utc_ms - (isFast ? snapshot.journal.waiting_periods * snapshot.loop.period_s * 1000 : 0);
}
const fitted = () => (currentLook().snapshot?.channels ?? []).filter((channel) => channel.is_fitted);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function limitsOf(snapshot) {
  const names = ["floor_v", ...(limits[snapshot.mode] ?? [])];
  return names.map((name) => ({ value: snapshot.thresholds[name], text: texts[name] })).filter((limit) => limit.value);
}

/** Break the line where points are missing: a null between two points further apart than is usual. */
function withGaps(points) {
  const steps = points.slice(1).map((point, index) => point[0] - points[index][0]).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  return points.flatMap((point, index) => {
    const isLate = index && point[0] - points[index - 1][0] > 3 * usual;
    return isLate ? [[(point[0] + points[index - 1][0]) / 2, null, null, null], point] : [point];
  });
}

const headCell = (scope, textContent) => Object.assign(document.createElement("th"), { scope, textContent });
const columns = (points) => [0, 1, 2, 3].map((column) => points.map((point) => point[column]));

class Chart {
  constructor(node) {
    this.node = node;
    this.plotNode = node.querySelector(".plot");
    this.tableNode = node.querySelector(".table-wrap");
    this.note = node.querySelector(".chart-note");
    this.points = new Map();
    toggle(node.querySelector("[data-table]"), false, (isShown) => this.showTable(isShown));
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(this.plotNode);
  }

  size() {
    return { width: Math.max(200, this.plotNode.clientWidth), height: innerWidth < 600 ? 220 : 280 };
  }

  async load(ticket) {
    const to = endUtcMs();
    if (to === null) return setText(this.note, texts.no_snapshot);
    try {
      const loaded = await Promise.all(fitted().map(({ channel }) => this.fetchOne(channel, to - view.spanMs, to)));
      if (ticket !== loading) return;
      this.points = new Map(loaded);
      const isEmpty = loaded.every(([, points]) => !points.length);
      setText(this.note, isEmpty ? texts.chart_empty : "");
      this.draw();
    } catch (error) {
      if (ticket === loading) setText(this.note, fill(texts.chart_failed, { why: error.message }));
    }
  }

  async fetchOne(channel, from, to) {
    const points = view.spanMs <= LIVE_SPAN_MS ? 600 : Math.min(800, Math.max(200, this.plotNode.clientWidth));
    const url = one("charts").dataset.seriesUrl.replace("{channel}", channel);
    const query = new URLSearchParams({ quantity: this.node.dataset.quantity, from_utc_ms: from, to_utc_ms: to, points });
    const response = await fetch(`${url}?${query}`, { cache: "no-store" });
    const series = await response.json();
    if (!response.ok) throw new Error(series.detail ?? series.title);
    return [channel, series.utc_ms.map((ms, i) => [ms / 1000, series.minimum[i], series.mean[i], series.maximum[i]])];
  }

  append(snapshot) {
    const second = snapshot.utc_ms / 1000;
    for (const state of fitted()) {
      const points = this.points.get(state.channel) ?? [];
      if (points.length && points.at(-1)[0] >= second) continue;
      const value = state[this.node.dataset.quantity];
      points.push([second, value, value, value]);
      while (points[0][0] < second - view.spanMs / 1000) points.shift();
      this.points.set(state.channel, points);
    }
    this.draw();
  }

  draw(isAnew = false) {
    const names = [...this.points.keys()];
    if (!names.length) return;
    const data = uPlot.join(names.map((name) => columns(withGaps(this.points.get(name)))));
    if (this.names === names.join() && !isAnew) this.plot.setData(data);
    else {
      this.plot?.destroy();
      this.plot = new uPlot(this.options(names), data, this.plotNode);
      this.names = names.join();
    }
    if (!this.tableNode.hidden) this.fillTable();
  }

  options(names) {
    const series = names.flatMap((name) => {
      const rank = CHANNELS.indexOf(name);
      const stroke = style(`--series-${rank + 1}`);
      const edge = { stroke: "transparent", points: { show: false } };
      return [edge, { stroke, width: 2, dash: DASHES[rank], points: { show: false } }, edge];
    });
    const axis = { stroke: style("--text-soft"), grid: { stroke: style("--line"), width: 1 }, ticks: { show: false }, font: `12px ${FONT}` };
    return {
      ...this.size(),
      tzDate: (second) => uPlot.tzDate(new Date(second * 1000), timezone),
      legend: { show: false },
      cursor: { sync: { key: "vigie" }, drag: { x: false, y: false }, y: false },
      scales: {
        x: { range: () => [(endUtcMs() - view.spanMs) / 1000, endUtcMs() / 1000] },
        y: { range: (plot, low, high) => this.range(plot, low, high) },
      },
      axes: [
        { ...axis, space: 64, values: (_, seconds) => seconds.map((second) => this.tick(second * 1000)) },
        { ...axis, size: 52, values: (_, values, __, ___, step) => values.map((value) => number(value, Math.abs(Math.round(step * 10) - step * 10) > 1e-6 ? 2 : 1)) },
      ],
      series: [{}, ...series],
      bands: names.map((name, i) => ({
        series: [3 * i + 3, 3 * i + 1], fill: style(`--series-${CHANNELS.indexOf(name) + 1}-band`),
      })),
      hooks: { draw: [(plot) => this.drawLimits(plot)], setCursor: [(plot) => this.readCursor(plot, names)] },
    };
  }

  limits() {
    return this.node.dataset.quantity === "bus_v" ? limitsOf(currentLook().snapshot) : [{ value: 0, text: "" }];
  }

  /** Room round the data and the limits near it; a one-second dip to 0 V runs off the edge, it does not flatten the rest. */
  range(plot, low, high) {
    if (low === null) return [0, 1];
    const means = plot.data.filter((_, i) => i % 3 === 2).flat().filter((value) => value !== null && value !== undefined);
    if (this.node.dataset.quantity === "bus_v" && means.length) {
      low = Math.max(low, means.reduce((a, b) => Math.min(a, b)) - 1);
      high = Math.min(high, means.reduce((a, b) => Math.max(a, b)) + 1);
    }
    const near = this.limits().map((limit) => limit.value).filter((value) => value > low - 1 && value < high + 1);
    const bottom = Math.min(low, ...near), top = Math.max(high, ...near);
    const room = Math.max(0.05, (top - bottom) * 0.08);
    return [bottom - room, top + room];
  }

  tick(utcMs) {
    if (view.spanMs <= 5 * MINUTE_MS) return clockSeconds(utcMs);
    if (view.spanMs <= 2 * DAY_MS) return clock(utcMs);
    return view.spanMs <= 300 * DAY_MS ? date(utcMs) : month(utcMs);
  }

  drawLimits(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = style("--limit");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.font = `${11 * devicePixelRatio}px ${FONT}`;
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    let lastLabel = Infinity;
    for (const { value, text } of [...this.limits()].sort((a, b) => a.value - b.value)) {
      const y = plot.valToPos(value, "y", true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      if (!text) ctx.strokeStyle = style("--wire-dead");
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      if (text && lastLabel - y > 13 * devicePixelRatio) ctx.fillText(`${text} ${number(value, 1)}\u00a0V`, bbox.left + bbox.width - 4, y - 2 * devicePixelRatio), lastLabel = y;
    }
    ctx.restore();
  }

  readCursor(plot, names) {
    const { idx } = plot.cursor;
    if (idx === null || idx === undefined) return setText(this.node.querySelector(".cursor-values"), "\u00a0");
    const values = names.map((name, i) => `${word("channel", name)} ${number(plot.data[3 * i + 2][idx], this.decimals())}\u00a0${this.node.dataset.unit}`);
    return setText(this.node.querySelector(".cursor-values"), [this.stamp(plot.data[0][idx] * 1000), ...values].join(" · "));
  }

  decimals() {
    return this.node.dataset.quantity === "bus_v" ? 2 : 3;
  }

  stamp(utcMs) {
    if (view.spanMs <= 60 * MINUTE_MS) return clockSeconds(utcMs);
    return `${view.spanMs <= 300 * DAY_MS ? date(utcMs) : fullDate(utcMs)} ${clock(utcMs)}`;
  }

  showTable(isShown) {
    this.tableNode.hidden = !isShown;
    this.plotNode.hidden = isShown;
    if (isShown) this.fillTable();
  }

  fillTable() {
    const table = document.createElement("table");
    table.createCaption().textContent = `${texts.mean} (${texts.minimum} – ${texts.maximum}), ${this.node.dataset.unit}`;
    const head = table.createTHead().insertRow();
    const names = [...this.points.keys()].map((name) => word("channel", name));
    head.append(...[texts.time, ...names].map((text) => headCell("col", text)));
    const body = table.createTBody();
    const longest = [...this.points.values()].sort((a, b) => b.length - a.length)[0] ?? [];
    const step = Math.max(1, Math.ceil(longest.length / TABLE_ROWS));
    const byTime = new Map([...this.points].map(([name, points]) => [name, new Map(points.map((point) => [point[0], point]))]));
    for (let i = longest.length - 1; i >= 0; i -= step) this.addRow(body, longest[i][0], byTime);
    this.tableNode.replaceChildren(table);
  }

  addRow(body, second, byTime) {
    const row = body.insertRow();
    row.append(headCell("row", this.stamp(second * 1000)));
    for (const points of byTime.values()) {
      const [, low, mean, high] = points.get(second) ?? [];
      const write = (value) => number(value ?? null, this.decimals());
      const isOne = low === high;
      row.insertCell().textContent = mean === undefined ? texts.no_value : isOne ? write(mean) : `${write(mean)} (${write(low)} – ${write(high)})`;
    }
  }
}

function loadAll() {
  loading += 1;
  loadedAt = performance.now();
  sayShown();
  for (const chart of charts) chart.load(loading);
}

/** Say which stretch is shown, years included: what a chart's axis has no room for. */
function sayShown() {
  const to = endUtcMs();
  const edge = (utcMs) => `${fullDate(utcMs)} ${clock(utcMs)}`;
  if (to !== null) setText(one("span-shown"), `${edge(to - view.spanMs)} – ${edge(to)}`);
}

/** What a button asks for: its minutes, or everything there is. */
function spanOf({ dataset }) {
  if (dataset.spanMin !== "0") return Number(dataset.spanMin) * MINUTE_MS;
  const first = Number(one("charts").dataset.firstUtcMs) || endUtcMs() - LIVE_SPAN_MS;
  return Math.min(LONGEST_MS, Math.max(MINUTE_MS, endUtcMs() - first));
}

function move(kind) {
  const end = endUtcMs();
  if (end === null) return;
  if (kind === "in") view.spanMs = Math.max(MINUTE_MS, view.spanMs / 2);
  if (kind === "out") view.spanMs = Math.min(LONGEST_MS, view.spanMs * 2);
  if (kind === "back") view.endUtcMs = end - view.spanMs / 2;
  if (kind === "forward") view.endUtcMs = end + view.spanMs / 2 >= nowUtcMs() ? null : end + view.spanMs / 2;
  choose(view.spanMs);
}

function choose(spanMs, chosen = null) {
  view.spanMs = spanMs;
  for (const button of all("[data-span-min]")) {
    button.setAttribute("aria-pressed", chosen ? button === chosen : Number(button.dataset.spanMin) * MINUTE_MS === spanMs);
  }
  loadAll();
}

function follow(look, isNews) {
  if (!isNews || !look.isFresh || view.endUtcMs !== null || document.hidden) return;
  const sinceMs = performance.now() - loadedAt;
  // A simulation that runs fast leaves holes between two snapshots; the journal has all periods.
  const isFast = look.snapshot.speed > 2;
  if (sinceMs > (isFast ? FAST_REFRESH_MS : SLOW_REFRESH_MS)) loadAll();
  else if (!isFast && view.spanMs <= LIVE_SPAN_MS) for (const chart of charts) chart.append(look.snapshot);
}

export function begin() {
  charts.push(...all(".chart").map((node) => new Chart(node)));
  for (const button of all("[data-span-min]")) {
    button.addEventListener("click", () => {
      view.endUtcMs = null;
      if (endUtcMs() !== null) choose(spanOf(button), button);
    });
  }
  for (const button of all("[data-move]")) button.addEventListener("click", () => move(button.dataset.move));
  new MutationObserver(() => charts.forEach((chart) => chart.draw(true))).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  onLook(follow);
  loadAll();
}
