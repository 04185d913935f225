// Everything works without this. It looks again at pages of what goes on, and lets tables be sorted.
"use strict";

const every = Number(document.body.dataset.refresh) * 1000;
let wait = every;

const asMade = new WeakMap(); // what each part was like before this script touched it

function keep(part) {
  asMade.set(part, part.cloneNode(true));
}

// Only what has changed is replaced, and nothing that somebody is at: focus, selection and sorting stay.
function replace(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    const chosen = getSelection();
    const busy = part.contains(document.activeElement) ||
      (chosen && !chosen.isCollapsed && chosen.containsNode(part, true));
    if (!now || busy || now.isEqualNode(asMade.get(part))) continue;
    const next = document.importNode(now, true);
    keep(next);
    sortable(next);
    const before = part.querySelectorAll("th");
    next.querySelectorAll("th").forEach((head, place) => {
      const order = before[place] && before[place].getAttribute("aria-sort");
      for (let times = order === "ascending" ? 1 : order ? 2 : 0; times; times--) head.firstElementChild.click();
    });
    part.replaceWith(next);
  }
}

function look() {
  if (document.hidden) {
    setTimeout(look, every);
    return;
  }
  const call = new XMLHttpRequest();
  call.responseType = "document";
  call.timeout = 30000;
  call.open("GET", location.href.replace(/[?&]said=[a-z]+/, ""));
  call.onload = () => {
    if (call.responseURL && new URL(call.responseURL).pathname !== location.pathname) {
      location.reload(); // signed out meanwhile
      return;
    }
    if (call.status === 200 && call.response) {
      wait = every;
      replace(call.response);
      if (!call.response.body.dataset.refresh) {
        location.reload(); // it has come to its end: once more, with all that goes with it
        return;
      }
    } else {
      wait = Math.min(60000, 2 * wait);
    }
    setTimeout(look, wait);
  };
  call.onerror = call.ontimeout = () => {
    wait = Math.min(60000, 2 * wait);
    setTimeout(look, wait);
  };
  call.send();
}

function value(row, place) {
  const cell = row.cells[place];
  const text = cell.dataset.value || cell.textContent.trim();
  const number = Number(text.replaceAll(",", ""));
  return Number.isNaN(number) || text === "" ? text : number;
}

function sortable(within) {
  const tables = within.matches && within.matches("table[data-sort]") ? [within] : within.querySelectorAll("table[data-sort]");
  for (const table of tables) {
    if (table.tBodies[0].rows.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows].sort((one, other) => {
          const [a, b] = [value(one, place), value(other, place)];
          const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
          return up ? order : -order;
        });
        table.tBodies[0].append(...rows);
      });
    });
  }
}

document.querySelectorAll("[data-live]").forEach(keep);
sortable(document);
if (every) setTimeout(look, every);
