// A choice is a number typed into the setting and left. Which one is chosen, the page tells whenever
// that number changes.
const number = () => document.querySelector("#brightness input[type=number]");
window.markBrightness = (stops) => {
  for (const choice of element.querySelectorAll("button")) {
    choice.setAttribute("aria-pressed", Number(choice.dataset.stops) === stops);
  }
};
element.addEventListener("click", (event) => {
  const choice = event.target.closest(".choices button");
  if (!choice) return;
  number().value = choice.dataset.stops;
  number().dispatchEvent(new Event("input", { bubbles: true }));
  number().dispatchEvent(new Event("blur"));
});
watch("value", () => window.markBrightness(Number(number()?.value)));
