// What the page can do only with JavaScript. Everything it shows is there without.
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // Theme: system, light, dark, and round again. Storage may be forbidden for a file; then the choice is not kept.
  const themes = ["system", "light", "dark"];
  const button = document.getElementById("theme");
  const show = (theme) => {
    if (theme === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    button.textContent = `Theme: ${theme}`;
  };
  let theme = "system";
  try {
    theme = themes.includes(localStorage.getItem("plumbline-theme"))
      ? localStorage.getItem("plumbline-theme")
      : theme;
  } catch {}
  show(theme);
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show(theme);
    try {
      localStorage.setItem("plumbline-theme", theme);
    } catch {}
  });

  // Copy: navigator.clipboard needs a secure context, which a file is not everywhere.
  const copy = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  for (const one of document.querySelectorAll("[data-copy]")) {
    const label = one.textContent;
    one.addEventListener("click", () => {
      const source = document.getElementById(one.dataset.copy);
      one.textContent = copy(source.value ?? source.textContent) ? "Copied" : "Select and copy by hand";
      one.addEventListener("blur", () => (one.textContent = label), { once: true });
    });
  }

  // Scoreboard: filter by words.
  const filter = document.getElementById("scoreboard-filter");
  filter?.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of document.getElementById("scoreboard-table").tBodies[0].rows) {
      const text = row.cells[0].textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });

  // Sort by a column: rising, falling, as it was.
  const keyOf = (row, column) => {
    const text = row.cells[column].dataset.sort;
    return text === undefined || text === "" ? Number.POSITIVE_INFINITY : Number(text);
  };
  const makeSortable = (table) => {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    const sortBy = (column) => {
      const before = heads[column].getAttribute("aria-sort");
      const next = before === null ? "ascending" : before === "ascending" ? "descending" : null;
      for (const head of heads) head.removeAttribute("aria-sort");
      if (next !== null) heads[column].setAttribute("aria-sort", next);
      const sign = next === "descending" ? -1 : 1;
      const rows =
        next === null || column === 0
          ? original
          : original.toSorted((a, b) => sign * (keyOf(a, column) - keyOf(b, column)));
      body.append(...(next === "descending" && column === 0 ? original.toReversed() : rows));
    };
    heads.forEach((head, column) => {
      const sorter = document.createElement("button");
      sorter.type = "button";
      sorter.className = "sorter";
      // A link stays beside the button: one inside of it could not be followed.
      sorter.append(...[...head.childNodes].filter((node) => node.nodeName !== "A"));
      head.prepend(sorter);
      sorter.addEventListener("click", () => sortBy(column));
    });
  };
  for (const table of document.querySelectorAll("table.scoreboard, table.sortable")) makeSortable(table);
})();
