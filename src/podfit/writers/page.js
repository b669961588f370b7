"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, heads, column));
  });
}

function sort(table, heads, column) {
  const up = heads[column].getAttribute("aria-sort") !== "ascending";
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", up ? "ascending" : "descending");
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
  const value = (row) => {
    const text = row.cells[column] ? row.cells[column].textContent.trim() : "";
    const size = /^([\d.]+) ([kMGT]?B)$/.exec(text);
    return size ? Number(size[1]) * units[size[2]] : text;
  };
  const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
  rows.sort(([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : compare(String(a), String(b))) * (up ? 1 : -1));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

for (const matrix of document.querySelectorAll(".matrix")) {
  const controls = matrix.querySelector(".controls");
  const search = controls.querySelector("input[type=search]");
  const boxes = [...controls.querySelectorAll("input[type=checkbox]")];
  const count = controls.querySelector(".count");
  const rows = [...matrix.querySelector("tbody").rows];
  const names = rows.map((row) => row.cells[0].textContent.toLowerCase());
  const update = () => {
    const word = search.value.trim().toLowerCase();
    const shown = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let seen = 0;
    rows.forEach((row, number) => {
      row.hidden = word ? !names[number].includes(word) : !shown.has(row.dataset.kind);
      seen += row.hidden ? 0 : 1;
    });
    count.textContent = `${seen} of ${rows.length} lines`;
  };
  controls.hidden = false;
  search.addEventListener("input", update);
  boxes.forEach((box) => box.addEventListener("change", update));
  update();

  const { told, reasons } = JSON.parse(matrix.querySelector("script.reasons").textContent);
  const dialog = matrix.querySelector("dialog");
  const heads = [...matrix.querySelector("thead tr").cells];
  matrix.querySelector("tbody").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-why]");
    if (!button) return;
    const cell = button.closest("td");
    const name = cell.parentElement.cells[0].textContent;
    dialog.querySelector("h3").textContent = `${name} on ${heads[cell.cellIndex].textContent}: ${button.textContent}`;
    dialog.querySelector(".why").innerHTML = reasons[Number(button.dataset.why)].map((number) => `<p>${told[number]}</p>`).join("");
    dialog.showModal();
  });
}

for (const box of document.querySelectorAll(".command")) {
  const button = box.querySelector("button");
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(box.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
