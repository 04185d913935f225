// The plan: facts and where each is placed, decisions and why, copy, the raw plan, and what is wrong.

import { $, bare, clock, copyText, h, said, save } from "./dom.js";
import { faultCard } from "./faults.js";

const CHANNELS = { microsite: "page", statement: "PDF", video: "film" };
const KINDS = { suppression: "Suppression", segment: "Segments", offer: "Offers", scene: "Scenes", block: "Blocks" };
const SOON_MS = 40;

export class Inspector {
  constructor({ onFrame, onPanel }) {
    this.onFrame = onFrame;
    this.onPanel = onPanel;
    this.panel = "facts";
    this.plan = null;
    this.due = null;
    this.placed = {};
    this.problems = [];
    this.opened = new Set();
    this.filter = "";
    for (const tab of document.querySelectorAll("[data-panel]")) tab.addEventListener("click", () => this.show(tab.dataset.panel));
    $("filter").addEventListener("input", () => {
      this.filter = $("filter").value.trim().toLowerCase();
      this.draw();
    });
  }

  show(panel) {
    this.panel = panel;
    this.filter = "";
    $("filter").value = "";
    $("panel").scrollTop = 0;
    this.onPanel(panel);
    this.draw();
  }

  /** Take what came and draw soon: panes come one after another, and none should wait for this list. */
  set(changes) {
    Object.assign(this, changes);
    this.due ??= setTimeout(() => this.draw(), SOON_MS);
  }

  draw() {
    clearTimeout(this.due);
    this.due = null;
    for (const tab of document.querySelectorAll("[data-panel]")) {
      const on = tab.dataset.panel === this.panel;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
    }
    $("panel").setAttribute("aria-labelledby", `panel-${this.panel}`);
    $("inspector-find").hidden = this.panel === "json" || this.panel === "problems";
    const scrolled = $("panel").scrollTop;
    const content = this.panel === "problems" ? this.drawProblems() : this.plan ? this[`draw_${this.panel}`]() : [h("p", { class: "empty" }, "No plan yet.")];
    $("panel").replaceChildren(...content);
    $("panel").scrollTop = scrolled;
  }

  matches(...texts) {
    return !this.filter || texts.some((text) => text && text.toLowerCase().includes(this.filter));
  }

  // ---------------------------------------------------------------- facts

  draw_facts() {
    const facts = Object.values(this.plan.facts).filter((fact) => this.matches(fact.id, bare(fact.text), fact.kind));
    const absent = this.absentFacts().filter((name) => this.matches(name));
    return [
      h("ul", { class: "rows" }, facts.map((fact) => this.fact(fact))),
      absent.length > 0 && h("p", { class: "aside" }, "Absent here: ", absent.map((name) => h("code", {}, name))),
      facts.length + absent.length === 0 && h("p", { class: "empty" }, "No fact of that name."),
    ].filter(Boolean);
  }

  absentFacts() {
    const named = (this.template?.written ?? []).filter((one) => one.what === "fact").map((one) => one.name);
    return [...new Set(named)].filter((name) => !(name in this.plan.facts)).sort();
  }

  fact(fact) {
    const text = fact.kind === "series" ? `${fact.value.points.length} points` : fact.kind === "table" ? `${fact.value.rows.length} rows` : fact.kind === "image" ? "picture" : null;
    const messages = Object.values(this.plan.copy).filter((message) => message.facts.includes(fact.id)).map((message) => message.id);
    const value = h("span", { class: "value", dir: "auto" }, text ? h("em", {}, text) : said(fact.text));
    const meta = h("span", { class: "meta" }, fact.kind, h("span", { class: `label ${fact.sensitivity}` }, fact.sensitivity));
    return this.row(fact.id, { "data-fact": fact.id }, [value], [meta, this.chips("fact", fact.id, messages)], () => this.factDetail(fact, messages));
  }

  /** A row that opens: a button with the name, what stands beside it, and the detail below. */
  row(name, props, within, beside, detail, key = name) {
    const open = this.opened.has(key);
    const toggle = () => {
      this.opened[open ? "delete" : "add"](key);
      this.draw();
      document.getElementById(`row-${key}`)?.focus();
    };
    return h(
      "li",
      { class: "row", "data-open": open, ...props },
      h("button", { type: "button", class: "row-head", id: `row-${key}`, "aria-expanded": String(open), on: { click: toggle } }, h("code", { class: "name" }, name), within),
      h("div", { class: "row-line" }, beside),
      open && detail(),
    );
  }

