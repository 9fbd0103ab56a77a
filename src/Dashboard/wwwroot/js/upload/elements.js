// Small helpers to build and update what the upload elements show. Text always goes in as text, never as markup.
const drawings = {
  progress: "M8 1.8a6.2 6.2 0 1 1-6.2 6.2",
  pause: "M5.5 3v10 M10.5 3v10",
  ok: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z M5.2 8.2l2 2 3.6-4.2",
  warning: "M8 2.2 14.3 13H1.7z M8 6.5v3 M8 11.2h.01",
  critical: "M5.5 1.8h5l3.7 3.7v5l-3.7 3.7h-5l-3.7-3.7v-5z M8 5v3.5 M8 11h.01",
  file: "M4 1.8h5.5L12.5 5v9.2H4z M9.2 1.8V5h3.3",
  close: "M4 4l8 8 M12 4l-8 8",
};

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter(child => child !== null));
  return node;
}

export function icon(name, spin = false) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", spin ? "icon icon-spin" : "icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", drawings[name]);
  svg.append(path);
  return svg;
}

export const button = (text, onclick, look = "") => element("button", { type: "button", class: `button button-small ${look}`, onclick }, text);

// Writes only what differs: a screen reader and the browser's layout then have nothing to do most of the time.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}
