const firstMilliseconds = 400;
const longestMilliseconds = 20000;

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      signal.removeEventListener("abort", stopped);
      resolve();
    }
    function stopped() {
      clearTimeout(timer);
      reject(signal.reason);
    }
    if (signal.aborted) stopped();
    else signal.addEventListener("abort", stopped, { once: true });
  });
}

// Longer with each attempt, and a little different for everybody, so that a server that comes back is not run over.
export const delay = (attempt, signal) => sleep(Math.min(longestMilliseconds, firstMilliseconds * 2 ** Math.min(attempt, 8)) * (0.5 + Math.random()), signal);

// Returns when the browser believes to have a network.
export async function online(signal) {
  while (!navigator.onLine) await sleep(500, signal);
}
