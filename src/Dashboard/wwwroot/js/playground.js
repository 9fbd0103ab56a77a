// The playground's form: fills tensors from text, files and pictures, sends them with fetch to the endpoint's own address, and shows
// what comes back. Tensors never leave the browser for anything but that request.
import { body, check, count, curl, example, filled, npy, scores, shrink } from "./tensors.js";

const forms = new WeakMap();
const mostShown = 20_000;
const mostRows = 100;

/** Brings a rendered form to life; again after its signature changed. */
export function start(host, circuit, options) {
  stop(host);
  const ended = new AbortController();
  const form = { host, circuit, options, ended, inFlight: null, request: null, files: [], tensors: [] };
  form.tensors = options.inputs.map((input, index) => tensor(form, input, host.querySelector(`[data-tensor="${index}"]`)));
  host.querySelector("[data-playground-form]").addEventListener("submit", event => { event.preventDefault(); send(form); }, { signal: ended.signal });
  host.querySelector("[data-playground-cancel]").addEventListener("click", () => form.inFlight?.abort(), { signal: ended.signal });
  forms.set(host, form);
  showCurl(form);
}

export function stop(host) {
  const form = host && forms.get(host);
  if (!form) return;
  form.ended.abort();
  form.inFlight?.abort();
  form.files.forEach(url => URL.revokeObjectURL(url));
  forms.delete(host);
}

function tensor(form, input, root) {
  const item = { form, input, root, shape: [...input.shape], way: input.image ? "picture" : "json", file: null, invert: false, timer: 0 };
  if (input.problem) return item;
  const on = (selector, type, handler) => root.querySelectorAll(selector).forEach(element => element.addEventListener(type, handler, { signal: form.ended.signal }));
  on("[data-way]", "click", event => choose(item, event.currentTarget.dataset.way));
  on("[data-dimension]", "input", event => resize(item, event.currentTarget));
  on("[data-json]", "input", () => { item.edited = true; later(item); });
  on("[data-fill]", "change", () => later(item));
  on("[data-file]", "change", event => readFile(item, event.currentTarget.files[0]));
  if (input.image) picture(item, on);
  const text = example(input.datatype, item.shape);
  root.querySelector("[data-json]").value = text ?? "";
  if (text === null && !input.image) choose(item, "fill");
  return item;
}

function choose(item, way) {
  item.way = way;
  item.root.querySelectorAll("[data-way]").forEach(button => button.setAttribute("aria-pressed", String(button.dataset.way === way)));
  item.root.querySelectorAll("[data-editor]").forEach(editor => { editor.hidden = editor.dataset.editor !== way; });
  later(item);
}

function resize(item, field) {
  const size = Number(field.value);
  const right = Number.isInteger(size) && size >= 1 && size <= 65536;
  field.setAttribute("aria-invalid", String(!right));
  if (!right) return;
  item.shape[Number(field.dataset.dimension)] = size;
  if (!item.edited) item.root.querySelector("[data-json]").value = example(item.input.datatype, item.shape) ?? "";
  if (item.input.image) preview(item);
  later(item);
}

// Checking and writing the command follow when the typing pauses.
function later(item) {
  clearTimeout(item.timer);
  item.timer = setTimeout(() => {
    if (item.form.ended.signal.aborted) return;
    fail(item, collect(item).problem);
    showCurl(item.form);
  }, 200);
}

function fail(item, problem) {
  const place = item.root.querySelector("[data-tensor-error]");
  place.textContent = problem ?? "";
  place.hidden = !problem;
  item.root.querySelector("[data-json]").setAttribute("aria-invalid", String(Boolean(problem) && item.way === "json"));
}

