// Zoom, search and keys of the flame graph. The graph itself is a nested list and stands without this.
(() => {
  const flame = document.getElementById("flame");
  if (!flame) return;
  const detail = document.getElementById("flame-detail");
  const search = document.getElementById("flame-search");
  const found = document.getElementById("flame-found");
  const frames = [...flame.querySelectorAll("li")];
  const root = frames[0];
  const boxOf = (frame) => frame.firstElementChild;
  const callerOf = (frame) => frame.parentElement.closest("li");
  const timeOf = (frame) => Number(frame.dataset.us);
  const percent = (share) => `${(share * 100).toPrecision(3)}%`;
  let zoomed = root;
  let current = root;

  // A tree, as assistive technology knows it: one stop for Tab, arrow keys inside.
  root.parentElement.setAttribute("role", "tree");
  for (const list of root.querySelectorAll("ul")) list.setAttribute("role", "group");
  for (const frame of frames) {
    frame.setAttribute("role", "treeitem");
    frame.setAttribute("aria-label", boxOf(frame).title);
    frame.tabIndex = frame === root ? 0 : -1;
  }

  const show = (frame) => {
    const ofView =
      zoomed === root || !zoomed.contains(frame)
        ? ""
        : `; ${percent(timeOf(frame) / timeOf(zoomed))} of the frame zoomed to`;
    detail.textContent = boxOf(frame).title + ofView;
  };
  const moveTo = (frame) => {
    if (!frame) return;
    current.tabIndex = -1;
    current = frame;
    current.tabIndex = 0;
    current.focus({ preventScroll: true });
    boxOf(current).scrollIntoView({ block: "nearest" });
  };

  // Zoom: the way from the root to the frame takes the whole width, what stands beside that way goes.
  const zoomTo = (frame) => {
    for (const one of flame.querySelectorAll(".is-open, .is-elsewhere"))
      one.classList.remove("is-open", "is-above", "is-elsewhere");
    zoomed = frame;
    for (let at = frame; at !== null; at = callerOf(at)) {
      at.classList.add("is-open");
      if (at !== frame) at.classList.add("is-above");
      for (const other of at.parentElement.children) if (other !== at) other.classList.add("is-elsewhere");
    }
    show(frame);
  };
  flame.addEventListener("click", (event) => {
    const frame = event.target.closest("li");
    if (!frame) return;
    moveTo(frame);
    zoomTo(frame);
  });
  document.getElementById("flame-reset").addEventListener("click", () => zoomTo(root));

  for (const kind of ["mouseover", "focusin"])
    flame.addEventListener(kind, (event) => {
      const frame = event.target.closest("li");
      if (frame) show(frame);
    });

  const isShown = (frame) => frame && !frame.classList.contains("is-elsewhere");
  const steps = {
    ArrowDown: (frame) => [...(frame.querySelector("ul")?.children ?? [])].find(isShown),
    ArrowUp: callerOf,
    ArrowRight: (frame) => (isShown(frame.nextElementSibling) ? frame.nextElementSibling : null),
    ArrowLeft: (frame) => (isShown(frame.previousElementSibling) ? frame.previousElementSibling : null),
    Home: () => root,
  };
  flame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = steps[event.key];
    if (step) moveTo(step(current));
    else if (event.key === "Enter" || event.key === " ") zoomTo(current);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") zoomTo(root);
    else if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });

  // Search: time is counted once where one match calls another.
  const find = () => {
    const part = search.value.trim().toLowerCase();
    let count = 0;
    let time = 0;
    for (const frame of frames) {
      const box = boxOf(frame);
      const matches = part !== "" && box.textContent.toLowerCase().includes(part);
      box.classList.toggle("is-found", matches);
      if (!matches) continue;
      count++;
      if (!callerOf(frame)?.closest("li:has(> .is-found)")) time += timeOf(frame);
    }
    flame.classList.toggle("is-searched", part !== "");
    const frameWord = count === 1 ? "frame" : "frames";
    found.textContent =
      part === "" ? "" : `${count} ${frameWord}, ${percent(time / timeOf(root))} of the time`;
  };
  search.addEventListener("input", find);
})();