  factDetail(fact, messages) {
    const value = typeof fact.value === "object" && fact.value !== null ? null : fact.value;
    const rows = [];
    const add = (name, content) => content && rows.push(h("dt", {}, name), h("dd", {}, content));
    add("Value", value !== null && value !== undefined ? h("code", {}, value) : fact.value?.amount !== undefined ? h("code", {}, `${fact.value.amount} ${fact.value.currency ?? fact.value.unit}`) : null);
    add("Spoken", fact.spoken && bare(fact.spoken) !== bare(fact.text) ? bare(fact.spoken) : null);
    add("Ratio", fact.ratio && h("code", {}, fact.ratio));
    add("Steps", fact.steps.length ? `${fact.steps.length}, from ${bare(fact.steps[0])}` : null);
    if (fact.kind === "series") add("Points", fact.value.points.map((point) => `${bare(point.x.text)} ${bare(point.y.text)}`).join(", "));
    if (fact.kind === "table") add("Rows", this.table(fact.value));
    add("In copy", messages.length ? messages.map((name) => h("code", { class: "path" }, name)) : null);
    add("Written", this.writtenList("fact", fact.id, messages));
    add("In the film", this.filmList("facts", fact.id));
    return h("dl", { class: "detail" }, rows);
  }

  table(value) {
    return h("div", { class: "mini-table" }, value.rows.slice(0, 40).map((row) => h("p", {}, value.columns.map((column) => h("span", {}, row[column] ? bare(row[column].text) : "")))));
  }

  /** A chip for each channel: solid where it is in this view, outlined where only the template names it. */
  chips(what, name, messages) {
    const key = what === "fact" ? "facts" : "copy";
    return h(
      "span",
      { class: "chips" },
      Object.entries(CHANNELS).map(([channel, title]) => {
        const places = channel === "video" ? this.placed.video?.[key]?.[name] : null;
        const said = channel === "video" && what === "fact" && !places ? this.captionOf(messages) : null;
        const there = channel === "video" ? Boolean(places ?? said) : this.placed[channel]?.[key]?.includes(name);
        const named = this.written(what, name, messages).some((one) => one.channel === channel);
        if (!there && !named) return null;
        if (channel === "video" && there) {
          const first = (places ?? said)[0];
          const at = Math.floor((first.first + first.end) / 2);
          return h(
            "button",
            { type: "button", class: "chip on", title: `Show it: frame ${at}, scene ${first.scene ?? "caption"}`, on: { click: () => this.onFrame(at) } },
            `${title} ${clock(first.first, this.fps ?? [25, 1])}`,
          );
        }
        return h("span", { class: there ? "chip on" : "chip", title: there ? `On the ${title} of this view` : `The template names it for the ${title}, but not in this view` }, title);
      }),
    );
  }

  captionOf(messages) {
    const copy = this.placed.video?.copy ?? {};
    return messages.map((name) => copy[name]).find(Boolean) ?? null;
  }

  written(what, name, messages) {
    return (this.template?.written ?? []).filter((one) => (one.what === what && one.name === name) || (what === "fact" && one.what === "copy" && messages.includes(one.name)));
  }

  writtenList(what, name, messages) {
    const places = this.written(what, name, messages);
    if (!places.length) return null;
    const files = new Map();
    for (const one of places) {
      const by = one.what === "copy" && what === "fact" ? one.name : "";
      const key = `${one.file} ${by}`;
      files.set(key, { file: one.file, by, lines: [...(files.get(key)?.lines ?? []), one.line] });
    }
    return h(
      "ul",
      { class: "places" },
      [...files.values()].map(({ file, by, lines }) => h("li", {}, h("code", {}, `${file}:${[...new Set(lines)].join(", ")}`), by && h("small", {}, ` by ${by}`))),
    );
  }

  filmList(key, name) {
    const places = this.placed.video?.[key]?.[name];
    if (!places) return null;
    return h(
      "ul",
      { class: "places" },
      places.map((one) =>
        h("li", {}, h("button", { type: "button", class: "plain small", on: { click: () => this.onFrame(Math.floor((one.first + one.end) / 2)) } }, `${one.first} to ${one.end - 1}`), " ", one.scene ? `${one.scene}, ${one.layer}` : "caption"),
      ),
    );
  }

