// The studio: one choice (record, locale, date, format), one view of it, and every pane that follows.

import { Faults, get, passing, post } from "./api.js";
import { ContactSheet } from "./contact.js";
import { $, h, save } from "./dom.js";
import { faultList } from "./faults.js";
import { FilmPane } from "./film.js";
import { Form } from "./form.js";
import { Inspector } from "./inspector.js";
import { listen } from "./keys.js";
import { PagePane, PaperPane } from "./panes.js";
import { Finder } from "./finder.js";

const TABS = ["overview", "page", "paper", "film", "sheet"];
const SHOWN = { overview: ["video", "microsite", "statement"], page: ["microsite"], paper: ["statement"], film: ["video"], sheet: [] };
const CHANNELS = ["video", "microsite", "statement"];
const PAUSE_MS = 220;

const choice = { record: 1, locale: null, asOf: null, format: null, tab: "overview", panel: "facts", frame: null };
const studio = { site: "", template: null, people: [], more: false, revision: 0 };
const shown = { view: null, plan: null, sheet: null, original: null, text: "", edited: false, problems: new Map() };
let turn = new AbortController();
let typing = 0;

const film = new FilmPane($("film"), { onFrame: (frame) => { choice.frame = frame; remember(); } });
const page = new PagePane($("page"), studio);
const paper = new PaperPane($("paper"));
const panes = { video: film, microsite: page, statement: paper };
const inspector = new Inspector({ onFrame: showFrame, onPanel: (panel) => { choice.panel = panel; remember(); } });
const form = new Form($("form"), { onChange: edit, imageAddress: (digest) => `api/view/${shown.view}/image/${digest}` });
const people = new Finder({ onOpen: (number) => openRecord(number) });
const contact = new ContactSheet($("sheet"), { onOpen: openRecord, site: () => studio.site });

// ---------------------------------------------------------------- following

/** The template and its records, as they were last saved; then the view. */
async function reload() {
  status("busy", "Reading the template");
  const began = performance.now();
  try {
    const state = await get("state");
    studio.site = state.site;
    studio.revision = state.revision;
    if (state.errors.length) return templateFaults(state.errors);
    studio.template = state.template;
    studio.people = state.people;
    studio.more = state.more;
    controls();
    await open(began);
    lint();
  } catch (error) {
    if (!passing(error)) templateFaults(error.list ?? [{ code: "bug", message: String(error), lines: [] }]);
  }
}

/** A view of what is chosen, and every pane after it. The visible ones come first. */
async function open(began = performance.now()) {
  turn.abort();
  turn = new AbortController();
  const { signal } = turn;
  status("busy", "Planning");
  remember();
  let made;
  try {
    made = await post("view", { ...chosen(), record: choice.record, sheet: shown.edited ? JSON.stringify(form.sheet) : null, base: shown.view }, signal);
  } catch (error) {
    if (passing(error)) return;
    return viewFaults(error.list ?? [{ code: "bug", message: String(error), lines: [] }]);
  }
  const plan = JSON.parse(made.plan_json);
  const sheet = JSON.parse(made.sheet);
  Object.assign(shown, { view: made.view, plan, sheet, text: made.record_text });
  shown.problems.clear();
  fault([]);
  pick(made.recipient);
  inspector.set({ plan, planText: made.plan_json, digest: made.digest, template: studio.template, placed: {}, fps: null });
  const there = plan.suppression === null;
  const visible = there ? SHOWN[choice.tab] : [];
  const first = visible.map((channel) => show(channel, made.view, signal)); // asked for now, drawn once it is made
  filled(plan, sheet);
  if (!there) {
    film.none();
    for (const pane of Object.values(panes)) pane.absent(h("span", {}, "Suppressed by the rules: ", h("code", {}, plan.suppression)));
    return status("good", "Suppressed");
  }
  await Promise.all(first);
  if (!signal.aborted) status("good", `Up to date in ${((performance.now() - began) / 1000).toFixed(2)} s`);
  for (const channel of CHANNELS.filter((one) => !visible.includes(one))) if (!signal.aborted) await show(channel, made.view, signal);
}

/** The form and the controls as this plan has them. */
function filled(plan, sheet) {
  form.sound();
  if (shown.edited) form.adopt(sheet);
  else {
    shown.original = sheet;
    form.show(studio.template.schema, structuredClone(sheet), sheet, plan.as_of);
  }
  edited();
  told();
  $("as-of").value = plan.as_of;
  $("locale").options[0].textContent = `Auto (${plan.locale})`;
  fillContact();
}