/** The tensor as a request takes it, or the sentence why not. */
function collect(item) {
  const { input, shape } = item;
  const made = text => ({ value: { name: input.name, datatype: input.datatype, shape, text } });
  if (input.problem) return { problem: input.problem };
  if (count(shape) > 50_000_000) return { problem: `${shape.join(" × ")} is too much for a browser. Call the endpoint from a program.` };
  if (item.way === "fill") return made(filled(input.datatype, shape, item.root.querySelector("[data-fill]").value));
  if (item.way === "picture") {
    if (shape[0] !== 1) return { problem: "A picture fills a batch of one. Set the first dimension to 1, or give JSON." };
    return made(`[${pixels(item).join(",")}]`);
  }
  const text = item.way === "file" ? item.file?.text : item.root.querySelector("[data-json]").value;
  if (item.way === "file" && !item.file) return { problem: "Choose a file." };
  const taken = item.file?.shape && item.way === "file" ? item.file.shape : shape;
  const problem = check(text, input.datatype, taken);
  return problem ? { problem } : { value: { name: input.name, datatype: input.datatype, shape: taken, text } };
}

async function readFile(item, file) {
  const say = text => { item.root.querySelector("[data-file-text]").textContent = text; };
  item.file = null;
  if (!file) return say("No file chosen.");
  try {
    if (file.name.endsWith(".npy")) {
      item.file = npy(await file.arrayBuffer(), item.input.datatype);
      const wrong = item.input.shape.length !== item.file.shape.length
        || [...item.root.querySelectorAll(".tensor-shape > .tensor-fixed, .tensor-shape > .tensor-dimension")].some((place, index) =>
          place.classList.contains("tensor-fixed") && Number(place.textContent) !== item.file.shape[index]);
      if (wrong) throw new Error(`The array has the shape ${item.file.shape.join(" × ") || "()"}, which the model does not take.`);
    } else {
      item.file = { text: await file.text() };
    }
    say(`${file.name}, ${bytes(file.size)}`);
    later(item);
  } catch (error) {
    item.file = null;
    say(file.name);
    fail(item, error.message);
  }
}

function picture(item, on) {
  const canvas = item.root.querySelector("[data-canvas]");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  item.context = context;
  const clear = () => {
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    preview(item);
    later(item);
  };
  let drawing = false;
  const point = event => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  };
  const line = (from, to) => {
    // As thick as one and a half of the model's pixels, so that a thin line does not fade to nothing when it is shrunk.
    context.strokeStyle = "#fff";
    context.lineWidth = Math.max(6, Math.min(canvas.width / 4, 1.5 * canvas.width / sides(item)[0]));
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  };
  let last = null;
  on("[data-canvas]", "pointerdown", event => { drawing = true; canvas.setPointerCapture(event.pointerId); last = point(event); line(last, last); preview(item); });
  on("[data-canvas]", "pointermove", event => { if (!drawing) return; const next = point(event); line(last, next); last = next; preview(item); });
  for (const type of ["pointerup", "pointercancel"]) on("[data-canvas]", type, () => { if (drawing) { drawing = false; later(item); } });
  on("[data-canvas]", "dragover", event => event.preventDefault());
  on("[data-canvas]", "drop", event => { event.preventDefault(); show(event.dataTransfer.files[0]); });
  on("[data-picture]", "change", event => show(event.currentTarget.files[0]));
  on("[data-clear]", "click", clear);
  on("[data-invert]", "change", event => { item.invert = event.currentTarget.checked; preview(item); later(item); });
  async function show(file) {
    if (!file) return;
    try {
      const bitmap = await createImageBitmap(file);
      context.fillStyle = "#000";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      preview(item);
      later(item);
    } catch {
      fail(item, "The browser cannot read this file as a picture.");
    }
  }
  // The drawing keeps the proportions of the picture and is at least as fine as what the model gets.
  const [width, height] = sides(item);
  const scale = Math.max(1, Math.ceil(280 / Math.max(width, height)));
  canvas.width = width * scale;
  canvas.height = height * scale;
  clear();
}

function sides(item) {
  return item.input.image.channelsFirst ? [item.shape[3], item.shape[2]] : [item.shape[2], item.shape[1]];
}

function pixels(item) {
  const canvas = item.context.canvas;
  const [width, height] = sides(item);
  const { channels, channelsFirst } = item.input.image;
  const data = item.context.getImageData(0, 0, canvas.width, canvas.height).data;
  return shrink(data, canvas.width, canvas.height, width, height, channels, channelsFirst, item.input.datatype, item.invert);
}

