// The profile as a form, made from the contract. It changes a plain object ("sheet") in which numbers are text.

import { h } from "./dom.js";

const LONG = 160;
const MOST_BYTES = 5 * 2 ** 20; // of a picture, as for every profile

export const valueAt = (sheet, path) => path.reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), sheet);

function put(sheet, path, value) {
  const parent = valueAt(sheet, path.slice(0, -1));
  parent[path[path.length - 1]] = value;
}

/** A first value for a field that is switched on. */
export function blank(schema, asOf) {
  if (schema.default !== undefined && schema.type !== "object") return typeof schema.default === "number" ? String(schema.default) : schema.default;
  switch (schema.type) {
    case "object": {
      const made = {};
      for (const [key, part] of Object.entries(schema.properties)) {
        const wanted = (schema.required ?? []).includes(key) || part.default !== undefined;
        made[key] = wanted ? blank(part, asOf) : null;
      }
      return made;
    }
    case "array":
      return Array.from({ length: schema.minItems ?? 0 }, () => blank(schema.items, asOf));
    case "boolean":
      return false;
    case "number":
    case "integer":
      return String(Math.min(Math.max(0, schema.minimum ?? 0), schema.maximum ?? Infinity));
    default:
      if (schema.enum) return schema.enum[0];
      if (schema.format === "image") return standIn();
      return schema.format === "date" ? asOf : (schema.minLength ?? 0) > 0 ? "Text".padEnd(schema.minLength, "x").slice(0, schema.maxLength ?? 99) : "";
  }
}

/** An item of a list in a line. */
const brief = (item) => Object.values(item).filter((value) => typeof value === "string").slice(0, 3).join("  ");

/** A picture until one is chosen. */
function standIn() {
  const canvas = h("canvas", { width: 240, height: 240 });
  const paint = canvas.getContext("2d");
  paint.fillStyle = "#c9ced6";
  paint.fillRect(0, 0, 240, 240);
  paint.fillStyle = "#8b94a1";
  for (const [y, size] of [[96, 46], [240, 84]]) {
    paint.beginPath();
    paint.arc(120, y, size, 0, 7);
    paint.fill();
  }
  return canvas.toDataURL();
}

export class Form {
  constructor(root, { onChange, imageAddress }) {
    this.root = root;
    this.onChange = onChange;
    this.imageAddress = imageAddress;
    this.closed = new Set();
    this.opened = new Set();
    root.addEventListener("submit", (event) => event.preventDefault());
  }

  /** A sheet to edit, beside the one it started as. */
  show(schema, sheet, original, asOf) {
    Object.assign(this, { schema, sheet, original, asOf });
    this.build();
  }

  build() {
    const scrolled = this.root.scrollTop;
    const focused = this.root.contains(document.activeElement) ? document.activeElement.id : null;
    this.root.replaceChildren(...this.fields(this.schema, []));
    this.root.scrollTop = scrolled;
    if (focused) document.getElementById(focused)?.focus();
    this.mark();
    this.find(this.sought ?? "");
  }

  changed(path, value, rebuild = false) {
    put(this.sheet, path, value);
    if (rebuild) this.build();
    else this.mark();
    this.onChange();
  }

  /** Dots at what differs from the record. */
  mark() {
    for (const row of this.root.querySelectorAll("[data-path]")) {
      const path = row.dataset.path.split(".");
      const differs = JSON.stringify(valueAt(this.sheet, path) ?? null) !== JSON.stringify(valueAt(this.original, path) ?? null);
      row.classList.toggle("changed", differs);
    }
    for (const row of this.root.querySelectorAll("details.item")) row.querySelector(".brief").textContent = brief(valueAt(this.sheet, row.dataset.path.split(".")));
  }

  fields(schema, path) {
    return Object.entries(schema.properties).map(([key, part]) => this.field(key, part, [...path, key], (schema.required ?? []).includes(key)));
  }

  field(key, schema, path, required) {
    const value = valueAt(this.sheet, path);
    const optional = !required && schema.default === undefined;
    const there = value !== null && value !== undefined;
    if (schema.type === "object" || schema.type === "array") return this.group(key, schema, path, optional, there);
    const id = `field-${path.join("-")}`;
    const control = there ? this.control(schema, path, id, value) : h("span", { class: "absent" }, "absent");
    return h(
      "div",
      { class: "field", "data-path": path.join("."), title: schema.description },
      h("label", { for: there ? id : null }, key),
      h("div", { class: "control" }, control, optional && this.toggle(key, schema, path, there)),
    );
  }

