// An error where it is: code, sentence, file and line with the lines around, and what to do.

import { copyText, h } from "./dom.js";

export function place(fault) {
  const parts = [];
  if (fault.file) parts.push(fault.line ? `${fault.file}:${fault.line}` : fault.file);
  for (const name of ["record", "field", "scene", "channel"]) if (fault[name] !== undefined) parts.push(`${name} ${fault[name]}`);
  return parts;
}

export function faultCard(fault, kind = "error") {
  const [first, ...rest] = place(fault);
  return h(
    "article",
    { class: `fault ${kind}` },
    h("p", { class: "fault-head" }, h("b", {}, kind === "error" ? "Error" : "Notice"), h("code", {}, fault.code)),
    h("p", { class: "fault-message" }, fault.message),
    first &&
      h(
        "p",
        { class: "fault-place" },
        h("code", { class: "path" }, first),
        rest.map((part) => h("span", {}, part)),
        fault.file &&
          h("button", { type: "button", class: "plain small", on: { click: (event) => copyText(first, event.target) } }, "Copy"),
      ),
    fault.lines?.length > 0 &&
      h(
        "pre",
        { class: "excerpt", tabindex: "0", "aria-label": `Lines of ${fault.file}` },
        fault.lines.map(([number, text]) =>
          h("span", { class: number === fault.line ? "line here" : "line" }, h("i", {}, number), h("span", {}, text || " ")),
        ),
      ),
    fault.hint && h("p", { class: "fault-hint" }, fault.hint),
  );
}

/** All faults of one place; many at once are folded. */
export function faultList(faults, kind) {
  const cards = faults.map((fault) => faultCard(fault, kind));
  if (cards.length <= 4) return cards;
  return [...cards.slice(0, 3), h("details", { class: "more" }, h("summary", {}, `${cards.length - 3} more`), cards.slice(3))];
}
