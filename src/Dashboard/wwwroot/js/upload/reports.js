// Tells the server which parts were sent straight to the store, a few at a time and beside the sending. A part counts once the server
// has found it in the store; some stores list a part a moment late, so it is asked for a few times before it is sent again.
import * as api from "./api.js";

const most = 100;
const pauseMilliseconds = 300;
const attempts = 6;

export class Reports {
  #id;
  #persist;
  #kept;
  #missed;
  #lost;
  #waiting = [];
  #working = null;

  // kept(part) and missed(part) get back what was added; lost() says that the store has nothing any more of some file.
  constructor(id, { persist, kept, missed, lost }) {
    this.#id = id;
    this.#persist = persist;
    this.#kept = kept;
    this.#missed = missed;
    this.#lost = lost;
  }

  // part is { file, number, sha256 }.
  add(part) {
    this.#waiting.push({ part, attempt: 0 });
    if (!this.#working) {
      this.#working = this.#work().finally(() => { this.#working = null; });
      this.#working.catch(() => {});
    }
  }

  // Returns when everything added so far counts or is missed; throws what made reporting impossible.
  async settle() {
    while (this.#working) await this.#working;
  }

  async #work() {
    while (this.#waiting.length > 0) {
      await new Promise(resolve => setTimeout(resolve, pauseMilliseconds));
      const items = this.#waiting.splice(0, most);
      let answer;
      try {
        answer = await this.#persist(() => api.report(this.#id, items.map(({ part }) => ({ fileId: part.file.id, number: part.number, sha256: part.sha256 }))));
      } catch (error) {
        for (const { part } of [...items, ...this.#waiting.splice(0)]) this.#missed(part);
        throw error;
      }
      if (answer.lost.length > 0) await this.#lost();
      const recorded = new Set(answer.recorded.map(part => `${part.fileId}/${part.number}`));
      for (const { part, attempt } of items) {
        if (recorded.has(`${part.file.id}/${part.number}`)) this.#kept(part);
        else if (attempt + 1 < attempts && !answer.lost.includes(part.file.id)) this.#waiting.push({ part, attempt: attempt + 1 });
        else this.#missed(part);
      }
    }
  }
}
