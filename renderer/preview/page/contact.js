// The contact sheet: every record in small, filled as it comes into view, one after another.

import { passing, post } from "./api.js";
import { h, scrollbarWidth } from "./dom.js";
import { faultList } from "./faults.js";

const PHONE = 390;
const TALL = 700;

export class ContactSheet {
  constructor(root, { onOpen, site }) {
    this.root = root;
    this.onOpen = onOpen;
    this.site = site;
    this.tiles = new Map();
    this.waiting = [];
    this.running = false;
    this.turn = 0;
    this.made = null;
    this.seen = new IntersectionObserver((entries) => this.come(entries), { root, rootMargin: "300px" });
  }

  /** Tiles for these people with what was chosen; nothing is asked for before it is in view. */
  show(people, choice, revision) {
    const key = JSON.stringify([revision, choice, people.map((person) => person.number)]);
    if (key === this.made) return;
    this.made = key;
    this.turn += 1;
    this.waiting = [];
    this.choice = choice;
    this.seen.disconnect();
    for (const [number, tile] of this.tiles) if (!people.some((person) => person.number === number)) this.tiles.delete(number), tile.remove();
    const list = people.map((person) => {
      const tile = this.tiles.get(person.number) ?? this.tile(person);
      this.tiles.set(person.number, tile);
      tile.classList.add("old");
      return tile;
    });
    this.root.replaceChildren(...(list.length ? list : [h("p", { class: "empty" }, "There are no records to show.")]));
    for (const tile of list) this.seen.observe(tile);
  }

  tile(person) {
    const open = h("button", { type: "button", class: "tile-name", title: "Open this record", on: { click: () => this.onOpen(person.number) } }, person.label);
    return h(
      "article",
      { class: "tile old", "data-number": person.number, "aria-label": person.label },
      h("header", {}, open, h("span", { class: "tile-notes" })),
      h("div", { class: "tile-body" }, h("p", { class: "empty" }, "Waiting")),
    );
  }

  come(entries) {
    for (const entry of entries) {
      const number = Number(entry.target.dataset.number);
      this.waiting = this.waiting.filter((one) => one !== number);
      if (entry.isIntersecting && entry.target.classList.contains("old")) this.waiting.push(number);
    }
    this.fill();
  }

  async fill() {
    if (this.running) return;
    this.running = true;
    while (this.waiting.length) {
      const turn = this.turn;
      const number = this.waiting.shift();
      const tile = this.tiles.get(number);
      tile.classList.add("busy");
      try {
        const made = await post("tile", { record: number, ...this.choice });
        if (turn === this.turn) this.draw(tile, made);
      } catch (error) {
        if (turn === this.turn && !passing(error)) this.draw(tile, { errors: error.list ?? [] });
      }
      tile.classList.remove("busy");
    }
    this.running = false;
  }

  draw(tile, made) {
    tile.classList.remove("old");
    tile.querySelector(".tile-notes").replaceChildren(
      ...[made.locale, ...(made.segments ?? [])].filter(Boolean).map((text) => h("span", { class: "tag" }, text)),
    );
    const label = tile.getAttribute("aria-label");
    const parts = [];
    if (made.suppressed) parts.push(h("p", { class: "empty" }, "Suppressed: ", h("code", {}, made.suppressed)));
    if (made.microsite) {
      const bar = scrollbarWidth();
      const frame = h("iframe", {
        title: `${label}, page`, sandbox: "", loading: "lazy", tabindex: "-1", referrerpolicy: "no-referrer",
        src: `${this.site()}${made.microsite.site}/index.html`, style: { width: `${PHONE + bar}px`, height: `${TALL}px` },
      });
      parts.push(h("div", { class: "tile-page" }, frame));
    }
    if (made.statement) parts.push(h("img", { class: "tile-paper", src: made.statement, alt: `${label}, first page of the statement` }));
    if (made.video)
      parts.push(
        h(
          "div",
          { class: "tile-stills" },
          made.video.map((still) =>
            h(
              "button",
              { type: "button", class: "still", title: `${still.scene}, frame ${still.frame}`, on: { click: () => this.onOpen(Number(tile.dataset.number), still.frame) } },
              h("img", { src: still.data, alt: `${label}, scene ${still.scene}` }),
              h("span", {}, still.scene),
            ),
          ),
        ),
      );
    tile.querySelector(".tile-body").replaceChildren(...faultList(made.errors ?? []), ...parts);
  }
}
