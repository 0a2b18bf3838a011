const pair = divided();

// Of several photos the one that was picked stays in view; until one is, that is the last, as drawn.
let picked = null;
const inView = () => picked ?? props.value;

// How often the photo's width goes into that of the screen which it has on the page.
const fits = () => inView().width / (pair.figure().clientWidth * window.devicePixelRatio);
const isThere = () => props.value && pair.figure()?.clientWidth;
const zoom = zoomed({
  most: () => (isThere() ? Math.max(8, 2 * fits()) : 8),
  closer: () => Math.max(2, fits()),
  changed: (view) => {
    if (!isThere()) return;
    element.querySelector("output").value = Math.round((100 * view.zoom) / fits()) + " %";
    closeUp(view);
  },
});
window.addEventListener("resize", zoom.show);

// What is seen of a large photo is a small picture of it; its own pixels come once it stands still.
let asked = 0;
const uncover = () => {
  asked += 1;
  for (const place of element.querySelectorAll(".close-up")) place.style.backgroundImage = "";
};
const closeUp = async ({ zoom, x, y }) => {
  const { photo, result } = inView();
  const [after, before] = element.querySelectorAll(".close-up");
  const { clientWidth } = pair.figure();
  if (zoom <= 1 || !result) return uncover();
  const ours = ++asked;
  await new Promise((then) => setTimeout(then, 200));
  if (ours !== asked) return;
  const start = (share) => (share / 100) * (1 - 1 / zoom);
  const found = await server.close_up({
    photo: photo.path,
    result: result.path,
    box: [start(x), start(y), start(x) + 1 / zoom, start(y) + 1 / zoom],
    width: Math.round(clientWidth * window.devicePixelRatio),
  });
  if (ours !== asked || !found) return;
  // Where this server hands out files, the address of any that it has given tells.
  const place = photo.url.slice(0, photo.url.lastIndexOf("file=") + "file=".length);
  const pictures = [found.after, found.before].map(({ path }) => {
    const picture = new Image();
    picture.src = place + encodeURI(path);
    return picture;
  });
  await Promise.all(pictures.map((it) => it.decode()));
  if (ours !== asked) return;
  const [left, top, right, bottom] = found.box.map((share) => 100 * share);
  [after, before].forEach(({ style }, number) => {
    style.backgroundImage = `url("${pictures[number].src}")`;
    style.inset = `${top}% ${100 - right}% ${100 - bottom}% ${left}%`;
  });
};

let shownPhoto = null;
const show = () => {
  const strip = props.value?.strip ?? [];
  // By name as well: the same photo may have been given twice.
  const isPicked = (it) => it.name === picked?.name && it.after.url === picked.after.url;
  picked = strip.find(isPicked) ?? null;
  for (const button of element.querySelectorAll(".strip button")) {
    button.setAttribute("aria-pressed", strip[button.dataset.place] === (picked ?? strip.at(-1)));
  }
  if (!isThere()) return;
  // What is drawn anew keeps what its range was set to.
  pair.show();
  if (picked) {
    pair.put(picked.before, picked.after, picked);
    element.querySelector(".small-print").textContent = `${picked.name} · ${picked.print}`;
  }
  uncover();
  const { path } = inView().photo;
  if (path === shownPhoto) return zoom.show();
  shownPhoto = path;
  zoom.reset();
};
element.addEventListener("click", (event) => {
  const button = event.target.closest(".strip button");
  if (!button) return;
  picked = props.value.strip[button.dataset.place];
  show();
});
watch("value", () => {
  show();
  pair.figure()?.classList.remove("outdated");
  if (props.value) window.showResult?.("slider");
});
