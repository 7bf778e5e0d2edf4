// Show on which side of something wide there is more of it.
for (const each of document.querySelectorAll(".scroll")) {
  const mark = () => {
    const hidden = each.scrollWidth - each.clientWidth;
    each.classList.toggle("more-left", each.scrollLeft > 1);
    each.classList.toggle("more-right", each.scrollLeft < hidden - 1);
  };
  each.addEventListener("scroll", mark, { passive: true });
  new ResizeObserver(mark).observe(each);
}
// Sort a table by the column whose heading is pressed; pressed again, the other way round.
for (const button of document.querySelectorAll(".sortable thead button")) {
  button.addEventListener("click", () => {
    const heading = button.closest("th");
    const column = heading.cellIndex;
    const table = heading.closest("table");
    const up = heading.getAttribute("aria-sort") === "descending" || (!heading.ariaSort && !column);
    for (const each of heading.parentNode.children) each.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = (row) => row.cells[column].dataset.value;
    const order = (a, b) => (column ? value(a) - value(b) : value(a).localeCompare(value(b)));
    const rows = [...table.tBodies[0].rows].sort((a, b) => (up ? order(a, b) : order(b, a)));
    table.tBodies[0].append(...rows);
  });
}
