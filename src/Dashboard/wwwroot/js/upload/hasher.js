// The page's side of the hashing worker. One worker for all uploads of the page; it is started with the first file.
let worker = null;
let next = 1;
const waiting = new Map();

function start() {
  worker = new Worker("/js/upload/hash-worker.js");
  worker.onmessage = ({ data }) => {
    const job = waiting.get(data.id);
    if (!job) return;
    if (data.progress !== undefined) {
      job.onProgress(data.progress);
      return;
    }
    waiting.delete(data.id);
    if (data.error !== undefined) job.reject(new Error(data.error));
    else if (data.sha256 === null) job.reject(new DOMException("Stopped", "AbortError"));
    else job.resolve(data.sha256);
  };
  worker.onerror = event => {
    const error = new Error(`Hashing failed: ${event.message || "the worker could not be started"}.`);
    for (const job of waiting.values()) job.reject(error);
    waiting.clear();
    worker = null;
  };
}

// SHA-256 (lower-case hex) of the first `length` bytes of a file.
export function sha256(file, { length = file.size, onProgress = () => {}, signal } = {}) {
  if (!worker) start();
  const id = next++;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) { reject(signal.reason); return; }
    waiting.set(id, { resolve, reject, onProgress });
    signal?.addEventListener("abort", () => worker?.postMessage({ id, cancel: true }), { once: true });
    worker.postMessage({ id, file, length });
  });
}
