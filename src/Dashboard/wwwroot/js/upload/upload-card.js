// One upload on the page: what it is, how far it is, what can be done about it, and a row for each file.
import { button, element, icon, setHidden, setText } from "./elements.js";
import { fromInput } from "./files.js";
import { bytes, left, percent, shorten } from "./text.js";
import * as uploads from "./uploads.js";

const listedFiles = 100;
const spokenMilliseconds = 10000;
const states = {
  files: ["warning", "warning", "Waiting for its files"],
  sending: ["progress", "progress", "Uploading"],
  paused: ["neutral", "pause", "Paused"],
  hashing: ["progress", "progress", "Checking"],
  verifying: ["progress", "progress", "Verifying on the server"],
  done: ["ok", "ok", "Done"],
  refused: ["critical", "critical", "Refused"],
  failed: ["critical", "critical", "Stopped"],
};

export class UploadCard {
  #upload;
  #id;
  #shown = null;
  #spokenAt = 0;
  #rows = new Map();
  #confirming = false;

  constructor(id) {
    this.#id = id;
    this.#upload = uploads.get(id);
    this.badge = element("span", { class: "badge" });
    this.actions = element("div", { class: "row upload-actions" });
    this.bar = element("progress", { max: "1", value: "0", "aria-label": `Upload to ${this.#upload.model}` });
    this.line = element("div", { class: "upload-line" });
    this.message = element("div", { class: "upload-message", role: "alert", hidden: true });
    this.copyRule = element("button", { type: "button", class: "button button-small upload-copy", hidden: true }, "Copy the rule", element("span", { class: "visually-hidden", role: "status" }));
    this.notice = element("div", { class: "upload-notice", role: "status", hidden: true }, element("span"), element("pre", { class: "upload-rule", tabindex: "0", "aria-label": "CORS rule" }), this.copyRule);
    this.spoken = element("div", { class: "visually-hidden", role: "status" });
    this.files = element("ul", { class: "upload-files" });
    this.more = element("div", { class: "muted small", hidden: true });
    this.input = element("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", onchange: () => this.#chosen() });
    this.node = element("section", { class: "panel upload-card", "aria-label": `Upload to ${this.#upload.model}` },
      element("div", { class: "panel-header" }, element("div", { class: "row" }, element("h2", {}, this.#upload.model), this.badge), this.actions),
      element("div", { class: "panel-body stack-tight" }, this.bar, this.line, this.message, this.notice, this.files, this.more, this.spoken, this.input));
  }

  update() {
    this.#upload = uploads.get(this.#id);
    const upload = this.#upload;
    const key = `${upload.state}|${this.#confirming}|${upload.canReopen}`;
    if (this.#shown !== key) {
      this.#shown = key;
      this.#showState(upload);
    }

    const share = upload.total === 0 ? 0 : upload.state === "verifying" ? upload.verifiedBytes / upload.total : upload.state === "done" ? 1 : upload.sent / upload.total;
    this.bar.value = share;
    setText(this.line, this.#describe(upload, share));
    setHidden(this.bar, ["done", "refused"].includes(upload.state));
    const message = upload.message ?? upload.trouble;
    setText(this.message, message ?? "");
    setHidden(this.message, !message);
    this.message.classList.toggle("upload-message-passing", !upload.message);
    this.#showNotice(upload.notice);
    this.#showFiles(upload);
    this.#speak(upload, share);
  }

  #describe(upload, share) {
    const size = `${bytes(upload.sent)} of ${bytes(upload.total)}`;
    switch (upload.state) {
      case "sending": {
        const rate = upload.rate.perSecond;
        const remaining = left(upload);
        return [percent(share), size, rate > 0 ? `${bytes(rate)}/s` : null, remaining ? `${remaining} left` : null].filter(Boolean).join(" · ");
      }
      case "hashing": return `All bytes are sent · computing SHA-256 here, ${percent(upload.total === 0 ? 1 : upload.hashed / upload.total)}`;
      case "verifying": return `All bytes are sent · the server reads them back and compares, ${percent(share)}`;
      case "done": return upload.version.sameBytesAs ? `Version ${upload.version.number} · the same bytes as version ${upload.version.sameBytesAs}` : `Version ${upload.version.number} · ${bytes(upload.total)}`;
      case "files": return `${size} are on the server · choose the same ${upload.fileCount === 1 ? "file" : "files"} again to go on`;
      default: return size;
    }
  }

  #showNotice(notice) {
    const [text, rule] = this.notice.children;
    setHidden(this.notice, !notice);
    setText(text, notice?.text ?? "");
    setText(rule, notice?.rule ?? "");
    setHidden(rule, !notice?.rule);
    setHidden(this.copyRule, !notice?.rule);
    this.copyRule.dataset.copy = notice?.rule ?? "";
  }

  #showState(upload) {
    const [look, drawing, word] = states[upload.state];
    this.badge.className = `badge state-${look}`;
    this.badge.replaceChildren(icon(drawing, look === "progress"), word);
    const focused = this.actions.contains(document.activeElement);
    this.actions.replaceChildren(...this.#buttons(upload));
    if (focused) this.actions.querySelector("button, a")?.focus();
    this.input.toggleAttribute("webkitdirectory", upload.files.some(file => file.path.includes("/")));
  }

  #buttons(upload) {
    const cancel = button("Cancel", () => this.#confirm(true), "button-quiet");
    if (this.#confirming) {
      return [
        element("span", { class: "small" }, "Delete what was sent?"),
        button("Delete", () => this.#do(() => uploads.cancel(this.#id)), "button-danger"),
        button("Keep", () => this.#confirm(false)),
      ];
    }

    const choose = button(upload.fileCount === 1 ? "Choose the file" : "Choose the files", () => this.input.click());
    switch (upload.state) {
      case "sending": return [button("Pause", () => upload.pause()), cancel];
      case "hashing": return [cancel];
      case "paused": return [button("Resume", () => upload.resume()), cancel];
      case "files": return [upload.canReopen ? button("Resume", () => this.#do(() => uploads.reattach(this.#id))) : null, choose, cancel].filter(Boolean);
      case "failed": return [button("Try again", () => upload.resume()), choose, cancel];
      case "done": return [element("a", { class: "button button-small", href: upload.version.url }, `Open version ${upload.version.number}`), button("Dismiss", () => uploads.dismiss(this.#id), "button-quiet")];
      case "refused": return [button("Dismiss", () => uploads.dismiss(this.#id), "button-quiet")];
      default: return [];
    }
  }

  #showFiles(upload) {
    const files = upload.files.slice(0, listedFiles);
    const ended = ["done", "refused"].includes(upload.state);
    for (const file of files) {
      let row = this.#rows.get(file.id);
      if (!row) {
        row = this.#row(file);
        this.#rows.set(file.id, row);
        this.files.append(row.node);
      }
      row.bar.value = file.size === 0 ? (file.isSent ? 1 : 0) : upload.state === "done" ? 1 : file.sent / file.size;
      setText(row.text, this.#describeFile(upload, file));
      setHidden(row.bar, ended);
    }
    const unlisted = upload.fileCount - files.length;
    setHidden(this.more, unlisted <= 0);
    setText(this.more, `and ${unlisted} more`);
  }

  #row(file) {
    const bar = element("progress", { max: "1", value: "0", "aria-label": file.path });
    const text = element("span", { class: "upload-file-text" });
    const name = element("span", { class: "upload-file-name", title: file.path }, shorten(file.path));
    return { bar, text, node: element("li", { class: "upload-file" }, icon("file"), name, bar, text) };
  }

  #describeFile(upload, file) {
    const hash = file.sha256 ? "SHA-256 ready" : file.hashed > 0 ? `SHA-256 ${percent(file.hashed / Math.max(file.size, 1))}` : null;
    const isMoving = upload.state === "sending" && !file.isSent;
    const rate = isMoving ? file.rate.perSecond : 0;
    const remaining = rate > 0 ? left({ rate: file.rate, total: file.size, sent: file.sent }) : null;
    const size = isMoving ? `${bytes(file.sent)} of ${bytes(file.size)}` : bytes(file.size);
    return [size, rate > 0 ? `${bytes(rate)}/s` : null, remaining ? `${remaining} left` : null, ["done", "refused"].includes(upload.state) ? null : hash].filter(Boolean).join(" · ");
  }

  // A screen reader hears each state once and progress every ten seconds.
  #speak(upload, share) {
    const now = performance.now();
    const word = states[upload.state][2];
    if (this.spoken.dataset.state === upload.state && (upload.state !== "sending" || now - this.#spokenAt < spokenMilliseconds)) return;
    this.#spokenAt = now;
    this.spoken.dataset.state = upload.state;
    const remaining = left(upload);
    setText(this.spoken, upload.state === "sending" ? `${upload.model}: ${percent(share)}${remaining ? `, ${remaining} left` : ""}` : `${upload.model}: ${word}`);
  }

  #confirm(on) {
    this.#confirming = on;
    this.update();
    this.actions.querySelector("button")?.focus();
  }

  async #chosen() {
    const { entries, folder } = fromInput(this.input.files);
    this.input.value = "";
    if (entries.length === 0) return;
    // A folder chosen again comes without its own name; files that were dropped beside each other come with it.
    const named = folder ? entries.map(entry => ({ ...entry, path: `${folder}/${entry.path}` })) : [];
    await this.#do(() => uploads.reattach(this.#id, [...named, ...entries]));
  }

  async #do(work) {
    this.#confirming = false;
    try {
      await work();
    } catch (error) {
      const upload = uploads.get(this.#id);
      if (upload) upload.message = error.message;
    }
    if (uploads.get(this.#id)) this.update();
  }
}
