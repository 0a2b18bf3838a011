const zoom = zoomed();
// Two that were picked are seen large; of one that was, what it made of the photo.
const pair = divided();
let picked = [];
const showPicked = () => {
  const tiles = props.value?.tiles ?? [];
  picked = picked.filter((title) => tiles.some((tile) => tile.title === title));
  for (const button of element.querySelectorAll(".pick")) {
    button.setAttribute("aria-pressed", picked.includes(button.dataset.title));
  }
  if (!tiles.length) return;
  element.querySelector(".pair").hidden = !picked.length;
  if (!picked.length) return;
  const titles = picked.length > 1 ? picked : [tiles[0].title, ...picked];
  const [before, after] = titles.map((title) => tiles.find((tile) => tile.title === title));
  pair.put(before.picture, after.picture, tiles[0]);
  pair.show();
  const [second, first] = pair.figure().querySelectorAll("img");
  [first.alt, second.alt] = titles;
  const tags = pair.figure().querySelectorAll(".tag");
  titles.forEach((title, place) => (tags[place].textContent = title));
  pair.range().ariaLabel = titles.join(" | ");
};
element.addEventListener("click", ({ target }) => {
  if (!target.matches(".pick")) return;
  const { title } = target.dataset;
  picked = picked.includes(title) ? picked.filter((it) => it !== title) : [...picked, title].slice(-2);
  showPicked();
  if (picked.length) pair.figure().scrollIntoView({ block: "nearest" });
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
  zoom.show();
  showPicked();
  unfold();
  element.querySelector(".tiles")?.classList.remove("outdated");
  if (props.value) window.showResult?.("tiles");
});
zoom.show();