  toggle(key, schema, path, there) {
    return h("input", {
      type: "checkbox",
      role: "switch",
      class: "switch",
      checked: there,
      id: `given-${path.join("-")}`,
      "aria-label": `${key} is given`,
      title: there ? "Leave it out" : "Give it",
      on: { change: (event) => this.changed(path, event.target.checked ? (valueAt(this.original, path) ?? blank(schema, this.asOf)) : null, true) },
    });
  }

  group(key, schema, path, optional, there) {
    const name = path.join(".");
    const list = schema.type === "array";
    const items = list && there ? valueAt(this.sheet, path) : null;
    const open = list || path.length > 2 ? this.opened.has(name) : !this.closed.has(name);
    const remember = (event) => {
      if (event.target !== event.currentTarget) return;
      const on = event.target.open;
      this.closed[on ? "delete" : "add"](name);
      this.opened[on ? "add" : "delete"](name);
    };
    const box = h(
      "details",
      { class: `group depth-${Math.min(path.length, 3)}`, "data-path": name, open: open && there, on: { toggle: remember } },
      h(
        "summary",
        { title: schema.description },
        h("span", {}, key),
        list && there && h("small", {}, items.length),
        !there && h("span", { class: "absent" }, "absent"),
      ),
      there && (list ? this.items(key, schema, path, items) : h("div", { class: "fields" }, this.fields(schema, path))),
    );
    return optional ? h("div", { class: "group-box" }, box, this.toggle(key, schema, path, there)) : box;
  }

  items(key, schema, path, items) {
    const replace = (list, at, by) => {
      this.shift(path.join("."), at, by);
      this.changed(path, list, true);
    };
    const object = schema.items.type === "object";
    const rows = items.map((item, index) => {
      const at = [...path, index];
      const tools = h(
        "span",
        { class: "item-tools" },
        h("button", { type: "button", class: "plain small", "aria-label": `Copy item ${index + 1} of ${key}`, on: { click: () => replace(items.toSpliced(index + 1, 0, structuredClone(item)), index + 1, 1) } }, "Copy"),
        h("button", { type: "button", class: "plain small", "aria-label": `Remove item ${index + 1} of ${key}`, on: { click: () => replace(items.toSpliced(index, 1), index, -1) } }, "Remove"),
      );
      if (!object) {
        const id = `field-${at.join("-")}`;
        return h("div", { class: "field", "data-path": at.join(".") }, h("label", { for: id }, index + 1), h("div", { class: "control" }, this.control(schema.items, at, id, item), tools));
      }
      const name = at.join(".");
      return h(
        "details",
        { class: "group item", id: `item-${at.join("-")}`, "data-path": name, open: this.opened.has(name), on: { toggle: (event) => event.target === event.currentTarget && this.opened[event.target.open ? "add" : "delete"](name) } },
        h("summary", {}, h("small", {}, index + 1), h("span", { class: "brief" })),
        h("div", { class: "fields" }, this.fields(schema.items, at), tools),
      );
    });
    const full = schema.maxItems !== undefined && items.length >= schema.maxItems;
    const add = h(
      "button",
      { type: "button", class: "plain add", disabled: full, on: { click: () => {
        replace([...items, blank(schema.items, this.asOf)], items.length, 1);
        document.getElementById(`item-${[...path, items.length].join("-")}`)?.querySelector("input, select, textarea")?.focus();
      } } },
      `Add to ${key}`,
    );
    return h("div", { class: "fields" }, rows, add);
  }

  /** Which items stand open, when one comes (it stands open too) or goes: the others keep their state. */
  shift(name, at, by) {
    const moved = new Set();
    for (const one of this.opened) {
      const rest = one.startsWith(`${name}.`) ? one.slice(name.length + 1).split(".") : null;
      const index = rest ? Number(rest[0]) : -1;
      if (!rest || index < at) moved.add(one);
      else if (by > 0 || index > at) moved.add([name, index + by, ...rest.slice(1)].join("."));
    }
    if (by > 0) moved.add(`${name}.${at}`);
    this.opened = moved;
  }

