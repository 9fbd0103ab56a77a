// Draws one uPlot chart per component. Data arrives as one block of float64 values: all times (seconds since 1970), then each
// series in turn; NaN is a gap. A chart is fed once with a snapshot and then with points, and repaints its canvas only.
import uPlot from "../lib/uplot/uPlot.esm.js";
import { drawOverlays, palette, withAlpha } from "./chart-look.js";
import { clock, formatOf } from "./chart-units.js";

const charts = new Map();
const syncs = new Map();

function unpack(bytesOfColumns, columns) {
  // A copy, because the view that interop hands over need not start at a multiple of eight.
  const values = new Float64Array(bytesOfColumns.slice().buffer);
  const length = columns === 0 ? 0 : Math.floor(values.length / columns);
  const data = [];
  for (let column = 0; column < columns; column++) {
    const part = Array.from(values.subarray(column * length, (column + 1) * length));
    data.push(column === 0 ? part : part.map(value => Number.isNaN(value) ? null : value));
  }
  return data;
}

function axis(chart, values, size) {
  return {
    stroke: () => chart.colours.muted,
    font: `11px ${chart.font}`,
    grid: { stroke: () => chart.colours.line, width: 1 },
    ticks: { show: false },
    gap: 6,
    size,
    values,
  };
}

function axisWidth(plot, values) {
  if (!values) return 44;
  const longest = values.reduce((width, value) => Math.max(width, value?.length ?? 0), 0);
  return Math.max(44, Math.ceil(longest * 6.4) + 14);
}

function highest(chart, dataMaximum) {
  const limits = chart.overlays.thresholds.map(threshold => threshold.value);
  const top = Math.max(dataMaximum ?? 0, ...limits, 0);
  return top > 0 ? top * 1.08 : chart.options.unit === "percent" ? 0.01 : 1;
}

// Steps that are round in KiB, MiB and GiB.
const binarySteps = Array.from({ length: 50 }, (_, power) => 2 ** power);

function build(chart) {
  const { options, canvas } = chart;
  const format = formatOf(options.unit);
  const series = options.series.map(item => ({
    label: item.name,
    stroke: () => chart.colours.series[item.color - 1],
    fill: item.fill ? () => withAlpha(chart.colours.series[item.color - 1], 0.12) : undefined,
    width: 1.5,
    dash: item.dashed ? [5, 4] : undefined,
    spanGaps: false,
    points: { show: false },
  }));

  return new uPlot({
    width: Math.max(canvas.clientWidth, 120),
    height: Math.max(canvas.clientHeight, 80),
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: true, y: false, setScale: true },
      sync: options.syncKey ? { key: sync(options.syncKey).key, setSeries: false } : undefined,
    },
    scales: {
      x: { time: true },
      y: { range: (_, minimum, maximum) => [Math.min(0, minimum ?? 0), highest(chart, maximum)] },
    },
    axes: [
      axis(chart, (_, ticks) => ticks.map(tick => clock(tick, ticks)), 26),
      { ...axis(chart, (_, ticks) => ticks.map(tick => tick === null ? "" : format(tick)), axisWidth), ...(options.unit === "bytes" ? { incrs: binarySteps } : {}) },
    ],
    series: [{}, ...series],
    hooks: {
      draw: [plot => drawOverlays(chart, plot)],
      setCursor: [() => scheduleLegend(chart)],
      setSelect: [plot => { if (plot.select.width > 0) { chart.zoomed = true; if (chart.reset) chart.reset.hidden = false; } }],
    },
  }, chart.data, canvas);
}

function sync(key) {
  if (!syncs.has(key)) syncs.set(key, uPlot.sync(key));
  return syncs.get(key);
}

function scheduleLegend(chart) {
  if (chart.legendFrame) return;
  chart.legendFrame = requestAnimationFrame(() => {
    chart.legendFrame = 0;
    writeLegend(chart);
  });
}

function writeLegend(chart) {
  const format = formatOf(chart.options.unit);
  const times = chart.data[0] ?? [];
  const hovered = chart.plot?.cursor.idx;
  const index = hovered ?? times.length - 1;
  const items = chart.legend?.querySelectorAll("strong") ?? [];
  items.forEach((item, position) => {
    const value = chart.data[position + 1]?.[index];
    const text = value === null || value === undefined ? "–" : format(value);
    if (item.textContent !== text) item.textContent = text;
  });
}

