// Elements without markup: nothing here, or anywhere in the studio, turns text into HTML.

const ISOLATES = /[\u2066-\u2069]/g;

/** An element. `props`: attributes; `on`: listeners; `style`: custom properties; true and false set or leave out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  set(element, props);
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "style") for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

const SVG = "http://www.w3.org/2000/svg";

/** A line drawing of 16 by 16. */
export function icon(path, props = {}) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  for (const [name, value] of Object.entries(props)) svg.setAttribute(name, value);
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const $ = (id) => document.getElementById(id);

/** Text with its isolates as <bdi>, as pages print it. */
export function said(text) {
  const parts = [];
  let depth = [parts];
  for (const piece of text.split(/([\u2068\u2069])/)) {
    if (piece === "\u2068") {
      const inner = [];
      depth[depth.length - 1].push({ inner });
      depth.push(inner);
    } else if (piece === "\u2069") {
      if (depth.length > 1) depth.pop();
    } else if (piece) depth[depth.length - 1].push(piece.replace(ISOLATES, ""));
  }
  const build = (list) => list.map((part) => (typeof part === "string" ? part : h("bdi", {}, build(part.inner))));
  return build(parts);
}

export const bare = (text) => text.replace(ISOLATES, "");

export function clock(frame, [num, den], frames = false) {
  const seconds = (frame * den) / num;
  const minutes = Math.floor(seconds / 60);
  const rest = seconds - minutes * 60;
  return frames ? `${minutes}:${rest.toFixed(2).padStart(5, "0")}` : `${minutes}:${String(Math.floor(rest)).padStart(2, "0")}`;
}

export function bytes(count) {
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(count / 1024))} KB`;
}

export async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = before), 1200);
  } catch {
    button.textContent = "Not allowed";
  }
}

export function save(name, text, type = "application/json") {
  const address = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

let scrollbar = null;

/** Pixels that a scroll bar takes here, so that a framed phone keeps its width. */
export function scrollbarWidth() {
  if (scrollbar === null) {
    const probe = h("div", { class: "probe" });
    document.body.append(probe);
    scrollbar = probe.offsetWidth - probe.clientWidth;
    probe.remove();
  }
  return scrollbar;
}
