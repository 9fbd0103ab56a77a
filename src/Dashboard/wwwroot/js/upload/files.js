// Turns what people drop or choose into a flat list of { path, file, handle }. The path is relative, with forward slashes, in NFC,
// and without the folder that was chosen itself: the files of a version lie at its root.
const droppings = /^(\.DS_Store|Thumbs\.db|desktop\.ini|\._.*)$/;

const clean = path => path.normalize("NFC").replace(/^\/+/, "");
const wanted = entry => !droppings.test(entry.path.split("/").pop());

// One folder around everything adds nothing; two different ones stay.
function withoutCommonFolder(entries) {
  const first = entries[0]?.path.split("/");
  if (!first || first.length < 2) return { entries, folder: null };
  const start = `${first[0]}/`;
  if (!entries.every(entry => entry.path.startsWith(start))) return { entries, folder: null };
  return { entries: entries.map(entry => ({ ...entry, path: entry.path.slice(start.length) })), folder: first[0] };
}

export function fromInput(list) {
  return withoutCommonFolder([...list].map(file => ({ path: clean(file.webkitRelativePath || file.name), file, handle: null })).filter(wanted));
}

export async function fromHandles(handles) {
  const entries = [];
  for (const handle of handles) await walkHandle(handle, "", entries);
  return withoutCommonFolder(entries.filter(wanted));
}

// A drop hands its items out only until the event's handler returns, so everything is asked for before the first wait.
export async function fromDrop(dataTransfer) {
  const items = [...dataTransfer.items].filter(item => item.kind === "file");
  const asked = items.map(item => ({
    handle: item.getAsFileSystemHandle ? item.getAsFileSystemHandle().catch(() => null) : Promise.resolve(null),
    entry: item.webkitGetAsEntry?.() ?? null,
    file: item.getAsFile(),
  }));
  const entries = [];
  for (const item of asked) {
    const handle = await item.handle;
    if (handle) await walkHandle(handle, "", entries);
    else if (item.entry) await walkEntry(item.entry, "", entries);
    else if (item.file) entries.push({ path: clean(item.file.name), file: item.file, handle: null });
  }
  return withoutCommonFolder(entries.filter(wanted));
}

async function walkHandle(handle, folder, entries) {
  if (handle.kind === "file") {
    entries.push({ path: clean(folder + handle.name), file: await handle.getFile(), handle });
    return;
  }
  for await (const child of handle.values()) await walkHandle(child, `${folder}${handle.name}/`, entries);
}

async function walkEntry(entry, folder, entries) {
  if (entry.isFile) {
    entries.push({ path: clean(folder + entry.name), file: await new Promise((resolve, reject) => entry.file(resolve, reject)), handle: null });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives about a hundred at a time and an empty list at the end.
    const children = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (children.length === 0) return;
    for (const child of children) await walkEntry(child, `${folder}${entry.name}/`, entries);
  }
}

// A model name made of a file or folder name: lower-case letters, digits and hyphens, at most 63.
export function suggestName(entries, folder) {
  const main = entries.find(entry => /\.onnx$/i.test(entry.path)) ?? entries[0];
  if (!main) return "";
  const name = folder ?? main.path.split("/").pop().replace(/\.[^.]+$/, "");
  return name.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63).replace(/-+$/, "");
}
