// A choice is a number typed into the setting and left.
element.addEventListener("click", (event) => {
  const choice = event.target.closest(".choices button");
  const number = document.querySelector("#brightness input[type=number]");
  if (!choice || !number) return;
  for (const other of element.querySelectorAll("button")) {
    other.setAttribute("aria-pressed", other === choice);
  }
  number.value = choice.dataset.stops;
  number.dispatchEvent(new Event("input", { bubbles: true }));
  number.dispatchEvent(new Event("blur"));
});
