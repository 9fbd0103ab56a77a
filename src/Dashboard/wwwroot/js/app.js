// Starts Blazor with our own reconnection and holds the few behaviours that must work without a circuit:
// theme, rail, keyboard shortcuts, dialogs, copying, and keyboard movement in tables.
(() => {
  const root = document.documentElement;
  const staleAfterMilliseconds = 6000;
  const longestPauseMilliseconds = 5000;
  const longestWayMilliseconds = 10000;
  let attempt = 0;
  let downSince = null;
  let leaving = false;
  let onTheWayUntil = 0;

  function show(state) {
    root.dataset.connection = state;
    const since = downSince ? downSince.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }) : "";
    for (const element of document.querySelectorAll("[data-connection-since]")) element.textContent = since;
  }

  const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

  // Somebody who has just followed a link gets there: loading this page anew would call that off.
  async function reload() {
    while (Date.now() < onTheWayUntil) await pause(200);
    if (!leaving) location.reload();
  }

  // Asks again and again until the server answers: true is the same circuit, false means that the circuit is gone for good
  // (the server restarted), and then only a fresh page helps. Everything a page shows is in its address, so nothing is lost.
  async function reconnect() {
    const mine = ++attempt;
    let wait = 300;
    while (mine === attempt && !leaving) {
      try {
        if (await Blazor.reconnect()) return;
        // Something that a reload would destroy, such as an upload in progress, may ask to put it off.
        if (dispatchEvent(new CustomEvent("ops:circuit-gone", { cancelable: true }))) await reload();
        else show("stale");
        return;
      } catch {
        wait = Math.min(wait * 1.6, longestPauseMilliseconds);
      }
      await pause(wait + Math.random() * 250);
      if (mine === attempt && Date.now() - downSince > staleAfterMilliseconds) show("stale");
    }
  }

  const reconnectionHandler = {
    onConnectionDown() {
      if (leaving) return;
      downSince = new Date();
      show("reconnecting");
      reconnect();
    },
    onConnectionUp() {
      attempt++;
      downSince = null;
      show("live");
    },
  };

  addEventListener("beforeunload", () => { onTheWayUntil = Date.now() + longestWayMilliseconds; });
  addEventListener("pagehide", () => { leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });

  if (window.Blazor) {
    Blazor.start({ circuit: { reconnectionHandler } }).then(() => show("live"));
  }

  const actions = {
    "theme": () => opsFrame.nextTheme(),
    "rail": () => opsFrame.toggleRail(),
    "reload": () => location.reload(),
  };

  async function copy(button) {
    const status = button.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.dataset.copied = "";
      status.textContent = "Copied";
    } catch {
      // Without a secure context there is no clipboard: select the text so that Ctrl+C copies it.
      const area = document.createElement("textarea");
      area.value = button.dataset.copy;
      area.className = "visually-hidden";
      document.body.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      button.focus();
      if (copied) button.dataset.copied = "";
      status.textContent = copied ? "Copied" : "Copying is blocked by the browser";
    }
    setTimeout(() => { delete button.dataset.copied; status.textContent = ""; }, 1600);
  }

  document.addEventListener("click", event => {
    const target = event.target instanceof Element ? event.target.closest("[data-action], [data-copy], [popover] a") : null;
    if (!target) return;
    if (target.dataset.copy !== undefined) copy(target);
    else if (target.dataset.action) actions[target.dataset.action]?.();
    target.closest("[popover]")?.hidePopover?.();
  });

  // A single letter presses the button that carries it (data-key), unless somebody is typing, a dialog is open or another key is held.
  const typing = "input, textarea, select, [contenteditable], [role=combobox], table.table-rows";
  function pressed(event, element) {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat || event.isComposing) return false;
    if (element.closest(typing) || document.querySelector("dialog[open], [popover]:popover-open")) return false;
    const button = document.querySelector(`button[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
    if (!button) return false;
    event.preventDefault();
    button.click();
    return true;
  }

  document.addEventListener("keydown", event => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      const opener = document.querySelector("[data-palette-open]");
      if (opener) { event.preventDefault(); opener.click(); }
      return;
    }

    const element = event.target instanceof Element ? event.target : null;
    if (!element) return;
    if (pressed(event, element)) return;
    if (element.matches("[role=combobox]") && (event.key === "ArrowUp" || event.key === "ArrowDown")) event.preventDefault();

    // Rows of a table with class "table-rows" are one tab stop: arrows move, Enter follows the row's first link.
    const row = element.closest("table.table-rows tbody tr");
    if (row && element === row) {
      const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling", j: "nextElementSibling", k: "previousElementSibling" }[event.key];
      if (step && row[step]) { event.preventDefault(); row[step].focus(); }
      if (event.key === "Enter") { event.preventDefault(); row.querySelector("a")?.click(); }
    }

    if (element.matches("[role=tab]") && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      const tabs = [...element.closest("[role=tablist]").querySelectorAll("[role=tab]")];
      const next = tabs[(tabs.indexOf(element) + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length];
      event.preventDefault();
      next.focus();
    }
  });
})();