async function show(channel, view, signal) {
  if (!studio.template.channels.includes(channel)) return void panes[channel].absent("The template makes no such channel.");
  try {
    if (channel === "video") {
      film.busy(true);
      const made = await get(`view/${view}/film`, signal);
      put("video", made.placed, made.fits.map((fit) => ({ code: "film.fit", message: `The text of layer '${fit.layer}' was changed to fit: ${fit.change}.`, scene: fit.scene, frame: fit.frame })));
      inspector.set({ fps: made.fps });
      await film.show(view, made, choice.frame ?? made.poster_frame ?? 0);
    } else if (channel === "microsite") {
      const made = await page.show(view, signal);
      put(channel, made.placed, made.warnings);
    } else {
      const made = await paper.show(view, signal);
      put(channel, made.placed, made.warnings);
      const known = page.made?.paper_bytes ?? made.bytes;
      if (Math.round(known / 1024) !== Math.round(made.bytes / 1024)) await page.show(view, signal);
    }
  } catch (error) {
    if (passing(error)) return;
    const list = error.list ?? [{ code: "bug", message: String(error), lines: [] }];
    panes[channel].broken(list);
    shown.problems.set(channel, list.map((one) => ({ ...one, severe: true })));
    told();
  } finally {
    if (channel === "video") film.busy(false);
  }
}

function put(channel, placed, warnings) {
  inspector.set({ placed: { ...inspector.placed, [channel]: placed } });
  shown.problems.set(channel, warnings);
  told();
}

async function lint() {
  const revision = studio.revision;
  try {
    const found = await get("lint");
    if (revision === studio.revision) shown.lint = found;
    told();
  } catch (error) {
    if (!passing(error)) shown.lint = [];
  }
}

// ---------------------------------------------------------------- what is wrong

function templateFaults(list) {
  turn.abort();
  fault(list, "The template cannot be read");
  shown.problems = new Map([["template", list.map((one) => ({ ...one, severe: true }))]]);
  shown.lint = [];
  told();
  status("bad", "Waiting for the file to be mended");
}

function viewFaults(list) {
  const rest = shown.edited || form.sheet ? form.broken(list) : list;
  fault(rest.length ? rest : list, shown.edited ? "The profile's values do not pass" : "This record cannot be planned");
  shown.problems = new Map([["profile", list.map((one) => ({ ...one, severe: true }))]]);
  told();
  status("bad", `${list.length} ${list.length === 1 ? "error" : "errors"}`);
}

/** Faults above the canvas; what was good last stays below, dimmed. */
function fault(list, title = "") {
  $("fault").hidden = list.length === 0;
  document.body.classList.toggle("faulty", list.length > 0);
  $("fault").replaceChildren(...(list.length ? [h("h2", {}, title), ...faultList(list)] : []));
}

function told() {
  const names = { template: "Template", profile: "Profile", video: "Film", microsite: "Page", statement: "Statement" };
  const list = [...shown.problems].flatMap(([where, problems]) => problems.map((one) => ({ ...one, where: names[where] })));
  list.push(...(shown.lint ?? []).map((one) => ({ ...one, where: "Template" })));
  list.sort((one, other) => Number(other.severe ?? false) - Number(one.severe ?? false));
  const severe = list.filter((one) => one.severe).length;
  const button = $("problems-button");
  button.textContent = severe ? `${severe} ${severe === 1 ? "error" : "errors"}` : list.length ? `${list.length} ${list.length === 1 ? "notice" : "notices"}` : "No problems";
  button.className = severe ? "chip bad" : list.length ? "chip warn" : "chip";
  $("problem-count").hidden = list.length === 0;
  $("problem-count").textContent = list.length;
  $("problem-count").className = severe ? "bad" : "";
  inspector.set({ problems: list });
}

function status(state, text) {
  $("status").dataset.state = state;
  $("status").lastChild.textContent = text;
  document.body.classList.toggle("working", state === "busy");
}

// ---------------------------------------------------------------- choosing

const chosen = () => ({ locale: choice.locale, as_of: choice.asOf, format: choice.format });

