element.addEventListener("input", (event) => {
  const figure = event.target.closest(".before-after");
  if (figure) figure.style.setProperty("--at", event.target.value + "%");
});
