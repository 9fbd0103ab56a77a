// Parts that go straight to the store: what it means when that fails, and the rule that an administrator has to set.
import { ApiError } from "./api.js";

// One broken connection is nothing; a store that never answered this page is given up soon, one that did only after a while.
const silencesBefore = 2;
const silencesAfter = 8;
const refusals = 4;
const probeMilliseconds = 10000;

// Remembers how sending to one store goes and says when to stop trying: null, or one of NotAllowed, NoAnswer and Refused.
export class DirectHealth {
  #worked = false;
  #silences = 0;
  #refusals = 0;

  succeeded() {
    this.#worked = true;
    this.#silences = this.#refusals = 0;
  }

  // isServerThere asks the dashboard, and throws while that does not answer either: then it is the network.
  async failed(error, server, isServerThere) {
    if (!(error instanceof ApiError)) return null;
    if (error.status === 0) {
      if (++this.#silences < (this.#worked ? silencesAfter : silencesBefore)) return null;
      await isServerThere();
      return await answers(server) ? "NotAllowed" : "NoAnswer";
    }
    // Busy or restarting; that passes.
    if (error.status === 429 || error.status >= 500) return null;
    return ++this.#refusals < refusals ? null : "Refused";
  }
}

// Without CORS a page may not read an answer, but it may learn that there is one.
async function answers(server) {
  try {
    await fetch(server, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(probeMilliseconds) });
    return true;
  } catch {
    return false;
  }
}

// What an administrator sets on the bucket so that pages of this dashboard may send parts (the format of S3's PutBucketCors).
export const corsRule = () => JSON.stringify({
  CORSRules: [{ AllowedOrigins: [location.origin], AllowedMethods: ["PUT", "GET", "HEAD"], AllowedHeaders: ["*"], ExposeHeaders: ["ETag"], MaxAgeSeconds: 3600 }],
}, null, 2);

// Why an upload takes the way through the dashboard: a sentence, and the rule where it would help.
export function explain({ server, trouble }) {
  const way = "This upload goes through the dashboard instead, which is slower.";
  switch (trouble) {
    case "NotAllowed": return { text: `The store at ${server} does not let pages of ${location.origin} send to it (CORS). ${way} An administrator can allow it with this rule on the bucket:`, rule: corsRule() };
    case "NoAnswer": return { text: `This browser cannot reach the store at ${server}. ${way} An administrator can give the store an address that browsers reach${location.protocol === "https:" && server.startsWith("http:") ? " (one with https, as this page has)" : ""}, or turn direct uploads off.`, rule: null };
    default: return { text: `The store at ${server} refuses what this browser sends. ${way} An administrator finds the reason by testing the store under Settings. Its bucket needs this rule:`, rule: corsRule() };
  }
}
