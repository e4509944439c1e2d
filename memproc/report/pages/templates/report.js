"use strict";
(function () {
  function valueOf(row, at) {
    var cell = row.cells[at];
    return cell.hasAttribute("data-v") ? (cell.dataset.v === "" ? -Infinity : Number(cell.dataset.v)) : cell.textContent.trim();
  }
  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") { return one === other ? 0 : one < other ? -1 : 1; }
    return String(one).localeCompare(String(other), undefined, { numeric: true });
  }
  function sort(head, at, numbers) {
    var table = head.closest("table"), body = table.tBodies[0], before = head.getAttribute("aria-sort");
    var up = before === "none" ? !numbers : before !== "ascending";
    Array.from(head.parentNode.cells).forEach(function (one) { one.setAttribute("aria-sort", "none"); });
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    Array.from(body.rows)
      .sort(function (one, other) { return (up ? 1 : -1) * compare(valueOf(one, at), valueOf(other, at)); })
      .forEach(function (row) { body.appendChild(row); });
  }
  document.querySelectorAll("table").forEach(function (table) {
    if (table.tBodies[0].rows.length < 2) { return; }
    Array.from(table.tHead.rows[0].cells).forEach(function (head, at) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", function () { sort(head, at, head.classList.contains("n")); });
    });
  });
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (one) { one.open = true; });
  });
})();
