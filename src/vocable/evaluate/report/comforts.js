"use strict";
// The page is whole without this: a click on a heading sorts its table, and one sound plays at a time.
const valueOf = (row, column) => {
  const cell = row.cells[column];
  if (cell.querySelector(".none")) return null;
  const data = cell.querySelector("data");
  return data ? Number(data.value) : cell.textContent;
};
const isLess = (a, b) => (typeof a === "number" && typeof b === "number" ? a < b : String(a) < String(b));
const inOrder = (down) => ([a], [b]) => {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1; // what is missing stays last
  return isLess(a, b) === down ? 1 : -1;
};
for (const heading of document.querySelectorAll("thead th")) {
  heading.classList.add("sorts");
  heading.addEventListener("click", () => {
    const body = heading.closest("table").tBodies[0];
    const down = heading.getAttribute("aria-sort") !== "descending";
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = [...body.rows].map((row) => [valueOf(row, heading.cellIndex), row]);
    body.append(...keyed.sort(inOrder(down)).map(([, row]) => row));
  });
}
document.addEventListener(
  "play",
  (event) => {
    for (const player of document.querySelectorAll("audio")) if (player !== event.target) player.pause();
  },
  true,
);
