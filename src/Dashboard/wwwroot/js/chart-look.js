// Colours of charts, and what is drawn over them: thresholds and markers.
import uPlot from "../lib/uplot/uPlot.esm.js";

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

export function palette(host) {
  return {
    line: colour(host, "--line"),
    muted: colour(host, "--text-muted"),
    surface: colour(host, "--surface"),
    threshold: colour(host, "--critical-strong"),
    marker: colour(host, "--info-strong"),
    series: Array.from({ length: 8 }, (_, index) => colour(host, `--series-${index + 1}`)),
  };
}

export function withAlpha(rgb, alpha) {
  const canvas = rgb.match(/[\d.]+/g);
  return canvas ? `rgb(${canvas[0]} ${canvas[1]} ${canvas[2]} / ${alpha})` : rgb;
}

// A halo in the colour of the ground keeps a label legible across lines.
function label(ctx, chart, text, x, y) {
  ctx.lineWidth = 3 * uPlot.pxRatio;
  ctx.lineJoin = "round";
  ctx.strokeStyle = chart.colours.surface;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

export function drawOverlays(chart, plot) {
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
