// One upload as the browser drives it: hashes its files in the worker, sends the parts that are missing, several at a time, waits out
// every trouble that may pass, and follows the server's verification to its end.
import * as api from "./api.js";
import { Rate } from "./rate.js";
import { explain } from "./direct.js";
import { sha256 } from "./hasher.js";
import { Sender } from "./sender.js";
import { delay, online } from "./waiting.js";

// A browser holds at most six connections to a server; the dashboard needs some for its pages, a store needs none.
const inFlight = 4;
const inFlightDirect = 6;
const mostRounds = 8;
const pollMilliseconds = 1000;

// States: files (wants its files chosen again), sending, paused, hashing (all is sent), verifying, done, refused, failed.
export class Upload {
  #changed;
  #running = null;
  #hashing = null;
  #sender;
  #reporting = new AbortController();

  constructor(status, changed) {
    this.#changed = changed;
    this.id = status.id;
    this.model = status.model;
    this.createdAt = status.createdAt;
    this.state = "files";
    this.message = null;
    this.trouble = null;
    this.version = null;
    this.verifiedBytes = 0;
    this.files = [];
    this.rate = new Rate();
    this.#take(status);
    this.#sender = new Sender(this, {
      persist: (work, signal = this.#reporting.signal) => this.#persist(work, signal),
      kept: (file, number) => { file.flying.delete(number); file.keep(number); this.#changed(this); },
      missed: (file, number) => { file.flying.delete(number); this.#changed(this); },
      lost: async () => this.#take(await this.#persist(() => api.status(this.id), this.#reporting.signal)),
      troubled: trouble => { this.direct = { ...this.direct, trouble }; this.#changed(this); },
    });
  }

  // Why parts go through the dashboard although the store would take them, or null.
  get notice() { return this.direct?.trouble && ["files", "sending", "paused", "hashing", "failed"].includes(this.state) ? explain(this.direct) : null; }

  // Lists of uploads name only the first files of each, so until the files are there the server's own sums count.
  get sent() { return this.state === "files" ? this.received : this.files.reduce((sum, file) => sum + file.sent, 0); }
  get hashed() { return this.files.reduce((sum, file) => sum + (file.sha256 ? file.size : file.hashed), 0); }
  get isActive() { return ["sending", "hashing"].includes(this.state); }
  get holdsFiles() { return this.isActive || (this.state === "paused" && this.files.every(file => file.blob)); }

  // Gives the upload its local files: entries by path. Throws when they are not the ones it began with.
  async attach(entries) {
    const chosen = new Map(entries.map(entry => [entry.path, entry.file]));
    const only = this.files.length === 1 && new Set(entries.map(entry => entry.file)).size === 1 ? entries[0].file : null;
    for (const file of this.files) {
      const blob = chosen.get(file.path) ?? only;
      if (!blob) throw new Error(`${file.path} is missing among the files you chose.`);
      if (blob.size !== file.size) throw new Error(`${file.path} has another size than when the upload began. Is it the same file?`);
      if (file.firstPartSha256 && await sha256(file.part(file.firstPart, blob)) !== file.firstPartSha256) {
        throw new Error(`${file.path} has other contents than when the upload began. Is it the same file?`);
      }
    }
    for (const file of this.files) file.blob = chosen.get(file.path) ?? only;
  }

  // Begins or goes on.
  resume() {
    if (this.#running) return;
    const control = new AbortController();
    this.#running = control;
    this.message = null;
    this.#enter("sending");
    this.#drive(control).catch(error => this.#stopped(error)).finally(() => { if (this.#running === control) this.#running = null; });
  }

  pause(message = null) {
    this.#halt();
    this.message = message;
    this.#enter("paused");
  }

  async cancel() {
    this.#halt();
    this.#reporting.abort(new DOMException("Stopped", "AbortError"));
    this.#hashing?.abort();
    await api.cancel(this.id);
  }

  // Waits for a verification that began before this page did.
  follow() {
    const control = new AbortController();
    this.#running = control;
    this.#enter("verifying");
    this.#follow(control.signal).catch(error => this.#stopped(error)).finally(() => { if (this.#running === control) this.#running = null; });
  }

  #halt() {
    this.#running?.abort(new DOMException("Stopped", "AbortError"));
    this.#running = null;
    this.trouble = null;
    for (const file of this.files) file.flying.clear();
  }

  async #drive(control) {
    const { signal } = control;
    this.#hash();
    await this.#sender.look(signal);
    for (;;) {
      await this.#send(control);
      this.#enter("hashing");
      await this.#hashing.finished;
      signal.throwIfAborted();
      const files = this.files.map(file => ({ id: file.id, sha256: file.sha256 }));
      await this.#persist(() => api.complete(this.id, files, signal), signal);
      this.#enter("verifying");
      if (!await this.#follow(signal)) return;
      this.#enter("sending");
    }
  }

  // Hashing goes on while an upload is paused: what it reads never leaves the machine.
  #hash() {
    if (this.#hashing && !this.#hashing.failed) return;
    const control = new AbortController();
    const work = Promise.all(this.files.map(async file => {
      file.sha256 ??= await sha256(file.blob, {
        signal: control.signal,
        onProgress: bytes => { file.hashed = bytes; this.#changed(this); },
      });
      this.#changed(this);
    }));
    const hashing = { abort: () => control.abort(), failed: false, finished: work };
    work.catch(() => { hashing.failed = true; });
    this.#hashing = hashing;
  }

  // In rounds: what a store turns out not to have is sent once more.
  async #send(control) {
    for (let round = 0; ; round++) {
      const missing = this.files.flatMap(file => [...file.missing()].map(number => ({ file, number })));
      if (missing.length === 0) return;
      if (round === mostRounds) throw new Error("The store does not keep what is sent to it. Ask an administrator to test it.");
      await this.#sendAll(missing, control);
      await this.#sender.settle();
      control.signal.throwIfAborted();
    }
  }

  async #sendAll(missing, control) {
    let next = 0;
    const carry = async () => {
      while (next < missing.length) {
        control.signal.throwIfAborted();
        const from = next++;
        await this.#sendOne(missing[from], () => missing.slice(from), control.signal);
      }
    };
    const carriers = Array.from({ length: Math.min(this.direct && !this.direct.trouble ? inFlightDirect : inFlight, missing.length) }, carry);
    try {
      await Promise.all(carriers);
    } catch (error) {
      control.abort(new DOMException("Stopped", "AbortError"));
      await Promise.allSettled(carriers);
      throw error;
    }
  }

  async #sendOne(part, upcoming, signal) {
    const { file, number } = part;
    const blob = file.part(number);
    await this.#persist(async () => {
      try {
        await this.#sender.send(part, blob, upcoming, loaded => this.#progress(file, number, Math.min(loaded, blob.size)), signal);
      } catch (error) {
        file.flying.delete(number);
        if (error instanceof api.ApiError && error.retry) await this.#checkReadable(file, blob);
        throw error;
      }
    }, signal);
  }

  // A file that was changed or removed fails like a broken connection; reading one byte tells the two apart.
  async #checkReadable(file, blob) {
    try {
      await blob.slice(0, 1).arrayBuffer();
    } catch {
      throw new Error(`${file.path} was changed or cannot be read any more.`);
    }
  }

  #progress(file, number, bytes) {
    const before = file.flying.get(number) ?? 0;
    file.flying.set(number, bytes);
    if (bytes > before) {
      file.rate.add(bytes - before);
      this.rate.add(bytes - before);
    }
    this.#changed(this);
  }

  // Repeats what may succeed later, for as long as it takes: a server that restarts, a network that is away.
  async #persist(work, signal) {
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await work();
        this.trouble = null;
        return result;
      } catch (error) {
        if (!(error instanceof api.ApiError) || !error.retry) throw error;
        this.trouble = navigator.onLine ? `${error.message} Trying again…` : "This computer is offline. Going on when it is back.";
        this.#changed(this);
        await online(signal);
        await delay(attempt, signal);
      }
    }
  }

  // True when the server asks for parts again.
  async #follow(signal) {
    for (;;) {
      const status = await this.#persist(() => api.status(this.id, signal), signal);
      this.verifiedBytes = status.verifiedBytes;
      this.trouble = status.state === "Verifying" ? status.message : null;
      if (status.state === "Completed") {
        this.version = status.version;
        this.#enter("done");
        return false;
      }
      if (status.state === "Refused") {
        this.message = status.message;
        this.#enter("refused");
        return false;
      }
      if (status.state === "Open") {
        this.#take(status);
        if (this.files.some(file => !file.missing().next().done)) {
          if (this.files.every(file => file.blob)) return true;
          this.#enter("files");
          return false;
        }
        throw new Error(status.message ?? "Verification was interrupted.");
      }
      if (status.state !== "Verifying") throw new Error(`The upload is ${status.state.toLowerCase()}.`);
      this.#changed(this);
      await new Promise(resolve => setTimeout(resolve, pollMilliseconds));
      signal.throwIfAborted();
    }
  }

  async #stopped(error) {
    if (error.name === "AbortError") return;
    if (error instanceof api.ApiError && error.status === 409) {
      const status = await api.status(this.id).catch(() => null);
      if (status && ["Verifying", "Completed", "Refused"].includes(status.state)) {
        this.follow();
        return;
      }
      // A store may lose a file that was begun long ago: what is missing now is sent again.
      if (status?.state === "Open" && this.files.every(file => file.isSent)) {
        this.#take(status);
        if (this.files.some(file => !file.isSent) && this.files.every(file => file.blob)) {
          this.#halt();
          this.resume();
          return;
        }
      }
    }
    this.#halt();
    this.message = error.message;
    // These pass once somebody has done something; the others do not.
    const passing = error instanceof api.ApiError && [0, 401, 403, 413, 507].includes(error.status);
    this.#enter(passing ? "paused" : "failed");
  }

  #take(status) {
    const known = new Map(this.files.map(file => [file.id, file]));
    this.files = status.files.map(file => Object.assign(known.get(file.id) ?? new UploadFile(), {
      id: file.id, path: file.path, size: file.size, partSize: file.partSize, partCount: file.partCount,
      firstPart: file.parts[0]?.[0] ?? null, firstPartSha256: file.firstPartSha256 ?? null,
    }));
    status.files.forEach((file, index) => this.files[index].setParts(file.parts));
    this.direct = status.direct ?? null;
    this.fileCount = status.fileCount;
    this.total = status.totalBytes;
    this.received = status.receivedBytes;
  }

  #enter(state) {
    this.state = state;
    this.#changed(this, true);
  }
}

class UploadFile {
  blob = null;
  sha256 = null;
  hashed = 0;
  flying = new Map();
  rate = new Rate();
  #kept = new Set();

  setParts(ranges) {
    this.#kept = new Set();
    for (const [first, last] of ranges) for (let number = first; number <= last; number++) this.#kept.add(number);
  }

  part(number, blob = this.blob) {
    const start = (number - 1) * this.partSize;
    return blob.slice(start, Math.min(start + this.partSize, this.size));
  }

  keep(number) { this.#kept.add(number); }
  *missing() { for (let number = 1; number <= this.partCount; number++) if (!this.#kept.has(number)) yield number; }
  get isSent() { return this.#kept.size === this.partCount; }

  get sent() {
    const last = this.size - (this.partCount - 1) * this.partSize;
    let bytes = this.#kept.size * this.partSize - (this.#kept.has(this.partCount) ? this.partSize - last : 0);
    for (const loaded of this.flying.values()) bytes += loaded;
    return bytes;
  }
}
