// A choice is a number typed into its setting and left. Which one is chosen, the page tells whenever
// that number changes.
const number = (setting) => document.querySelector(`#${setting} input[type=number]`);
window.markChoice = (setting, stops) => {
  for (const choice of element.querySelectorAll(`[data-setting=${setting}] button`)) {
    choice.setAttribute("aria-pressed", Number(choice.dataset.stops) === stops);
  }
};
element.addEventListener("click", (event) => {
  const choice = event.target.closest(".choices button");
  if (!choice) return;
  const field = number(choice.parentElement.dataset.setting);
  field.value = choice.dataset.stops;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("blur"));
});
watch("value", () => {
  for (const { dataset } of element.querySelectorAll(".choices")) {
    window.markChoice(dataset.setting, Number(number(dataset.setting)?.value));
  }
});