function preview(item) {
  if (item.previewFrame) return;
  item.previewFrame = requestAnimationFrame(() => {
    item.previewFrame = 0;
    const place = item.root.querySelector("[data-preview]");
    const [width, height] = sides(item);
    if (width * height > 512 * 512) return;
    const values = pixels(item);
    const { channels, channelsFirst } = item.input.image;
    const most = item.input.datatype === "UINT8" ? 1 : 255;
    place.width = width;
    place.height = height;
    const context = place.getContext("2d");
    const image = context.createImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let colour = 0; colour < 3; colour++) {
        const channel = channels === 1 ? 0 : colour;
        image.data[pixel * 4 + colour] = values[channelsFirst ? channel * width * height + pixel : pixel * channels + channel] * most;
      }
      image.data[pixel * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    item.root.querySelector("[data-preview-text]").textContent = `${width} × ${height}, ${channels === 1 ? "grey" : "colour"}, 0 to ${item.input.datatype === "UINT8" ? "255" : "1"}`;
  });
}

async function send(form) {
  if (form.inFlight) return;
  let first = null;
  const values = form.tensors.map(item => {
    const made = collect(item);
    fail(item, made.problem);
    if (made.problem) first ??= item;
    return made.value;
  });
  if (first) {
    first.root.scrollIntoView({ block: "nearest" });
    return;
  }
  const text = body(values);
  const token = form.host.querySelector("[data-playground-token]")?.value.trim();
  const busy = form.host.querySelector("[data-playground-busy]");
  const cancel = form.host.querySelector("[data-playground-cancel]");
  form.inFlight = new AbortController();
  cancel.hidden = false;
  busy.textContent = "Waiting for the answer…";
  failWhole(form, null);
  const began = performance.now();
  let status = 0;
  let received = 0;
  try {
    const answer = await fetch(form.options.path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      body: text,
      credentials: "omit",
      cache: "no-store",
      signal: form.inFlight.signal,
    });
    status = answer.status;
    const raw = await answer.text();
    const took = performance.now() - began;
    received = new Blob([raw]).size;
    showAnswer(form, answer, raw, took, received);
  } catch (error) {
    showSummary(form, "");
    failWhole(form, error.name === "AbortError" ? "Cancelled." : `No answer: ${error.message}`);
  } finally {
    form.inFlight = null;
    cancel.hidden = true;
    busy.textContent = "";
    showCurl(form, text);
    if (!form.ended.signal.aborted) form.circuit.invokeMethodAsync("Sent", status, performance.now() - began, new Blob([text]).size, received).catch(() => { /* the circuit is away; the answer is shown all the same */ });
  }
}

function failWhole(form, problem) {
  const place = form.host.querySelector("[data-playground-error]");
  place.textContent = problem ?? "";
  place.hidden = !problem;
}

function showSummary(form, text) {
  form.host.querySelector("[data-playground-summary]").textContent = text;
}

function showAnswer(form, answer, raw, took, received) {
  const place = form.host.querySelector("[data-playground-response]");
  place.replaceChildren();
  showSummary(form, `${answer.status} · ${took < 10 ? took.toFixed(1) : took.toFixed(0)} ms · ${bytes(received)}`);
  let json = null;
  try { json = JSON.parse(raw); } catch { /* shown as it came */ }
  if (!answer.ok) {
    const notice = element("div", "notice state-critical");
    notice.setAttribute("role", "alert");
    notice.append(element("div", "notice-body", json?.error ?? (raw || answer.statusText || `Status ${answer.status}`)));
    place.append(notice);
  } else {
    for (const output of json?.outputs ?? []) place.append(showOutput(output));
  }
  const details = element("details", "playground-raw");
  details.append(element("summary", "", "JSON"));
  const pre = element("pre", "", raw.length > mostShown ? `${raw.slice(0, mostShown)}\n… ${bytes(received)} in all` : json ? JSON.stringify(json, null, 1) : raw);
  pre.tabIndex = 0;
  details.append(pre, fileLink(form, "Save response.json", "response.json", raw));
  details.open = !answer.ok || !(json?.outputs?.length > 0);
  place.append(details);
}