// The screen reader's version is rewritten at most every five seconds, so that live points do not flood it.
function writeSummary(chart) {
  const now = performance.now();
  if (!chart.summary || now - chart.summaryAt < 5000) return;
  chart.summaryAt = now;
  const format = formatOf(chart.options.unit);
  const last = (chart.data[0]?.length ?? 0) - 1;
  const words = chart.options.series.map((item, index) => {
    const value = last < 0 ? null : chart.data[index + 1][last];
    return `${item.name}: ${value === null || value === undefined ? "no value" : format(value)}`;
  });
  chart.summary.textContent = words.length === 0 || last < 0 ? "No data" : `Latest values. ${words.join("; ")}`;
}

function keepWindow(chart) {
  const seconds = chart.options.windowSeconds;
  const times = chart.data[0];
  if (!seconds || times.length === 0) return;
  const oldest = times[times.length - 1] - seconds;
  let drop = 0;
  while (drop < times.length && times[drop] < oldest) drop++;
  if (drop > 0) chart.data = chart.data.map(column => column.slice(drop));
}

function paint(chart) {
  if (!chart.plot) return;
  keepWindow(chart);
  if (chart.zoomed) {
    // While someone looks at a zoomed part the data goes on growing beneath it, the view stays where it is.
    const { min, max } = chart.plot.scales.x;
    chart.plot.batch(() => {
      chart.plot.setData(chart.data, false);
      chart.plot.setScale("x", { min, max });
    });
  } else if (chart.options.windowSeconds && chart.data[0].length > 0) {
    // The whole window from the first second on: the line grows from the right, and charts side by side have one time axis.
    const newest = chart.data[0][chart.data[0].length - 1];
    chart.plot.batch(() => {
      chart.plot.setData(chart.data, false);
      chart.plot.setScale("x", { min: newest - chart.options.windowSeconds, max: newest });
    });
  } else {
    chart.plot.setData(chart.data, true);
  }
  scheduleLegend(chart);
  writeSummary(chart);
}

/** Creates the chart inside `host`; `options` holds unit, series, syncKey, windowSeconds, and the overlays to start with. */
export function create(id, host, options) {
  dispose(id);
  const chart = {
    id,
    host,
    options,
    canvas: host.querySelector("[data-chart-canvas]"),
    legend: host.querySelector("[data-chart-legend]"),
    summary: host.querySelector("[data-chart-summary]"),
    reset: host.querySelector("[data-chart-reset]"),
    overlays: { thresholds: options.thresholds ?? [], markers: options.markers ?? [] },
    data: [[], ...options.series.map(() => [])],
    zoomed: false,
    summaryAt: -Infinity,
    legendFrame: 0,
  };
  chart.font = getComputedStyle(host).fontFamily;
  chart.colours = palette(host);
  chart.plot = build(chart);
  chart.retheme = () => { chart.colours = palette(host); chart.plot.redraw(false, true); };
  chart.resetZoom = () => {
    // Zooming reaches every chart that shares the cursor, so going back does too.
    for (const other of charts.values()) {
      if (other !== chart && (!options.syncKey || other.options.syncKey !== options.syncKey)) continue;
      other.zoomed = false;
      if (other.reset) other.reset.hidden = true;
      paint(other);
    }
  };
  document.documentElement.addEventListener("ops:theme", chart.retheme);
  chart.canvas.addEventListener("dblclick", chart.resetZoom);
  chart.reset?.addEventListener("click", chart.resetZoom);
  chart.resize = new ResizeObserver(() => {
    const width = chart.canvas.clientWidth;
    const height = chart.canvas.clientHeight;
    if (width > 0 && height > 0 && (width !== chart.plot.width || height !== chart.plot.height)) chart.plot.setSize({ width, height });
  });
  chart.resize.observe(chart.canvas);
  charts.set(id, chart);
}

/** Replaces all data. */
export function setData(id, block) {
  const chart = charts.get(id);
  if (!chart) return;
  chart.data = unpack(block, chart.options.series.length + 1);
  paint(chart);
}

/** Adds points behind the ones there are; points that are not later than the last one are dropped. */
export function append(id, block) {
  const chart = charts.get(id);
  if (!chart) return;
  const added = unpack(block, chart.options.series.length + 1);
  const times = chart.data[0];
  const last = times.length > 0 ? times[times.length - 1] : -Infinity;
  added[0].forEach((time, index) => {
    if (time > last) chart.data.forEach((column, position) => column.push(added[position][index]));
  });
  paint(chart);
}

export function setOverlays(id, thresholds, markers) {
  const chart = charts.get(id);
  if (!chart) return;
  chart.overlays = { thresholds, markers };
  paint(chart);
}

export function dispose(id) {
  const chart = charts.get(id);
  if (!chart) return;
  charts.delete(id);
  if (chart.legendFrame) cancelAnimationFrame(chart.legendFrame);
  document.documentElement.removeEventListener("ops:theme", chart.retheme);
  chart.resize.disconnect();
  chart.plot.destroy();
}
