// The page's side of the hashing workers: one for whole files, one for parts, so that a part does not wait for a large file. Each is
// started with the first thing to hash.
class Hasher {
  #worker = null;
  #next = 1;
  #waiting = new Map();

  // SHA-256 (lower-case hex) of a file or of a slice of one.
  sha256(file, { onProgress = () => {}, signal } = {}) {
    if (!this.#worker) this.#start();
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) { reject(signal.reason); return; }
      this.#waiting.set(id, { resolve, reject, onProgress });
      signal?.addEventListener("abort", () => this.#worker?.postMessage({ id, cancel: true }), { once: true });
      this.#worker.postMessage({ id, file });
    });
  }

  #start() {
    this.#worker = new Worker("/js/upload/hash-worker.js");
    this.#worker.onmessage = ({ data }) => {
      const job = this.#waiting.get(data.id);
      if (!job) return;
      if (data.progress !== undefined) {
        job.onProgress(data.progress);
        return;
      }
      this.#waiting.delete(data.id);
      if (data.error !== undefined) job.reject(new Error(data.error));
      else if (data.sha256 === null) job.reject(new DOMException("Stopped", "AbortError"));
      else job.resolve(data.sha256);
    };
    this.#worker.onerror = event => {
      const error = new Error(`Hashing failed: ${event.message || "the worker could not be started"}.`);
      for (const job of this.#waiting.values()) job.reject(error);
      this.#waiting.clear();
      this.#worker = null;
    };
  }
}

const files = new Hasher();
const parts = new Hasher();

export const sha256 = (file, options) => files.sha256(file, options);
export const partSha256 = (blob, signal) => parts.sha256(blob, { signal });
