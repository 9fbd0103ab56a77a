// Quantities as the rest of the app writes them.
function trim(value, digits) {
  return Number(value.toFixed(digits)).toString();
}

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (Math.round(value * 10) / 10 >= 1024 && unit < units.length - 1) { value /= 1024; unit++; }
  return `${trim(value, unit === 0 ? 0 : 1)} ${units[unit]}`;
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const percent = share => `${Math.floor(share * 100)} %`;

// Long names lose their middle, the ending stays readable.
export const shorten = (text, length = 60) => text.length <= length ? text : `${text.slice(0, length - 21)}…${text.slice(-20)}`;

export function left(upload) {
  const rate = upload.rate.perSecond;
  return rate > 0 ? duration((upload.total - upload.sent) / rate) : null;
}
