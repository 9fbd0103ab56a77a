// Draws one uPlot chart per component. Data arrives as one block of float64 values: all times (seconds since 1970), then each
// series in turn; NaN is a gap. A chart is fed once with a snapshot and then with points, and repaints its canvas only.
import uPlot from "../lib/uplot/uPlot.esm.js";

const charts = new Map();
const syncs = new Map();

const unitFormats = {
  number: value => compact(value),
  perSecond: value => `${compact(value)}/s`,
  percent: value => `${trim(value * 100, value < 0.1 ? 2 : 1)} %`,
  seconds: value => seconds(value),
  bytes: value => bytes(value),
};

function trim(value, digits) {
  return Number(value.toFixed(digits)).toString();
}

function compact(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9, 2)} G`;
  if (size >= 1e6) return `${trim(value / 1e6, 2)} M`;
  if (size >= 1e4) return `${trim(value / 1e3, 1)} k`;
  return trim(value, size < 1 ? 3 : size < 100 ? 2 : 0);
}

function seconds(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3) return `${trim(value * 1e6, 0)} µs`;
  if (size < 1) return `${trim(value * 1e3, size < 0.01 ? 2 : size < 0.1 ? 1 : 0)} ms`;
  return `${trim(value, 2)} s`;
}

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let index = 0;
  while (Math.abs(scaled) >= 1024 && index < units.length - 1) { scaled /= 1024; index++; }
  return `${trim(scaled, Math.abs(scaled) < 10 && index > 0 ? 1 : 0)} ${units[index]}`;
}

// The canvas cannot read a CSS variable that is a light-dark() pair; a probe element resolves it to the colour in force.
function colour(host, name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  host.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function palette(host) {
  return {
    line: colour(host, "--line"),
    muted: colour(host, "--text-muted"),
    surface: colour(host, "--surface"),
    threshold: colour(host, "--critical-strong"),
    marker: colour(host, "--info-strong"),
    series: Array.from({ length: 8 }, (_, index) => colour(host, `--series-${index + 1}`)),
  };
}

function withAlpha(rgb, alpha) {
  const canvas = rgb.match(/[\d.]+/g);
  return canvas ? `rgb(${canvas[0]} ${canvas[1]} ${canvas[2]} / ${alpha})` : rgb;
}

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

// A halo in the colour of the ground keeps a label legible across lines.
function label(ctx, chart, text, x, y) {
  ctx.lineWidth = 3 * uPlot.pxRatio;
  ctx.lineJoin = "round";
  ctx.strokeStyle = chart.colours.surface;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

function drawOverlays(chart, plot) {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${11 * ratio}px ${chart.font}`;
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  for (const threshold of chart.overlays.thresholds) {
    const y = plot.valToPos(threshold.value, "y", true);
    ctx.strokeStyle = chart.colours.threshold;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    if (threshold.label) {
      ctx.setLineDash([]);
      ctx.fillStyle = chart.colours.threshold;
      // At the left, for what happens now, and its markers, is at the right.
      ctx.textAlign = "left";
      ctx.textBaseline = y - bbox.top < 16 * ratio ? "top" : "bottom";
      label(ctx, chart, threshold.label, bbox.left + 4 * ratio, y + (ctx.textBaseline === "top" ? 3 : -3) * ratio);
      ctx.setLineDash([4 * ratio, 4 * ratio]);
      ctx.lineWidth = ratio;
    }
  }
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  for (const marker of chart.overlays.markers) {
    const x = plot.valToPos(marker.time, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = chart.colours.marker;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillStyle = chart.colours.marker;
    const nearRight = x > bbox.left + bbox.width * 0.8;
    ctx.textAlign = nearRight ? "right" : "left";
    ctx.textBaseline = "top";
    ctx.setLineDash([]);
    label(ctx, chart, marker.label, x + (nearRight ? -4 : 4) * ratio, bbox.top + 2 * ratio);
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.lineWidth = ratio;
  }
  ctx.restore();
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
  const format = unitFormats[options.unit] ?? unitFormats.number;
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

function clock(tick, ticks) {
  const span = ticks.length > 1 ? ticks[ticks.length - 1] - ticks[0] : 0;
  const time = new Date(tick * 1000);
  const parts = [time.getHours(), time.getMinutes()];
  if (span > 0 && (ticks[1] - ticks[0]) % 60 !== 0) parts.push(time.getSeconds());
  return parts.map(part => String(part).padStart(2, "0")).join(":");
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
  const format = unitFormats[chart.options.unit] ?? unitFormats.number;
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
  const format = unitFormats[chart.options.unit] ?? unitFormats.number;
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
