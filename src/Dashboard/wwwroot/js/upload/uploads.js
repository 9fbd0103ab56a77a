// All uploads of this page. A module is loaded once a page, so this outlives every navigation inside the app.
import * as api from "./api.js";
import * as memory from "./memory.js";
import { Upload } from "./transfer.js";

const paintMilliseconds = 250;
const uploads = new Map();
const listeners = new Set();
let painting = null;
let reloadWhenIdle = false;
let restoring = null;

export const all = () => [...uploads.values()];
export const get = id => uploads.get(id);

// Calls back at most four times a second while anything changes.
export function subscribe(listener) {
  listeners.add(listener);
  listener();
  return () => listeners.delete(listener);
}

function changed(upload, isState = false) {
  if (isState) stateChanged(upload);
  painting ??= setTimeout(() => {
    painting = null;
    for (const listener of listeners) listener();
  }, paintMilliseconds);
}

function stateChanged(upload) {
  if (upload.state === "done" || upload.state === "refused") memory.forget(upload.id);
  if (upload.state === "done") dispatchEvent(new CustomEvent("ops:uploaded", { detail: upload }));
  if (reloadWhenIdle && !all().some(other => other.holdsFiles || other.state === "verifying")) {
    upload.state === "done" ? location.assign(upload.version.url) : location.reload();
  }
}

function add(status) {
  const upload = new Upload(status, changed);
  uploads.set(upload.id, upload);
  return upload;
}

// Begins an upload of chosen entries. Throws an ApiError when the server refuses.
export async function start(details, entries) {
  const status = await api.begin({ ...details, files: entries.map(entry => ({ path: entry.path, size: entry.file.size })) });
  const upload = add(status);
  await upload.attach(entries);
  await memory.remember(upload.id, upload.model, entries);
  upload.resume();
  navigator.storage?.persist?.();
  return upload;
}

// Goes on with an upload of an earlier page: with files chosen now, or with those that the browser can open again.
export async function reattach(id, entries = null) {
  const upload = uploads.get(id);
  const found = entries ?? await memory.reopen(await memory.recall(id));
  if (!found) throw new Error("Choose the same files again.");
  const fresh = add(await api.status(id));
  try {
    await fresh.attach(found);
  } catch (error) {
    uploads.set(id, upload ?? fresh);
    throw error;
  }
  await memory.remember(id, fresh.model, found);
  fresh.resume();
}

export async function canReopen(id) {
  const remembered = await memory.recall(id);
  return !!remembered && remembered.files.length > 0 && remembered.files.every(item => item.handle);
}

export async function cancel(id) {
  const upload = uploads.get(id);
  await upload?.cancel();
  dismiss(id);
}

// Takes a finished or refused upload off the list.
export function dismiss(id) {
  uploads.delete(id);
  memory.forget(id);
  changed();
}

// Finds the person's unfinished uploads on the server, once a page.
export function restore() {
  restoring ??= (async () => {
    for (const status of await api.list()) {
      if (uploads.has(status.id)) continue;
      const upload = add(status);
      upload.canReopen = await canReopen(upload.id);
      if (status.state === "Verifying") upload.follow();
    }
    changed();
  })().catch(() => { restoring = null; });
  return restoring;
}

addEventListener("beforeunload", event => {
  if (all().some(upload => upload.isActive)) event.preventDefault();
});

// The server restarted and forgot this page. A reload would lose the files that are being sent, so it waits for them.
addEventListener("ops:circuit-gone", event => {
  if (all().some(upload => upload.holdsFiles || upload.state === "verifying")) {
    event.preventDefault();
    reloadWhenIdle = true;
  }
});

export const navigate = url => reloadWhenIdle || !window.Blazor ? location.assign(url) : Blazor.navigateTo(url);