  control(schema, path, id, value) {
    const change = (event) => this.changed(path, event.target.value);
    if (schema.enum) {
      return h("select", { id, on: { change } }, schema.enum.map((one) => h("option", { value: one, selected: String(one) === String(value) }, one)));
    }
    switch (schema.type) {
      case "boolean":
        return h("input", { id, type: "checkbox", checked: value === true, on: { change: (event) => this.changed(path, event.target.checked) } });
      case "number":
      case "integer":
        return h("input", { id, inputmode: "decimal", class: "figure", value, on: { input: change, keydown: (event) => this.nudge(event, schema, path) } });
      default:
        if (schema.format === "date") return h("input", { id, type: "date", value, on: { change } });
        if (schema.format === "image") return this.picture(id, path, value);
        if ((schema.maxLength ?? LONG + 1) > LONG) return h("textarea", { id, rows: 2, dir: "auto", on: { input: change } }, value);
        return h("input", { id, type: "text", dir: "auto", value, spellcheck: "false", on: { input: change } });
    }
  }

  /** Arrow keys change a number by one, with shift by ten. */
  nudge(event, schema, path) {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const number = Number(event.target.value);
    if (!step || !event.target.value || Number.isNaN(number)) return;
    event.preventDefault();
    const decimals = (event.target.value.split(".")[1] ?? "").length;
    const next = number + step * (event.shiftKey ? 10 : 1);
    event.target.value = next.toFixed(decimals);
    this.changed(path, event.target.value);
  }

  picture(id, path, value) {
    const shown = value.startsWith("image:") ? this.imageAddress(value.slice(6)) : value.startsWith("data:image/") ? value : null;
    const choose = (event) => {
      const file = event.target.files[0];
      if (!file) return;
      if (file.size > MOST_BYTES) return void this.broken([{ field: path.join("."), message: "The image is larger than 5 MB.", hint: "Choose a smaller picture." }]);
      const reader = new FileReader();
      reader.addEventListener("load", () => this.changed(path, reader.result, true));
      reader.readAsDataURL(file);
    };
    return h("span", { class: "picture" }, shown && h("img", { src: shown, alt: "" }), h("input", { id, type: "file", accept: "image/png,image/jpeg,image/webp", on: { change: choose } }));
  }

  /** Pictures that were taken in are named by their digest from now on. */
  adopt(made) {
    const walk = (mine, theirs) => {
      for (const key of Object.keys(mine ?? {})) {
        const [one, other] = [mine[key], theirs?.[key]];
        if (typeof one === "string" && one.startsWith("data:image/") && typeof other === "string" && other.startsWith("image:")) mine[key] = other;
        else if (one && typeof one === "object") walk(one, other);
      }
    };
    walk(this.sheet, made);
  }

  sound() {
    for (const message of this.root.querySelectorAll(".field-fault")) message.remove();
    for (const control of this.root.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
  }

  /** Faults at their fields; gives those that belong to none. */
  broken(faults) {
    this.sound();
    return faults.filter((fault) => {
      let path = (fault.field ?? "").split(".");
      let row = null;
      while (path.length && path[0] && !row) {
        row = this.root.querySelector(`[data-path="${CSS.escape(path.join("."))}"]`);
        path = path.slice(0, -1);
      }
      if (!row) return true;
      const id = `fault-${row.dataset.path.replaceAll(".", "-")}`;
      const message = h("p", { class: "field-fault", id }, fault.message, fault.hint ? ` ${fault.hint}` : "");
      (row.tagName === "DETAILS" ? row.firstChild : row).after(message);
      const control = row.tagName === "DETAILS" ? null : row.querySelector("input:not(.switch), select, textarea");
      control?.setAttribute("aria-invalid", "true");
      control?.setAttribute("aria-describedby", id);
      for (let around = row; around && around !== this.root; around = around.parentElement) if (around.tagName === "DETAILS") around.open = true;
      return false;
    });
  }

  /** Only fields whose name holds the text. */
  find(text) {
    this.sought = text;
    const wanted = text.trim().toLowerCase();
    this.root.classList.toggle("finding", wanted !== "");
    for (const row of this.root.querySelectorAll(".field")) row.hidden = wanted !== "" && !row.dataset.path.toLowerCase().includes(wanted);
    for (const group of [...this.root.querySelectorAll(".group")].reverse()) {
      const within = [...group.querySelectorAll(".field, .group")].some((row) => !row.hidden);
      group.hidden = wanted !== "" && !within && !group.dataset.path.toLowerCase().includes(wanted);
      if (group.parentElement.classList.contains("group-box")) group.parentElement.hidden = group.hidden;
      if (wanted && within) group.open = true;
    }
  }
}