function showOutput(output) {
  const block = element("div", "playground-output");
  const head = element("h3", "");
  head.append(element("code", "", output.name), element("span", "muted", ` ${output.datatype} ${output.shape.join(" × ")}`));
  block.append(head);
  const found = scores(output);
  if (found) {
    const verdict = element("p", "playground-verdict");
    verdict.append("Class ", element("strong", "", String(found.best)), ` with ${(found.shares[found.best] * 100).toFixed(1)} %${output.shape.length === 2 && output.shape[0] > 1 ? ", first row" : ""}`);
    block.append(verdict);
    const order = found.values.map((_, index) => index);
    if (order.length > 20) order.sort((a, b) => found.values[b] - found.values[a]);
    const list = element("ol", "playground-scores");
    list.setAttribute("aria-label", `Scores of ${output.name}`);
    for (const index of order.slice(0, 20)) {
      const row = element("li", index === found.best ? "playground-score playground-score-best" : "playground-score");
      const bar = element("span", "playground-bar");
      const fill = element("span", "");
      fill.style.width = `${Math.max(0.5, found.shares[index] * 100)}%`;
      bar.append(fill);
      row.append(element("span", "playground-class", String(index)), bar, element("span", "number", number(found.values[index])), element("span", "number muted", `${(found.shares[index] * 100).toFixed(1)} %`));
      list.append(row);
    }
    block.append(list);
    if (order.length > 20) block.append(element("p", "muted small", `The highest 20 of ${order.length}.`));
  }
  const rest = element("details", "playground-raw");
  const values = output.data.flat(Infinity);
  rest.append(element("summary", "", values.length === 1 ? "1 value" : `${values.length} values`));
  rest.open = !found;
  const pre = element("pre", "", values.slice(0, mostRows).map(value => typeof value === "number" ? number(value) : String(value)).join(", ") + (values.length > mostRows ? ", …" : ""));
  pre.tabIndex = 0;
  rest.append(pre);
  block.append(rest);
  return block;
}

function showCurl(form, sent = null) {
  const place = form.host.querySelector("[data-playground-curl]");
  const actions = form.host.querySelector("[data-playground-curl-actions]");
  const made = form.tensors.map(collect);
  const text = sent ?? (made.some(item => item.problem) ? null : body(made.map(item => item.value)));
  actions.replaceChildren();
  if (text === null) {
    place.textContent = "Put the values above right first.";
    return;
  }
  const command = curl(form.options.url, text, form.options.withToken);
  place.textContent = command.text;
  if (command.inFile) actions.append(fileLink(form, "Save request.json", "request.json", text));
  const copy = element("button", "button button-small", "Copy");
  copy.type = "button";
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.text);
      copy.textContent = "Copied";
    } catch {
      // Without a secure context there is no clipboard: the command is selected so that Ctrl+C takes it.
      getSelection().selectAllChildren(place);
      copy.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { copy.textContent = "Copy"; }, 1600);
  });
  actions.append(copy);
}

// Made when it is asked for, so that a large tensor is not held twice for every key that is pressed.
function fileLink(form, label, name, text) {
  const link = element("button", "button button-small button-quiet", label);
  link.type = "button";
  link.addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    form.files.push(url);
    const anchor = element("a", "");
    anchor.href = url;
    anchor.download = name;
    anchor.click();
  });
  return link;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function number(value) {
  return Number.isInteger(value) ? String(value) : Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6 ? String(Math.round(value * 1e5) / 1e5) : value.toExponential(4);
}

function bytes(size) {
  return size < 1024 ? `${size} B` : size < 1024 * 1024 ? `${(size / 1024).toFixed(1)} KiB` : `${(size / 1024 / 1024).toFixed(1)} MiB`;
}
