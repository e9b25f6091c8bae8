"use strict";

// Lists: only the rows that hold every word that was typed.
for (const bar of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll(`#${bar.dataset.filter} tbody tr`)];
  const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase());
  const input = bar.querySelector("input");
  const said = bar.querySelector("output");
  bar.hidden = rows.length < 6;
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, index) => { row.hidden = !words.every((word) => texts[index].includes(word)); });
    said.textContent = words.length ? `${rows.filter((row) => !row.hidden).length} of ${rows.length}` : "";
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; show(); }
  });
}

// Lineages: a view of the drawing that zooms and moves. Links stay links.
for (const graph of document.querySelectorAll(".graph")) {
  const svg = graph.querySelector("svg");
  const frame = graph.querySelector(".scroll");
  const whole = svg.getAttribute("viewBox").split(" ").map(Number);
  let view = [...whole];
  graph.classList.add("live");
  graph.querySelector(".tools").hidden = false;

  const look = (next) => { view = next; svg.setAttribute("viewBox", view.join(" ")); };
  const scale = () => Math.max(view[2] / svg.clientWidth, view[3] / svg.clientHeight);
  const move = (x, y) => look([view[0] + x * scale(), view[1] + y * scale(), view[2], view[3]]);
  const zoom = (factor, x = view[0] + view[2] / 2, y = view[1] + view[3] / 2) => {
    const width = Math.min(Math.max(view[2] * factor, whole[2] / 20), whole[2] * 2);
    const by = width / view[2];
    look([x - (x - view[0]) * by, y - (y - view[1]) * by, width, view[3] * by]);
  };
  const all = () => look([...whole]);
  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x, point.y];
  };
  // Legible from the start: of a drawing much wider than the page its left end is shown. As high as that needs.
  const begin = () => {
    const shown = Math.min(whole[2], frame.clientWidth / 0.8);
    const height = Math.min((whole[3] * frame.clientWidth) / shown, Math.max(240, innerHeight * 0.7));
    svg.style.height = `${Math.ceil(height)}px`;
    if (shown < whole[2]) { look([whole[0], whole[1], shown, whole[3]]); }
  };

  const keys = {
    ArrowLeft: () => move(-60, 0), ArrowRight: () => move(60, 0), ArrowUp: () => move(0, -60), ArrowDown: () => move(0, 60),
    "+": () => zoom(0.8), "=": () => zoom(0.8), "-": () => zoom(1.25), 0: all,
  };
  frame.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in keys)) { return; }
    event.preventDefault();
    keys[event.key]();
  });
  const buttons = { in: () => zoom(0.8), out: () => zoom(1.25), all };
  for (const button of graph.querySelectorAll("button")) {
    button.addEventListener("click", buttons[button.dataset.zoom]);
  }
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) { return; }
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.1 : 1 / 1.1, ...at(event));
  }, { passive: false });

  let held = null;
  svg.addEventListener("pointerdown", (event) => { held = { id: event.pointerId, x: event.clientX, y: event.clientY, far: false }; });
  svg.addEventListener("pointermove", (event) => {
    if (!held || event.pointerId !== held.id) { return; }
    if (!held.far && Math.hypot(event.clientX - held.x, event.clientY - held.y) < 4) { return; }
    if (!held.far) { held.far = true; svg.setPointerCapture(held.id); svg.classList.add("held"); }
    move(held.x - event.clientX, held.y - event.clientY);
    held.x = event.clientX;
    held.y = event.clientY;
  });
  let dragged = false;
  const release = () => { dragged = Boolean(held && held.far); held = null; svg.classList.remove("held"); };
  svg.addEventListener("pointerup", release);
  svg.addEventListener("pointercancel", release);
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("click", (event) => { if (dragged) { event.preventDefault(); dragged = false; } }, true);
  // What has the focus is brought into view.
  for (const link of svg.querySelectorAll("a")) {
    link.addEventListener("focus", () => {
      const box = link.getBBox();
      const outside = box.x < view[0] || box.y < view[1] || box.x + box.width > view[0] + view[2] || box.y + box.height > view[1] + view[3];
      if (outside) { look([box.x + box.width / 2 - view[2] / 2, box.y + box.height / 2 - view[3] / 2, view[2], view[3]]); }
    });
  }
  begin();
}
