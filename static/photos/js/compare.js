// Two pictures of a place over each other, with a slider between them. Without it they stand below each other.

for (const figure of document.querySelectorAll("[data-compare]")) {
  const before = figure.querySelector("[data-before]");
  const after = figure.querySelector("[data-after]");
  const slider = figure.querySelector("[data-slider]");
  const input = slider.querySelector("input");
  const stage = before.parentElement;
  const show = () => {
    after.style.clipPath = `inset(0 0 0 ${input.value}%)`;
    stage.style.setProperty("--at", `${input.value}%`);
  };
  stage.style.aspectRatio = `${after.getAttribute("width")} / ${after.getAttribute("height")}`;
  for (const side of ["left", "top", "width"]) before.style[side] = `${figure.dataset[side]}%`;
  figure.classList.add("is-running");
  slider.hidden = false;
  input.addEventListener("input", show);
  show();
}
