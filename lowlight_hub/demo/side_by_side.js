// All pictures show the same spot: zoom and position are three numbers of the whole component, which
// survive when the next result is drawn.
const view = { zoom: 1, x: 50, y: 50 };
const range = (name) => element.querySelector(`input[name=${name}]`);
const show = () => {
  element.style.setProperty("--zoom", view.zoom);
  element.style.setProperty("--x", view.x + "%");
  element.style.setProperty("--y", view.y + "%");
  for (const name in view) {
    const input = range(name);
    if (!input) continue;
    input.value = view[name];
    if (name !== "zoom") input.disabled = view.zoom <= 1;
  }
};
element.addEventListener("input", (event) => {
  view[event.target.name] = Number(event.target.value);
  show();
});
const within = (value) => Math.min(100, Math.max(0, value));
let last = null;
element.addEventListener("pointerdown", (event) => {
  const lens = event.target.closest(".lens");
  if (!lens || view.zoom <= 1) return;
  last = { x: event.clientX, y: event.clientY, box: lens.getBoundingClientRect() };
  lens.setPointerCapture(event.pointerId);
});
element.addEventListener("pointermove", (event) => {
  if (!last) return;
  const hidden = view.zoom - 1;
  view.x = within(view.x - (100 * (event.clientX - last.x)) / (last.box.width * hidden));
  view.y = within(view.y - (100 * (event.clientY - last.y)) / (last.box.height * hidden));
  last.x = event.clientX;
  last.y = event.clientY;
  show();
});
for (const ended of ["pointerup", "pointercancel"]) {
  element.addEventListener(ended, () => (last = null));
}
element.addEventListener("dblclick", (event) => {
  if (!event.target.closest(".lens")) return;
  view.zoom = view.zoom > 1 ? 1 : 4;
  show();
});
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
  show();
  unfold();
  element.querySelector(".tiles")?.classList.remove("outdated");
  if (props.value) window.showResult?.("tiles");
});
show();
