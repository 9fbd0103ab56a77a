// Runs in the head before anything is painted: the remembered theme and rail width apply without a flash.
(() => {
  const root = document.documentElement;
  const read = key => { try { return localStorage.getItem(key); } catch { return null; } };
  const write = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a browser that keeps nothing still works */ } };

  function applyTheme(choice) {
    root.dataset.themeChoice = choice;
    if (choice === "system") delete root.dataset.theme; else root.dataset.theme = choice;
    root.dispatchEvent(new CustomEvent("ops:theme"));
  }

  const remembered = read("ops.theme");
  applyTheme(remembered === "light" || remembered === "dark" ? remembered : "system");
  if (read("ops.rail") === "collapsed") root.dataset.rail = "collapsed";

  window.opsFrame = {
    nextTheme() {
      const order = ["system", "light", "dark"];
      const next = order[(order.indexOf(root.dataset.themeChoice) + 1) % order.length];
      write("ops.theme", next);
      applyTheme(next);
    },
    toggleRail() {
      const collapsed = root.dataset.rail === "collapsed";
      if (collapsed) delete root.dataset.rail; else root.dataset.rail = "collapsed";
      write("ops.rail", collapsed ? "open" : "collapsed");
    },
    remember: write,
    recall: read,
  };

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => root.dispatchEvent(new CustomEvent("ops:theme")));
})();
