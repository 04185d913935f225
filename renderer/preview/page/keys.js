// Keyboard shortcuts and the overlay that lists them.

import { $, h } from "./dom.js";

const GROUPS = [
  ["Views", [["1", "Overview"], ["2", "Page"], ["3", "Statement"], ["4", "Film"], ["5", "Contact sheet"]]],
  ["What is shown", [["[", "Previous record"], ["]", "Next record"], ["G", "Choose or find a record"], ["L", "Next locale"], ["F", "Next film format"], ["R", "Reset the profile"]]],
  ["Film", [["Space", "Play or pause the draft"], ["← →", "One frame back or on"], ["Shift ← →", "One second back or on"], [", .", "Previous or next scene"], ["Home End", "First or last frame"]]],
  ["Panels", [["E", "Profile"], ["I", "Inspector"], ["P", "Problems"], ["/", "Find in the inspector"], ["T", "Light or dark"], ["?", "This list"], ["Esc", "Leave a field, close this"]]],
];

export function listen(actions) {
  const dialog = $("help");
  dialog.append(
    h("div", { class: "help-head" }, h("h2", { id: "help-title" }, "Keyboard shortcuts"), h("button", { type: "button", class: "plain", on: { click: () => dialog.close() } }, "Close")),
    h("div", { class: "help-body" }, GROUPS.map(([title, keys]) => h("section", {}, h("h3", {}, title), h("dl", {}, keys.map(([key, what]) => [h("dt", {}, key.split(" ").map((one) => h("kbd", {}, one))), h("dd", {}, what)]))))),
  );
  $("help-button").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  let byKeyboard = false;
  document.addEventListener("pointerdown", () => (byKeyboard = false), true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab") byKeyboard = true;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inside = event.target;
    const typing = inside.matches?.("input:not([type=checkbox]):not([type=range]), select, textarea");
    if (event.key === "Escape" && typing) return void inside.blur();
    if (typing || document.querySelector("dialog[open]")) return;
    // A control reached by keyboard keeps its keys; one that was only clicked gives them back.
    const held = byKeyboard && inside.matches?.("button, summary, a, input[type=checkbox]");
    if (held && (event.key === " " || event.key === "Enter")) return;
    if (inside.getAttribute?.("role") === "tab" && arrows(event, inside)) return;
    if (inside.matches?.("input[type=range]") && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key) && !event.shiftKey) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = actions[event.shiftKey && name.startsWith("Arrow") ? `Shift${name}` : name];
    if (act && act() !== false) {
      event.preventDefault();
      if (event.key === " " && inside.matches?.("button, summary")) inside.blur();
    }
  });
}

/** Arrow keys within a row of tabs. */
function arrows(event, tab) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return false;
  const tabs = [...tab.parentElement.querySelectorAll('[role="tab"]')];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  next.click();
  next.focus();
  event.preventDefault();
  return true;
}
