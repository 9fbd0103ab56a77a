// Values of charts as text.
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

/** The format of a unit; what is not known is a plain number. */
export function formatOf(unit) {
  return unitFormats[unit] ?? unitFormats.number;
}

/** A tick of the time axis, with seconds only where the ticks are closer than minutes. */
export function clock(tick, ticks) {
  const span = ticks.length > 1 ? ticks[ticks.length - 1] - ticks[0] : 0;
  const time = new Date(tick * 1000);
  const parts = [time.getHours(), time.getMinutes()];
  if (span > 0 && (ticks[1] - ticks[0]) % 60 !== 0) parts.push(time.getSeconds());
  return parts.map(part => String(part).padStart(2, "0")).join(":");
}