function controls() {
  const { template, people } = studio;
  document.title = `${template.title}, Dearly preview`;
  $("title").textContent = template.title;
  if (!studio.more && !people.some((person) => person.number === choice.record) && people.length) choice.record = people[0].number;
  $("record").replaceChildren(...people.map((person) => h("option", { value: person.number }, person.errors.length ? `${person.label} (broken)` : person.label)));
  pick();
  if (!template.locales.includes(choice.locale)) choice.locale = null;
  $("locale").replaceChildren(h("option", { value: "" }, "Auto"), ...template.locales.map((locale) => h("option", { value: locale }, named(locale))));
  $("locale").value = choice.locale ?? "";
  const formats = template.formats;
  if (!formats.some((one) => one.id === choice.format)) choice.format = null;
  $("format").replaceChildren(...formats.map((one) => h("option", { value: one.id }, `${one.id}  ${one.width} × ${one.height}`)));
  $("format").value = choice.format ?? formats[0]?.id ?? "";
  $("format").disabled = formats.length < 2;
  for (const [tab, channel] of [["page", "microsite"], ["paper", "statement"], ["film", "video"]]) $(`tab-${tab}`).hidden = !template.channels.includes(channel);
}

/** Show which record it is. Of a long file, a button that finds any takes the place of the list. */
function pick(recipient = "") {
  const { more } = studio;
  $("record").hidden = more;
  $("find-record").hidden = !more;
  if (!more) return void ($("record").value = choice.record);
  const known = recipient || studio.people.find((person) => person.number === choice.record)?.recipient;
  $("find-record").replaceChildren(h("b", {}, choice.record.toLocaleString("en")), h("span", { dir: "auto" }, known ?? ""));
}

function named(locale) {
  try {
    return `${new Intl.DisplayNames("en", { type: "language" }).of(locale)} (${locale})`;
  } catch {
    return locale;
  }
}

function record(step) {
  if (studio.more) {
    const last = people.all ? people.total : Infinity;
    return void openRecord(Math.min(Math.max(1, choice.record + step), last));
  }
  const numbers = studio.people.map((person) => person.number);
  const at = numbers.indexOf(choice.record);
  const next = numbers[(at + step + numbers.length) % numbers.length];
  if (next !== undefined) openRecord(next);
}

function openRecord(number, frame) {
  choice.record = number;
  if (frame !== undefined) choice.frame = frame;
  pick();
  forget();
  if (choice.tab === "sheet") tab(frame === undefined ? "overview" : "film", false);
  open();
}

function forget() {
  if (shown.of !== choice.record) for (const pane of Object.values(panes)) pane.outlived();
  shown.of = choice.record;
  shown.edited = false;
  clearTimeout(typing);
}

function edit() {
  shown.edited = true;
  edited();
  clearTimeout(typing);
  typing = setTimeout(() => open(), PAUSE_MS);
}

function edited() {
  $("edited").hidden = !shown.edited;
  $("reset").disabled = !shown.edited;
}

function reset() {
  if (!shown.edited) return;
  forget();
  open();
}

function tab(name, follow = true) {
  if ($(`tab-${name}`)?.hidden) return;
  choice.tab = name;
  document.body.dataset.tab = name;
  for (const one of document.querySelectorAll("[data-tab][role=tab]")) {
    const on = one.dataset.tab === name;
    one.setAttribute("aria-selected", on);
    one.tabIndex = on ? 0 : -1;
  }
  $("stage").setAttribute("aria-labelledby", `tab-${name}`);
  page.layout();
  fillContact();
  if (follow) remember();
}

function fillContact() {
  if (choice.tab === "sheet" && studio.template) contact.show(studio.people, chosen(), studio.revision);
}

function showFrame(frame) {
  if (choice.tab !== "film" && choice.tab !== "overview") tab("film");
  film.seek(frame);
}

function panel(side, on) {
  const narrow = window.matchMedia("(max-width: 1180px)").matches;
  const other = side === "form" ? "inspector" : "form";
  const want = on ?? document.body.classList.contains(`no-${side}`);
  document.body.classList.toggle(`no-${side}`, !want);
  if (want && narrow) document.body.classList.add(`no-${other}`);
  for (const one of ["form", "inspector"]) $(`${one}-toggle`).setAttribute("aria-pressed", !document.body.classList.contains(`no-${one}`));
}

function theme(next) {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  const value = next ?? (dark ? "light" : "dark");
  document.documentElement.dataset.theme = value;
  localStorage.setItem("dearly-theme", value);
}

// ---------------------------------------------------------------- the address

