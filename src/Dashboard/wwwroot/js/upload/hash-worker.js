// Computes SHA-256 of files off the page's main thread, one file at a time, in slices: memory stays flat whatever the size.
// A classic worker, because hash-wasm's streaming build is a classic script.
importScripts("/lib/hash-wasm/sha256.umd.min.js");

const sliceBytes = 4 * 1024 * 1024;
const cancelled = new Set();
let last = Promise.resolve();

// The browser's own hash is several times faster but wants everything at once, and is only there on https and this machine.
const wholeBytes = 64 * 1024 * 1024;
const hex = buffer => Array.from(new Uint8Array(buffer), byte => byte.toString(16).padStart(2, "0")).join("");

async function hash({ id, file }) {
  if (file.size <= wholeBytes && self.crypto?.subtle) return hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const sha256 = await hashwasm.createSHA256();
  sha256.init();
  let told = 0;
  for (let offset = 0; offset < file.size; offset += sliceBytes) {
    if (cancelled.has(id)) return null;
    sha256.update(new Uint8Array(await file.slice(offset, Math.min(offset + sliceBytes, file.size)).arrayBuffer()));
    const now = performance.now();
    if (now - told > 200) {
      told = now;
      postMessage({ id, progress: Math.min(offset + sliceBytes, file.size) });
    }
  }
  return sha256.digest("hex");
}

onmessage = ({ data }) => {
  if (data.cancel) {
    cancelled.add(data.id);
    return;
  }
  last = last.then(async () => {
    try {
      postMessage({ id: data.id, sha256: await hash(data) });
    } catch (error) {
      postMessage({ id: data.id, error: String(error?.message ?? error) });
    } finally {
      cancelled.delete(data.id);
    }
  });
};
