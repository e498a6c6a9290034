// Draws what was found over a photo, as vectors: one path a layer, so that thousands of plants stay quick and sharp.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const ZOOMS = [0.5, 0.75, 1, 1.5, 2, 3];

  const discs = ({ x, y, r }) =>
    x.map((cx, i) => `M${cx - r[i]} ${y[i]}a${r[i]} ${r[i]} 0 1 0 ${2 * r[i]} 0a${r[i]} ${r[i]} 0 1 0 ${-2 * r[i]} 0Z`).join("");
  const ring = (points) => (points.length ? `M${points.map(([px, py]) => `${px} ${py}`).join("L")}Z` : "");

  const layers = {
    estimated: (found) => found.estimated.map(ring).join(""),
    containers: (found) => found.containers.map((container) => ring(container.polygon)).join(""),
    empty: (found) => discs(found.empty),
    living: (found) => discs(found.living),
    dead: (found) => discs(found.dead),
  };
  const counts = {
    living: (found) => found.living.x.length,
    dead: (found) => found.dead.x.length,
    empty: (found) => found.empty.x.length,
    containers: (found) => found.containers.length,
  };

  function draw(figure, found) {
    const svg = figure.querySelector("[data-svg]");
    for (const [name, shape] of Object.entries(layers)) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", shape(found));
      path.setAttribute("class", `found-${name}`);
      svg.append(path);
      const box = figure.querySelector(`[data-layer="${name}"]`);
      const show = () => { path.style.display = box.checked ? "" : "none"; };
      box.addEventListener("change", show);
      show();
    }
    for (const [name, count] of Object.entries(counts)) {
      figure.querySelector(`[data-count="${name}"]`).textContent = groupedThousands(count(found));
    }
  }

  function letZoom(figure) {
    const canvas = figure.querySelector("[data-canvas]");
    const value = figure.querySelector("[data-zoom-value]");
    let step = ZOOMS.indexOf(1);
    for (const button of figure.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => {
        step = Math.min(Math.max(step + Number(button.dataset.zoom), 0), ZOOMS.length - 1);
        canvas.style.setProperty("--zoom", ZOOMS[step]);
        value.textContent = `${ZOOMS[step] * 100} %`;
      });
    }
  }

  async function start(figure) {
    if (!figure.querySelector("[data-svg]")) return;
    try {
      const response = await fetch(figure.dataset.findingsUrl, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      draw(figure, await response.json());
      letZoom(figure);
      figure.querySelector("[data-tools]").hidden = false;
    } catch {
      figure.querySelector("[data-failed]").hidden = false;
    }
  }

  const startAll = () => document.querySelectorAll("[data-findings-url]").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll); // in the head of the administration
  else startAll();
})();
