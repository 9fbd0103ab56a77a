// Sends the parts of one upload where the server says: to the server itself, or straight to the store that keeps them.
import * as api from "./api.js";
import { DirectHealth } from "./direct.js";
import { partSha256 } from "./hasher.js";
import { Reports } from "./reports.js";

const addressesAtOnce = 32;

export class Sender {
  #upload;
  #hooks;
  #addresses = [];
  #asking = null;
  #health = new DirectHealth();
  #reports;

  // hooks: persist(work, signal) repeats what may pass, kept(file, number), missed(file, number), lost(), troubled(trouble).
  constructor(upload, hooks) {
    this.#upload = upload;
    this.#hooks = hooks;
    this.#reports = new Reports(upload.id, {
      persist: hooks.persist,
      kept: part => hooks.kept(part.file, part.number),
      missed: part => hooks.missed(part.file, part.number),
      lost: hooks.lost,
    });
  }

  // Sends one part, once. Throws an ApiError that says whether trying again may help.
  async send({ file, number }, blob, upcoming, onProgress, signal) {
    const sha256 = this.#isDirect(file) ? await partSha256(blob, signal) : null;
    const address = sha256
      ? (await api.addresses(this.#upload.id, [{ fileId: file.id, number, sha256 }], signal))[0]
      : await this.#ownAddress(file, number, upcoming, signal);
    try {
      await api.sendPart(address, blob, onProgress, signal);
    } catch (error) {
      if (!address.sameOrigin) await this.#failed(error, signal);
      throw error;
    }
    if (address.sameOrigin) {
      this.#hooks.kept(file, number);
      return;
    }
    this.#health.succeeded();
    this.#reports.add({ file, number, sha256 });
  }

  // Returns when every part that was sent counts or is missing again.
  settle() { return this.#reports.settle(); }

  // Finds parts that are in the store and were never reported, such as those of a page that was closed.
  async look(signal) {
    if (!this.#upload.files.some(file => this.#isDirect(file))) return;
    await this.#reports.settle().catch(() => {});
    const answer = await this.#hooks.persist(() => api.report(this.#upload.id, [], signal), signal);
    if (answer.lost.length > 0) await this.#hooks.lost();
    const files = new Map(this.#upload.files.map(file => [file.id, file]));
    for (const { fileId, number } of answer.found) {
      const file = files.get(fileId);
      if (file) this.#reports.add({ file, number, sha256: await partSha256(file.part(number), signal) });
    }
    await this.#reports.settle();
  }

  #isDirect(file) { return !!this.#upload.direct && !this.#upload.direct.trouble && file.partCount > 1; }

  async #failed(error, signal) {
    if (this.#upload.direct?.trouble) return;
    if (error.status === 404) {
      // The store has forgotten what was begun there; the server finds out and begins anew.
      await this.look(signal);
      return;
    }
    const { server } = this.#upload.direct;
    const trouble = await this.#health.failed(error, server, () => api.status(this.#upload.id, signal));
    if (!trouble || this.#upload.direct.trouble) return;
    await api.sendThroughDashboard(this.#upload.id, trouble, signal);
    this.#hooks.troubled(trouble);
  }

  async #ownAddress(file, number, upcoming, signal) {
    const find = () => {
      const index = this.#addresses.findIndex(address => address.fileId === file.id && address.number === number);
      return index < 0 ? null : this.#addresses.splice(index, 1)[0];
    };
    for (;;) {
      if (this.#asking) await this.#asking.catch(() => {});
      const found = find();
      if (found) return found;
      if (this.#asking) continue;
      const parts = upcoming().slice(0, addressesAtOnce).map(part => ({ fileId: part.file.id, number: part.number }));
      this.#asking = api.addresses(this.#upload.id, parts, signal)
        .then(addresses => { this.#addresses.push(...addresses); })
        .finally(() => { this.#asking = null; });
      await this.#asking;
      const own = find();
      if (own) return own;
    }
  }
}
