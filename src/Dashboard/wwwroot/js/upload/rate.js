// Bytes per second over the last seconds.
const windowMilliseconds = 6000;

export class Rate {
  #samples = [];

  add(bytes) {
    const now = performance.now();
    const last = this.#samples.at(-1);
    // Progress events come in bursts; a tenth of a second is fine enough and keeps the list short.
    if (last && now - last.at < 100) last.bytes += bytes;
    else this.#samples.push({ at: now, bytes });
    this.#trim(now);
  }

  get perSecond() {
    const now = performance.now();
    this.#trim(now);
    if (this.#samples.length === 0) return 0;
    const bytes = this.#samples.reduce((sum, sample) => sum + sample.bytes, 0);
    return bytes / Math.max((now - this.#samples[0].at) / 1000, 0.5);
  }

  #trim(now) {
    while (this.#samples.length > 0 && now - this.#samples[0].at > windowMilliseconds) this.#samples.shift();
  }
}
