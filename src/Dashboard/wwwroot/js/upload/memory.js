// Remembers over reloads which local files belong to an upload: names, sizes, times and, where the browser has them, handles that
// open the same file again. Forgetting is harmless: the server knows the upload, and the person chooses the files again.
let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("ops-uploads", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("uploads", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function inStore(mode, work) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const request = work(database.transaction("uploads", mode).objectStore("uploads"));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } catch {
    // Private windows and full disks refuse; uploads work without this.
    return undefined;
  }
}

export const recall = id => inStore("readonly", store => store.get(id));
export const forget = id => inStore("readwrite", store => store.delete(id));

export const remember = (id, model, entries) => inStore("readwrite", store => store.put({
  id,
  model,
  files: entries.map(({ path, file, handle }) => ({ path, name: file.name, size: file.size, lastModified: file.lastModified, handle: handle ?? null })),
}));

// The files themselves, when every one of them can be opened again and is unchanged; asks the person once. Call it from a click.
export async function reopen(remembered) {
  if (!remembered || remembered.files.some(item => !item.handle)) return null;
  const entries = [];
  for (const item of remembered.files) {
    try {
      if (await item.handle.requestPermission({ mode: "read" }) !== "granted") return null;
      const file = await item.handle.getFile();
      if (file.size !== item.size || file.lastModified !== item.lastModified) return null;
      entries.push({ path: item.path, file, handle: item.handle });
    } catch {
      return null;
    }
  }
  return entries;
}