  // ---------------------------------------------------------------- decisions

  draw_decisions() {
    const groups = Object.entries(KINDS).map(([kind, title]) => {
      const list = this.plan.decisions.filter((one) => one.kind === kind && this.matches(one.id, ...one.chosen, ...one.candidates.map((candidate) => candidate.id)));
      if (!list.length) return null;
      return h("section", { class: "decided" }, h("h3", {}, title), list.map((one) => this.decision(one)));
    });
    const shown = groups.filter(Boolean);
    return shown.length ? shown : [h("p", { class: "empty" }, "No decision of that name.")];
  }

  decision(one) {
    const result = one.chosen.join(", ");
    return h(
      "article",
      { class: one.chosen.length ? "decision yes" : "decision" },
      h(
        "p",
        { class: "decision-head" },
        h("code", { class: "name" }, one.id),
        result !== one.id && h("span", { class: "result" }, result ? result : "nothing"),
        one.fallback && h("span", { class: "tag" }, "default"),
      ),
      h(
        "ol",
        {},
        one.candidates.map((candidate) =>
          h(
            "li",
            { class: candidate.eligible ? "eligible" : "" },
            h("p", {}, h("span", { class: "tick", role: "img", "aria-label": candidate.eligible ? "eligible" : "not eligible" }, candidate.eligible ? "✓" : "·"), candidate.id !== one.id && h("code", { class: one.chosen.includes(candidate.id) ? "won" : "" }, candidate.id), h("span", { class: "reason" }, candidate.reason)),
          ),
        ),
      ),
    );
  }

  // ---------------------------------------------------------------- copy and plan

  draw_copy() {
    const list = Object.values(this.plan.copy).filter((message) => this.matches(message.id, bare(message.text)));
    if (!list.length) return [h("p", { class: "empty" }, "No sentence with that.")];
    return [
      h(
        "ul",
        { class: "rows" },
        list.map((message) =>
          this.row(
            message.id,
            { class: "row copy-row" },
            [h("span", { class: "value", dir: "auto", lang: this.plan.locale }, said(message.text))],
            [this.chips("copy", message.id, [])],
            () => this.copyDetail(message),
            `copy-${message.id}`,
          ),
        ),
      ),
    ];
  }

  copyDetail(message) {
    const rows = [];
    const add = (name, content) => content && rows.push(h("dt", {}, name), h("dd", {}, content));
    add("Facts", message.facts.length ? message.facts.map((name) => h("code", { class: "path" }, name)) : "none");
    add("Label", message.sensitivity);
    add("Written", this.writtenList("copy", message.id, []));
    add("In the film", this.filmList("copy", message.id));
    return h("dl", { class: "detail" }, rows);
  }

  draw_json() {
    const text = JSON.stringify(this.plan, null, 2);
    return [
      h(
        "div",
        { class: "json-head" },
        h("code", { title: "The plan's digest" }, this.digest?.slice(0, 16)),
        h("span", { class: "end" }, h("button", { type: "button", class: "plain", on: { click: (event) => copyText(text, event.target) } }, "Copy"), h("button", { type: "button", class: "plain", on: { click: () => save("plan.json", this.planText) } }, "Download")),
      ),
      h("pre", { class: "json", tabindex: "0", "aria-label": "The plan as JSON" }, text),
    ];
  }

  // ---------------------------------------------------------------- problems

  drawProblems() {
    if (!this.problems.length) return [h("p", { class: "empty good" }, "Nothing to complain about.")];
    const groups = new Map();
    for (const problem of this.problems) groups.set(problem.where, [...(groups.get(problem.where) ?? []), problem]);
    return [...groups].map(([where, list]) =>
      h("section", { class: "decided" }, h("h3", {}, where), list.map((problem) => {
        const card = faultCard(problem, problem.severe ? "error" : "notice");
        if (problem.frame !== undefined) card.append(h("button", { type: "button", class: "plain small", on: { click: () => this.onFrame(problem.frame) } }, `Show frame ${problem.frame}`));
        return card;
      })),
    );
  }
}
