// Any record of a long file, found by its number or by what it says. The studio searches; a part of the list comes at a time.

import { get, passing } from "./api.js";
import { $, h } from "./dom.js";

const PAUSE_MS = 120;

export class Finder {
  constructor({ onOpen }) {
    this.onOpen = onOpen;
    this.total = 0;
    this.all = false;
    this.lines = [];
    this.at = 0;
    this.turn = 0;
    this.root = $("people");
    this.field = h("input", { type: "search", placeholder: "Number, name or any word", "aria-label": "Find a record", autocomplete: "off", spellcheck: "false", role: "combobox", "aria-controls": "people-list", "aria-expanded": "true", "aria-autocomplete": "list" });
    this.list = h("ul", { id: "people-list", role: "listbox", "aria-label": "Records", tabindex: "-1" });
    this.note = h("p", { class: "note", role: "status" });
    this.root.append(h("div", { class: "people-head" }, this.field), this.list, this.note);
    this.field.addEventListener("input", () => {
      clearTimeout(this.due);
      this.typed = true;
      this.due = setTimeout(() => this.find(), PAUSE_MS);
    });
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("scroll", () => this.list.scrollTop + this.list.clientHeight > this.list.scrollHeight - 200 && this.further());
    this.root.addEventListener("click", (event) => event.target === this.root && this.root.close());
    $("find-record").addEventListener("click", () => this.open());
  }

  open() {
    this.root.showModal();
    this.field.select();
    this.find();
  }

  /** More of the file was read. */
  grew({ total, all }) {
    Object.assign(this, { total, all });
    if (this.root.open && this.at === 0 && this.list.scrollTop === 0) this.find();
  }

  async find() {
    clearTimeout(this.due);
    this.typed = false;
    this.at = 0;
    await this.ask(0);
  }

  async further() {
    if (!this.loading && this.lines.length < this.found) await this.ask(this.lines.length);
  }

  async ask(offset) {
    const turn = ++this.turn;
    this.loading = true;
    try {
      const made = await get(`people?${new URLSearchParams({ find: this.field.value, offset })}`);
      if (turn !== this.turn) return;
      this.lines = offset ? [...this.lines, ...made.lines] : made.lines;
      Object.assign(this, { found: made.found, total: made.total, all: made.all });
      this.draw(offset);
    } catch (error) {
      if (turn === this.turn && !passing(error)) this.note.textContent = error.message;
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }

  draw(offset) {
    const rows = this.lines.slice(offset).map((line, index) =>
      h(
        "li",
        { role: "option", id: `person-${offset + index}`, on: { click: () => this.choose(offset + index) } },
        h("b", {}, line.number.toLocaleString("en")),
        h("code", {}, line.recipient),
        h("span", { dir: "auto" }, line.words),
      ),
    );
    if (offset) this.list.append(...rows);
    else {
      this.list.replaceChildren(...rows);
      this.list.scrollTop = 0;
    }
    const count = (number) => number.toLocaleString("en");
    const known = this.all ? `${count(this.total)} records` : `${count(this.total)} records read so far`;
    this.note.textContent = this.field.value.trim() ? `${count(this.found)} of ${known}` : known;
    this.mark();
  }

  mark() {
    for (const [index, row] of [...this.list.children].entries()) row.setAttribute("aria-selected", index === this.at);
    const row = this.list.children[this.at];
    this.field.setAttribute("aria-activedescendant", row?.id ?? "");
    row?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) {
      event.preventDefault();
      this.at = Math.min(Math.max(0, this.at + step), this.lines.length - 1);
      this.mark();
      if (this.at > this.lines.length - 10) this.further();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.choose(this.at);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.root.close();
    }
  }

  async choose(index) {
    if (this.typed) await this.find(); // Enter came before the list
    const line = this.lines[index];
    if (!line) return;
    this.root.close();
    this.onOpen(line.number);
  }
}
