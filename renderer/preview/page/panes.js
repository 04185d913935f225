// Page and statement: the template's output in frames that run nothing, and pages as pictures.

import { get, passing, raw } from "./api.js";
import { bytes, h, icon, scrollbarWidth } from "./dom.js";
import { faultList } from "./faults.js";

const DOWN = "M8 2v8M4.5 6.5 8 10l3.5-3.5M3 13.5h10";

/** What panes share: a head, a body, and errors in the body's place. */
export class Pane {
  constructor(root, title) {
    this.root = root;
    this.note = h("span", { class: "note" });
    this.actions = h("div", { class: "end" });
    this.faults = h("div", { class: "pane-faults", hidden: true });
    this.body = h("div", { class: "pane-body" });
    root.append(h("div", { class: "pane-head" }, h("h3", {}, title), this.note, this.actions), this.faults, this.body);
  }

  busy(on) {
    this.root.classList.toggle("busy", on);
  }

  /** What is shown is somebody else's from now on: if the next one fails, it must not stay. */
  outlived() {
    this.old = true;
  }

  sound() {
    this.old = false;
    this.faults.hidden = true;
    this.faults.replaceChildren();
    this.root.classList.remove("broken", "blank");
  }

  broken(list, kind) {
    this.root.classList.toggle("blank", this.old === true);
    this.faults.replaceChildren(...faultList(list, kind));
    this.faults.hidden = false;
    this.root.classList.add("broken");
  }

  absent(message) {
    this.sound();
    this.root.classList.add("broken", "blank");
    this.faults.replaceChildren(h("p", { class: "empty" }, message));
    this.faults.hidden = false;
  }
}

class Screen {
  constructor(name, width, height) {
    this.width = width;
    this.height = height;
    this.frame = h("iframe", { title: `${name}, ${width} pixels wide`, sandbox: "", referrerpolicy: "no-referrer" });
    this.box = h("div", { class: "screen-box" }, this.frame);
    this.root = h("figure", { class: `screen ${name.toLowerCase()}` }, this.box, h("figcaption", {}, `${name} ${width}`));
    this.address = null;
    this.shown = null;
  }

  show(address) {
    this.address = address;
    this.load();
  }

  load() {
    if (this.address && this.shown !== this.address && this.root.offsetParent !== null) {
      this.shown = this.address;
      this.frame.src = this.address;
    }
  }

  /** Fit into `width` by `height` pixels; a screen that scrolls takes the whole height. */
  fit(width, height, fixed) {
    const scale = Math.min(1, width / this.width, fixed ? height / this.height : Infinity);
    const tall = fixed ? this.height : Math.max(320, Math.floor(height / scale));
    const bar = scrollbarWidth();
    this.frame.style.setProperty("width", `${this.width + bar}px`);
    this.frame.style.setProperty("height", `${tall}px`);
    this.frame.style.setProperty("transform", `scale(${scale})`);
    this.box.style.setProperty("width", `${Math.floor(this.width * scale)}px`);
    this.box.style.setProperty("height", `${Math.floor(tall * scale)}px`);
  }

  again() {
    this.shown = null;
    this.load();
  }
}

export class PagePane extends Pane {
  constructor(root, studio) {
    super(root, "Page");
    this.studio = studio;
    this.phone = new Screen("Phone", 390, 844);
    this.desktop = new Screen("Desktop", 1280, 800);
    this.body.append(this.phone.root, this.desktop.root);
    this.actions.append(
      h(
        "button",
        { type: "button", class: "plain", title: "Load the page again, after following a link", on: { click: () => this.again() } },
        "Reload",
      ),
    );
    new ResizeObserver(() => this.layout()).observe(this.body);
  }

  again() {
    this.phone.again();
    this.desktop.again();
  }

  layout() {
    const { clientWidth: width, clientHeight: height } = this.body;
    if (!width || !height) return;
    const caption = 26;
    if (document.body.dataset.tab === "page") {
      const phone = Math.min(390, Math.max(220, width * 0.28));
      this.phone.fit(phone, height - caption - 16, false);
      this.desktop.fit(width - phone - 72, height - caption - 16, false);
    } else this.phone.fit(width - 16, height - caption - 16, false);
    this.phone.load();
    this.desktop.load();
  }

  async show(view, signal) {
    this.busy(true);
    try {
      const made = await get(`view/${view}/site`, signal);
      this.sound();
      this.made = made;
      this.note.textContent = `${bytes(made.bytes_before_play)} before play`;
      const address = `${this.studio.site}${made.site}/index.html`;
      this.phone.show(address);
      this.desktop.show(address);
      this.layout();
      return made;
    } catch (error) {
      if (!passing(error)) this.broken(error.list ?? []);
      throw error;
    } finally {
      this.busy(false);
    }
  }
}

export class PaperPane extends Pane {
  constructor(root) {
    super(root, "Statement");
    this.link = h("a", { class: "button plain", download: "statement.pdf", title: "Download the PDF" }, icon(DOWN), "PDF");
    this.link.hidden = true;
    this.actions.append(this.link);
    this.body.tabIndex = 0;
    this.body.setAttribute("role", "group");
    this.body.setAttribute("aria-label", "Pages of the statement");
    this.addresses = [];
    this.sha = null;
  }

  async show(view, signal) {
    this.busy(true);
    try {
      const made = await get(`view/${view}/paper`, signal);
      this.sound();
      this.note.textContent = `${made.pages.length} ${made.pages.length === 1 ? "page" : "pages"}, ${bytes(made.bytes)}`;
      this.link.href = `api/view/${view}/statement.pdf`;
      this.link.hidden = false;
      if (made.sha256 !== this.sha) await this.draw(view, made, signal);
      return made;
    } catch (error) {
      if (!passing(error)) {
        this.sha = null;
        this.broken(error.list ?? []);
      }
      throw error;
    } finally {
      this.busy(false);
    }
  }

  async draw(view, made, signal) {
    const pictures = [];
    for (const [index, page] of made.pages.entries()) {
      const blob = await (await raw(`view/${view}/paper/${index}`, signal)).blob();
      const address = URL.createObjectURL(blob);
      pictures.push([address, page, index]);
      if (index === 0 || index === made.pages.length - 1) this.place(pictures, made.pages.length);
    }
    this.sha = made.sha256;
  }

  place(pictures, count) {
    const old = this.addresses.filter((address) => !pictures.some(([kept]) => kept === address));
    const images = pictures.map(([address, page, index]) =>
      h(
        "figure",
        { class: "sheet-of-paper" },
        h("img", {
          src: address,
          alt: `Statement, page ${index + 1} of ${count}`,
          width: Math.round(page.width_pt * 2),
          height: Math.round(page.height_pt * 2),
        }),
        h("figcaption", {}, `${index + 1} / ${count}`),
      ),
    );
    this.body.replaceChildren(...images);
    this.addresses = pictures.map(([address]) => address);
    setTimeout(() => old.forEach((address) => URL.revokeObjectURL(address)), 500);
  }
}
