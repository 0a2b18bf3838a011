element.addEventListener("input", (event) => {
  const figure = event.target.closest(".before-after");
  if (figure) figure.style.setProperty("--at", event.target.value + "%");
});
// Of several photos the one that was picked stays in view; until one is, that is the last, as drawn.
let picked = null;
const show = () => {
  const strip = props.value?.strip ?? [];
  // By name as well: the same photo may have been given twice.
  const isPicked = (pair) => pair.name === picked?.name && pair.after.url === picked.after.url;
  picked = strip.find(isPicked) ?? null;
  const inView = picked ?? strip.at(-1);
  for (const button of element.querySelectorAll(".strip button")) {
    button.setAttribute("aria-pressed", strip[button.dataset.place] === inView);
  }
  const figure = element.querySelector(".before-after");
  // What is drawn anew keeps what its range was set to.
  figure?.style.setProperty("--at", figure.querySelector("input").value + "%");
  if (!picked) return;
  const [after, before] = figure.querySelectorAll("img");
  after.src = picked.after.url;
  before.src = picked.before.url;
  const shape = picked.width / picked.height;
  figure.style.aspectRatio = shape;
  figure.style.maxWidth = `calc(75vh * ${shape})`;
  element.querySelector(".small-print").textContent = picked.print;
};
element.addEventListener("click", (event) => {
  const button = event.target.closest(".strip button");
  if (!button) return;
  picked = props.value.strip[button.dataset.place];
  show();
});
watch("value", () => {
  show();
  element.querySelector(".before-after")?.classList.remove("outdated");
  if (props.value) window.showResult?.("slider");
});