function remember() {
  const parts = new URLSearchParams();
  parts.set("record", choice.record);
  if (choice.locale) parts.set("locale", choice.locale);
  if (choice.asOf) parts.set("as-of", choice.asOf);
  if (choice.format) parts.set("format", choice.format);
  parts.set("tab", choice.tab);
  if (choice.panel !== "facts") parts.set("panel", choice.panel);
  if (choice.frame !== null) parts.set("frame", choice.frame);
  clearTimeout(remember.timer);
  remember.timer = setTimeout(() => history.replaceState(null, "", `#${parts}`), 80);
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  choice.record = Number.parseInt(parts.get("record"), 10) || 1;
  choice.locale = parts.get("locale");
  choice.asOf = /^\d{4}-\d{2}-\d{2}$/.test(parts.get("as-of") ?? "") ? parts.get("as-of") : null;
  choice.format = parts.get("format");
  choice.frame = parts.has("frame") ? Math.max(0, Number.parseInt(parts.get("frame"), 10) || 0) : null;
  choice.panel = document.querySelector(`[data-panel="${CSS.escape(parts.get("panel") ?? "facts")}"]`)?.dataset.panel ?? "facts";
  tab(TABS.includes(parts.get("tab")) ? parts.get("tab") : "overview", false);
  inspector.show(choice.panel);
}

// ---------------------------------------------------------------- start

function cycle(select) {
  if (select.disabled || select.options.length < 2) return false;
  select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  select.dispatchEvent(new Event("change"));
  return true;
}

function wire() {
  for (const one of document.querySelectorAll("[data-tab][role=tab]")) one.addEventListener("click", () => tab(one.dataset.tab));
  $("previous").addEventListener("click", () => record(-1));
  $("next").addEventListener("click", () => record(1));
  $("record").addEventListener("change", () => openRecord(Number($("record").value)));
  $("locale").addEventListener("change", () => { choice.locale = $("locale").value || null; open(); });
  $("as-of").addEventListener("change", () => { choice.asOf = $("as-of").value || null; open(); });
  $("format").addEventListener("change", () => { choice.format = $("format").value || null; open(); });
  $("reset").addEventListener("click", reset);
  $("download").addEventListener("click", () => save("profile.json", shown.text));
  $("field-filter").addEventListener("input", () => form.find($("field-filter").value));
  $("theme").addEventListener("click", () => theme());
  $("problems-button").addEventListener("click", problems);
  $("form-toggle").addEventListener("click", () => panel("form"));
  $("inspector-toggle").addEventListener("click", () => panel("inspector"));
  window.addEventListener("hashchange", () => { recall(); pick(); forget(); open(); });
  const step = (by) => () => (film.visible ? film.seek(film.frame + by) : false);
  const second = () => (film.film ? Math.round(film.film.fps[0] / film.film.fps[1]) : 25);
  listen({
    ...Object.fromEntries(TABS.map((name, index) => [String(index + 1), () => tab(name)])),
    "[": () => record(-1), "]": () => record(1), k: () => record(-1), j: () => record(1),
    l: () => cycle($("locale")), f: () => cycle($("format")), r: reset,
    " ": () => (film.visible ? film.toggle() : false),
    ArrowLeft: step(-1), ArrowRight: step(1),
    ShiftArrowLeft: () => step(-second())(), ShiftArrowRight: () => step(second())(),
    ",": () => (film.visible ? film.scene(-1) : false), ".": () => (film.visible ? film.scene(1) : false),
    Home: () => (film.visible ? film.seek(0) : false), End: () => (film.visible ? film.seek(film.film.frames - 1) : false),
    e: () => panel("form"), i: () => panel("inspector"), p: problems, t: () => theme(),
    "/": () => { panel("inspector", true); if ($("inspector-find").hidden) inspector.show("facts"); $("filter").focus(); },
    g: () => (studio.more ? people.open() : $("record").focus()),
    "?": () => $("help").showModal(),
  });
}

function problems() {
  panel("inspector", true);
  inspector.show("problems");
}

function events() {
  const source = new EventSource("events");
  source.addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    if (event.type === "draft") film.progress(event);
    else if (event.type === "people") people.grew(event);
    else if (event.revision !== studio.revision) reload();
  });
  let lost = false;
  source.addEventListener("error", () => {
    lost = true;
    status("bad", "The studio does not answer");
  });
  source.addEventListener("open", () => {
    if (lost) reload();
    lost = false;
  });
}

const kept = localStorage.getItem("dearly-theme");
if (kept === "dark" || kept === "light") theme(kept);
if (window.matchMedia("(max-width: 1180px)").matches) panel("form", false);
wire();
recall();
events();
