// The drop zone and the list of chosen files of the upload page. Blazor owns the form beside it and is told only what was chosen.
import "./view.js";
import { button, element, icon, setHidden, setText } from "./elements.js";
import { fromDrop, fromInput, suggestName } from "./files.js";
import { bytes, shorten } from "./text.js";
import * as uploads from "./uploads.js";

const listed = 50;

export function attach(root, dotnet) {
  return new Picker(root, dotnet);
}

class Picker {
  #root;
  #dotnet;
  #entries = [];
  #folder = null;
  #control = new AbortController();
  #depth = 0;

  constructor(root, dotnet) {
    this.#root = root;
    this.#dotnet = dotnet;
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal: this.#control.signal });
    const zone = root.querySelector("[data-drop]");
    const take = input => {
      this.#add(fromInput(input.files));
      input.value = "";
    };
    for (const input of root.querySelectorAll("input[type=file]")) on(input, "change", () => take(input));
    for (const opener of root.querySelectorAll("[data-open]")) on(opener, "click", () => root.querySelector(opener.dataset.open).click());
    on(root, "dragenter", event => { event.preventDefault(); this.#depth++; zone.dataset.over = ""; });
    on(root, "dragleave", () => { if (--this.#depth <= 0) { this.#depth = 0; delete zone.dataset.over; } });

    // Whoever was over the page already when this script came never enters it again.
    on(root, "dragover", event => { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; zone.dataset.over = ""; });
    on(root, "drop", async event => {
      event.preventDefault();
      this.#depth = 0;
      delete zone.dataset.over;
      this.#add(await fromDrop(event.dataTransfer));
    });
    // Beside the zone a dropped file would replace the page.
    on(window, "dragover", event => event.preventDefault());
    on(window, "drop", event => event.preventDefault());
    this.#show();
    // Somebody quick has chosen before this script was there.
    for (const input of root.querySelectorAll("input[type=file]")) if (input.files.length > 0) take(input);
  }

  // Begins the upload; returns what went wrong, or null.
  async start(details) {
    if (this.#entries.length === 0) return { message: "Choose at least one file.", field: "files" };
    try {
      await uploads.start(details, this.#entries);
    } catch (error) {
      return { message: error.message, field: error.field ?? null };
    }
    this.#set([], null);
    return null;
  }

  dispose() {
    this.#control.abort();
  }

  #add({ entries, folder }) {
    const byPath = new Map(this.#entries.map(entry => [entry.path, entry]));
    for (const entry of entries) byPath.set(entry.path, entry);
    this.#set([...byPath.values()], this.#entries.length === 0 ? folder : this.#folder);
  }

  #set(entries, folder) {
    this.#entries = entries;
    this.#folder = folder;
    this.#show();
    this.#dotnet.invokeMethodAsync("Chosen", { count: entries.length, bytes: this.#bytes(), name: suggestName(entries, folder) }).catch(() => {});
  }

  #bytes() { return this.#entries.reduce((sum, entry) => sum + entry.file.size, 0); }

  #show() {
    const list = this.#root.querySelector("[data-chosen]");
    const summary = this.#root.querySelector("[data-summary]");
    const rest = this.#entries.length - listed;
    setText(summary, this.#entries.length === 0 ? "" : `${this.#entries.length} ${this.#entries.length === 1 ? "file" : "files"}, ${bytes(this.#bytes())}`);
    setHidden(list.parentElement, this.#entries.length === 0);
    list.replaceChildren(
      ...this.#entries.slice(0, listed).map(entry => this.#row(entry)),
      ...(rest > 0 ? [element("li", { class: "muted small" }, `and ${rest} more`)] : []));
  }

  #row(entry) {
    const remove = button("", () => this.#set(this.#entries.filter(other => other !== entry), this.#folder), "button-quiet button-icon");
    remove.setAttribute("aria-label", `Remove ${entry.path}`);
    remove.append(icon("close"));
    return element("li", { class: "upload-chosen-file" }, icon("file"),
      element("span", { class: "upload-file-name", title: entry.path }, shorten(entry.path)), element("span", { class: "muted small nowrap" }, bytes(entry.file.size)), remove);
  }
}
