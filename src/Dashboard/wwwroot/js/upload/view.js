// What people see of uploads, as two elements: all of them on the upload page, and a small tray everywhere else. Both live without
// the server's circuit, so progress and buttons keep working while the dashboard restarts.
import { element, icon, setHidden, setText } from "./elements.js";
import { bytes, left, percent } from "./text.js";
import { UploadCard } from "./upload-card.js";
import * as uploads from "./uploads.js";

const page = "/models/upload";

class OpsUploads extends HTMLElement {
  #cards = new Map();
  #stop = null;

  connectedCallback() {
    this.#stop = uploads.subscribe(() => this.#update());
    uploads.restore();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #update() {
    const present = uploads.all();
    for (const [id, card] of this.#cards) {
      if (!uploads.get(id)) {
        card.node.remove();
        this.#cards.delete(id);
      }
    }
    for (const upload of present) {
      if (!this.#cards.has(upload.id)) {
        const card = new UploadCard(upload.id);
        this.#cards.set(upload.id, card);
        this.prepend(card.node);
      }
      this.#cards.get(upload.id).update();
    }
    setHidden(this, present.length === 0);
  }
}

class OpsUploadTray extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.title_ = element("span", { class: "upload-tray-title" });
    this.text = element("span", { class: "muted small" });
    this.bar = element("progress", { max: "1", value: "0", "aria-label": "Uploads" });
    this.icon = element("span", { class: "upload-tray-icon" });
    this.link = element("a", { class: "upload-tray", href: page }, this.icon, element("span", { class: "upload-tray-body" }, this.title_, this.bar, this.text));
    this.replaceChildren(this.link);
    this.#stop = uploads.subscribe(() => this.#update());
    uploads.restore();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #update() {
    const present = uploads.all();
    setHidden(this, present.length === 0 || location.pathname === page);
    if (this.hidden) return;
    const total = present.reduce((sum, upload) => sum + upload.total, 0);
    const sent = present.reduce((sum, upload) => sum + (upload.state === "done" ? upload.total : upload.sent), 0);
    const attention = present.find(upload => ["failed", "refused", "files", "paused"].includes(upload.state) || upload.trouble);
    const moving = present.find(upload => upload.state === "sending");
    const ended = present.every(upload => upload.state === "done");
    const drawing = ended ? "ok" : attention ? (["failed", "refused"].includes(attention.state) ? "critical" : "warning") : "progress";
    if (this.icon.dataset.drawing !== drawing) {
      this.icon.dataset.drawing = drawing;
      this.icon.className = `upload-tray-icon badge badge-plain state-${drawing}`;
      this.icon.replaceChildren(icon(drawing, drawing === "progress"));
    }
    this.bar.value = total === 0 ? 0 : sent / total;
    setText(this.title_, present.length === 1 ? `Upload to ${present[0].model}` : `${present.length} uploads`);
    const rest = moving ? left(moving) : null;
    setText(this.text, ended ? "Done" : attention ? tell(attention) : `${percent(sent / total)} of ${bytes(total)}${rest ? ` · ${rest} left` : ""}`);
    this.link.setAttribute("href", ended && present.length === 1 ? present[0].version.url : page);
  }
}

const tell = upload => ({ failed: "Stopped", refused: "Refused", files: "Waiting for its files", paused: "Paused" })[upload.state] ?? "Waiting for the server";

if (!customElements.get("ops-uploads")) {
  customElements.define("ops-uploads", OpsUploads);
  customElements.define("ops-upload-tray", OpsUploadTray);
}

// Whoever stayed on the upload page gets to see the version; whoever went on is not taken away from there.
addEventListener("ops:uploaded", event => {
  const others = uploads.all().filter(upload => upload !== event.detail && upload.state !== "done");
  if (location.pathname === page && others.length === 0) {
    const { url } = event.detail.version;
    uploads.dismiss(event.detail.id);
    uploads.navigate(url);
  }
});
