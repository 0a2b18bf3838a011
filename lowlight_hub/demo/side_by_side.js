const zoom = zoomed();
let shownPhoto = null;
// Two that were picked are seen large; of one that was, what it made of the photo. They stay picked
// while others are compared, and are seen once they are there.
const pair = divided();
let picked = [];
const there = (titles) => {
  const tiles = props.value?.tiles ?? [];
  return titles.flatMap((title) => tiles.find((tile) => tile.title === title) ?? []);
};
const showPicked = () => {
  if (!props.value) picked = [];
  for (const button of element.querySelectorAll(".pick")) {
    button.ariaPressed = picked.includes(button.dataset.title);
  }
  const place = element.querySelector(".pair");
  if (!place) return;
  const found = there(picked);
  place.hidden = !found.length || found.length < picked.length;
  if (place.hidden) return;
  const [before, after] = found.length > 1 ? found : [props.value.tiles[0], ...found];
  pair.put(before.picture, after.picture, before);
  pair.show();
  const [second, first] = pair.figure().querySelectorAll("img");
  [first.alt, second.alt] = [before.title, after.title];
  const titles = place.querySelectorAll(".titles span");
  [titles[0].textContent, titles[1].textContent] = [before.title, after.title];
  pair.range().ariaLabel = `${before.title} | ${after.title}`;
};
element.addEventListener("click", ({ target }) => {
  if (!target.matches(".pick")) return;
  const { title } = target.dataset;
  picked = there(picked).map((tile) => tile.title);
  picked = picked.includes(title) ? picked.filter((it) => it !== title) : [...picked, title].slice(-2);
  showPicked();
  if (picked.length) element.querySelector(".pair").scrollIntoView({ block: "nearest" });
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
// Tiles of another photo than the one in view, or of other settings than it has, are faint.
window.judgeTiles = () => {
  if (!props.value) return;
  const { photo, reference, detail } = props.value;
  const path = window.photoInView?.();
  const isOfNow =
    photo === (path ?? photo) &&
    reference === (window.references?.[path]?.path ?? null) &&
    detail === document.querySelector("#compare-detail input:checked")?.value;
  element.querySelector(".tiles")?.classList.toggle("outdated", !isOfNow);
};
window.tilesPhoto = () => props.value?.photo;
watch("value", () => {
  const photo = props.value?.photo ?? shownPhoto;
  zoom.show(photo === shownPhoto ? undefined : WHOLE);
  shownPhoto = photo;
  showPicked();
  unfold();
  window.judgeTiles();
  if (props.value) window.showResult?.("tiles");
});
zoom.show();
