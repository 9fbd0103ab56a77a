// Speaks the upload protocol (docs/adr/0005). Every failure becomes an ApiError that says whether trying again may help.
export class ApiError extends Error {
  constructor(message, { status = 0, field = null, retry = false } = {}) {
    super(message);
    this.status = status;
    this.field = field;
    this.retry = retry;
  }
}

let antiforgery = null;

async function token(refresh) {
  if (refresh || !antiforgery) {
    const response = await request("GET", "/api/antiforgery");
    antiforgery = await response.json();
  }
  return { [antiforgery.header]: antiforgery.token };
}

async function request(method, url, { headers = {}, body, signal } = {}) {
  let response;
  try {
    response = await fetch(url, { method, headers: { Accept: "application/json", ...headers }, body, signal, credentials: "same-origin", redirect: "manual", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server does not answer.", { retry: true });
  }
  if (response.ok) return response;
  throw failure(response.status, await response.text().catch(() => ""));
}

// Of all answers only these may change by waiting: too many requests, a server that is busy, down or restarting.
export function failure(status, text) {
  let problem = {};
  try { problem = JSON.parse(text); } catch { /* An answer of something in between, such as a proxy: its status says enough. */ }
  const retry = status === 408 || status === 429 || status === 502 || status === 503 || status === 504 || status === 500;
  const message = problem.detail || {
    0: "You are signed out. Sign in again, then resume.",
    401: "You are signed out. Sign in again, then resume.",
    403: "You may not upload. Ask an administrator for the operator role.",
    413: "Something between this browser and the server refuses parts of this size. Ask an administrator to raise the limit of the proxy.",
    429: "The server is busy.",
  }[status] || `The server answered with status ${status}.`;
  return new ApiError(message, { status, field: problem.field ?? null, retry });
}

// A store speaks XML. What it says may pass with a fresh address; who sends decides when to give up.
function storeFailure(status, text) {
  const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1];
  return new ApiError(`The store answered with status ${status}${code ? ` (${code})` : ""}.`, { status, retry: true });
}

const isStaleToken = error => error instanceof ApiError && error.status === 400 && /X-CSRF-Token/.test(error.message);

async function change(method, url, message, signal) {
  for (let refresh = false; ; refresh = true) {
    try {
      const headers = { "Content-Type": "application/json", ...await token(refresh) };
      return await request(method, url, { headers, body: message === undefined ? undefined : JSON.stringify(message), signal });
    } catch (error) {
      if (refresh || !isStaleToken(error)) throw error;
    }
  }
}

export const list = async () => (await request("GET", "/api/uploads")).json();
export const status = async (id, signal) => (await request("GET", `/api/uploads/${id}`, { signal })).json();
export const begin = async details => (await change("POST", "/api/uploads", details)).json();
export const complete = async (id, files, signal) => (await change("POST", `/api/uploads/${id}/complete`, { files }, signal)).json();
export const cancel = id => change("DELETE", `/api/uploads/${id}`);
export const addresses = async (id, parts, signal) => (await change("POST", `/api/uploads/${id}/addresses`, { parts }, signal)).json();

// Tells what was sent straight to the store; without parts, asks what is there.
export const report = async (id, parts, signal) => (await change("POST", `/api/uploads/${id}/parts`, { parts }, signal)).json();
export const sendThroughDashboard = (id, trouble, signal) => change("POST", `/api/uploads/${id}/through-dashboard`, { trouble }, signal);

// Sends one part where the server says. XMLHttpRequest, because fetch does not tell how much has been sent.
export async function sendPart(address, blob, onProgress, signal) {
  for (let refresh = false; ; refresh = true) {
    const headers = { ...address.headers, ...(address.sameOrigin ? await token(refresh) : {}) };
    try {
      return await put(address, headers, blob, onProgress, signal);
    } catch (error) {
      if (refresh || !address.sameOrigin || !isStaleToken(error)) throw error;
    }
  }
}

function put(address, headers, blob, onProgress, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) { reject(signal.reason); return; }
    const xhr = new XMLHttpRequest();
    const abort = () => xhr.abort();
    signal.addEventListener("abort", abort, { once: true });
    xhr.open(address.method, address.url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = event => onProgress(event.loaded);
    // A connection that hangs without an end would hold its place for ever.
    xhr.timeout = 15 * 60 * 1000;
    xhr.onload = () => xhr.status >= 200 && xhr.status < 300 ? resolve() : reject(address.sameOrigin ? failure(xhr.status, xhr.responseText) : storeFailure(xhr.status, xhr.responseText));
    xhr.onerror = xhr.ontimeout = () => reject(new ApiError(`The ${address.sameOrigin ? "server" : "store"} does not answer.`, { retry: true }));
    xhr.onabort = () => reject(signal.reason ?? new DOMException("Stopped", "AbortError"));
    xhr.onloadend = () => signal.removeEventListener("abort", abort);
    xhr.send(blob);
  });
}
