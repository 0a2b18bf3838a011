const zoom = zoomed((target) => target.closest(".lens"));
// What an attempt is has to be asked for where there is little room. Every tile that comes draws all
// of them anew.
const asked = {};
const unfold = () => {
  for (const about of element.querySelectorAll("details")) {
    about.open = asked[about.dataset.of] ?? window.innerWidth > 640;
  }
};
element.addEventListener("toggle", ({ target }) => (asked[target.dataset.of] = target.open), true);
watch("value", () => {
  zoom.show();
  unfold();
  element.querySelector(".tiles")?.classList.remove("outdated");
  if (props.value) window.showResult?.("tiles");
});
zoom.show();
