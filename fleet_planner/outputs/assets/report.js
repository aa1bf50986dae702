"use strict";
(function () {
  // --- paper: everything open; heads of tables as plain text, since browsers do not repeat buttons on the next page
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((d) => { d.open = true; });
    document.querySelectorAll("th > button").forEach((button) => { button.before(...button.childNodes); button.hidden = true; });
  });
  window.addEventListener("afterprint", () => document.querySelectorAll("th > button").forEach((button) => {
    button.append(...[...button.parentNode.childNodes].filter((node) => node !== button)); button.hidden = false;
  }));

  // --- tables sort by a column: numbers by size, the rest as words; the order of the report comes back on the third press
  const words = JSON.parse(document.getElementById("map-words").textContent);
  const figure = (text) => {
    const found = text.replace(/,/g, "").replace(/\u2212/g, "-").match(/^\s*[<>≤≥⚠]?\s*([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/);
    return found ? Number(found[1]) : null;
  };
  const sortable = (table) => {
    const bodies = table.tBodies;
    return table.tHead && table.tHead.rows.length === 1 && bodies.length === 1 && bodies[0].rows.length > 2 && !table.querySelector("tbody [rowspan], tbody [colspan]");
  };
  const sortBy = (table, column, turn) => {
    const body = table.tBodies[0], rows = [...body.rows];
    rows.forEach((row, k) => { if (!row.dataset.place) row.dataset.place = String(k + 1); });
    const cell = (row) => row.cells[column].textContent.trim();
    const number = rows.some((row) => figure(cell(row)) !== null) && rows.every((row) => figure(cell(row)) !== null || /^[–-]?$/.test(cell(row)) || !/\d/.test(cell(row)));
    const by = {
      0: (a, b) => a.dataset.place - b.dataset.place,
      1: (a, b) => {
        if (!number) return cell(a).localeCompare(cell(b), document.documentElement.lang);
        const x = figure(cell(a)), y = figure(cell(b));
        return x === null ? (y === null ? 0 : 1) : y === null ? -1 : x - y;
      },
      2: (a, b) => {
        if (!number) return cell(b).localeCompare(cell(a), document.documentElement.lang);
        const x = figure(cell(a)), y = figure(cell(b));
        return x === null ? (y === null ? 0 : 1) : y === null ? -1 : y - x;
      },
    }[turn];
    rows.sort((a, b) => by(a, b) || a.dataset.place - b.dataset.place).forEach((row) => body.append(row));
  };
  document.querySelectorAll("table").forEach((table) => {
    if (!sortable(table)) return;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button"; button.title = words.sort;
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const turn = { ascending: 2, descending: 0 }[head.getAttribute("aria-sort")] ?? 1;
        [...table.tHead.rows[0].cells].forEach((other) => other.removeAttribute("aria-sort"));
        if (turn) head.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
        sortBy(table, column, turn);
      });
    });
  });
})();
