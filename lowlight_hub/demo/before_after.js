const pair = divided();

// Of several photos the one that was picked stays in view; until one is, that is the first of those
// that came last. While all are restored anew, it is seen again once it is there, as it was looked at.
// Paths: the first of these that could be restored is meant.
let wanted = [];
let picked = null;
let given = [];
window.photosGiven = (photos) => {
  const earlier = given;
  const paths = (photos ?? []).map(({ image }) => image.path);
  const fresh = paths.filter((path) => !given.includes(path));
  if (fresh.length) wanted = fresh;
  given = paths;
  // What belongs to a photo goes with it. The light of one that is the only one now is that of all.
  const own = (paths.length === 1 && alone[paths[0]]) || {};
  const kept = paths.length === 1 ? [] : paths;
  alone = Object.fromEntries(Object.entries(alone).filter(([path]) => kept.includes(path)));
  if (!paths.length) wanted = [];
  for (const path of views.keys()) if (!paths.includes(path)) views.delete(path);
  if (inView() && !paths.includes(inView().photo.path)) tellOfView();
  return { own, areOthers: earlier.length > 0 && !paths.some((path) => earlier.includes(path)) };
};
window.pickPhoto = (path) => {
  wanted = [path];
  show();
};
const views = new Map();
// What was set for each of several photos beside what is set for all: stops by path and setting.
let alone = {};
window.lightOfEach = () => alone;
const inView = () => picked ?? props.value;
// Of those that could not be restored, the one that was meant.
const meant = () => given.find((path) => wanted.includes(path)) ?? given[0];
// One that was taken away is seen until the next is there, and is no longer the one that is meant.
window.photoInView = () => given.find((path) => path === inView()?.photo?.path) ?? meant();

// How many of the photo's pixels there are to one of the screen, not enlarged; 0 while it is hidden.
const figureBox = () => pair.figure()?.getBoundingClientRect() ?? { width: 0 };
const fits = () => {
  const { width } = figureBox();
  return width && inView().width / (width * window.devicePixelRatio);
};
let view = WHOLE;
const zoom = zoomed({
  most: () => fits() && Math.max(8, 2 * fits()),
  closer: () => Math.max(2, fits()),
  changed: (changed) => {
    view = changed;
    if (!fits()) return;
    const told = Math.round((100 * view.zoom) / fits()) + " %";
    element.querySelector(".zoom-controls output").value = told;
    element.querySelector("input[name=zoom]").ariaValueText = told;
    placeCloseUp();
    askForCloseUp();
  },
});
let drawnWidth = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (contentRect.width === drawnWidth) return;
  drawnWidth = contentRect.width;
  requestAnimationFrame(() => zoom.show());
}).observe(element);

// What is seen of a large photo is a small picture of it; its own pixels come once it stands still.
let asked = 0;
let closeUp = null;
const uncover = () => {
  asked += 1;
  closeUp = null;
  placeCloseUp();
};
// In whole pixels of the screen: at 100 % each shows one of the photo's.
const placeCloseUp = () => {
  const { width, height } = figureBox();
  const scale = (width * view.zoom) / inView().width;
  const screen = window.devicePixelRatio;
  const start = (share, side) => Math.round((share / 100) * side * (view.zoom - 1) * screen) / screen;
  element.querySelectorAll(".close-up").forEach(({ style }, number) => {
    style.display = closeUp ? "" : "none";
    if (!closeUp) return;
    const [left, top, right, bottom] = closeUp.pixels.map((side) => side * scale);
    style.backgroundImage = `url("${closeUp.urls[number]}")`;
    style.left = `${left - start(view.x, width)}px`;
    style.top = `${top - start(view.y, height)}px`;
    style.width = `${right - left}px`;
    style.height = `${bottom - top}px`;
  });
};
const askForCloseUp = async () => {
  const { photo, result, is_as_large, before, after, width, height, is_whole } = inView();
  if (view.zoom <= 1) return uncover();
  if (is_whole) {
    closeUp = { urls: [after.url, before.url], pixels: [0, 0, width, height] };
    return placeCloseUp();
  }
  if (!is_as_large) return uncover();
  const ours = ++asked;
  await new Promise((then) => setTimeout(then, 200));
  if (ours !== asked) return;
  const start = (share) => (share / 100) * (1 - 1 / view.zoom);
  const [left, top] = [start(view.x), start(view.y)];
  const found = await server.close_up({
    photo: photo.path,
    result: result.path,
    box: [left, top, left + 1 / view.zoom, top + 1 / view.zoom],
    width: Math.round(figureBox().width * window.devicePixelRatio),
  });
  if (ours !== asked || !found) return;
  // Where this server hands out files, the address of any that it has given tells.
  const place = photo.url.slice(0, photo.url.lastIndexOf("file=") + "file=".length);
  const pictures = [found.after, found.before].map(({ path }) => {
    const picture = new Image();
    picture.src = place + encodeURI(path);
    return picture;
  });
  const loaded = await Promise.allSettled(pictures.map((it) => it.decode()));
  if (ours !== asked || loaded.some(({ status }) => status === "rejected")) return;
  closeUp = { urls: pictures.map(({ src }) => src), pixels: found.pixels };
  placeCloseUp();
};

const tellStops = (range) => {
  const stops = Number(range.value);
  const told = (stops > 0 ? "+" : stops < 0 ? "\u2212" : "") + Math.abs(stops);
  range.parentElement.querySelector("output").value = told;
};
const showStops = (path) => {
  for (const range of element.querySelectorAll(".alone input")) {
    range.value = alone[path]?.[range.dataset.setting] ?? 0;
    tellStops(range);
  }
};

let shownPhoto = null;
const show = () => {
  const strip = props.value?.strip ?? [];
  const found = wanted.flatMap((path) => strip.find((it) => it.photo.path === path) ?? []);
  picked = found[0] ?? (props.value?.more ? picked : null);
  for (const button of element.querySelectorAll(".strip button")) {
    button.setAttribute("aria-pressed", strip[button.dataset.place] === (picked ?? strip[0]));
  }
  if (!pair.figure()) return;
  // What is drawn anew keeps what its range was set to.
  pair.show();
  // What is drawn may be of one that was picked before.
  const seen = picked ?? strip[0];
  if (seen) {
    pair.put(seen.before, seen.after, seen);
    element.querySelector(".small-print").textContent = `${seen.name} · ${seen.print}`;
  }
  uncover();
  const link = element.querySelector(".this-file");
  if (link) [link.href, link.download] = [inView().result.url, inView().result.orig_name];
  const { path } = inView().photo;
  showStops(path);
  if (path === shownPhoto) return zoom.show();
  views.set(shownPhoto, { ...view, divided: pair.range().value });
  shownPhoto = path;
  const { divided = 50, ...looked } = views.get(path) ?? WHOLE;
  pair.range().value = divided;
  pair.show();
  zoom.show(looked);
  tellOfView();
};
// The Compare tab has what belongs to the photo in view.
const tellOfView = () => document.querySelector("#in-view")?.click();
element.addEventListener("click", (event) => {
  const button = event.target.closest(".strip button");
  if (button) window.pickPhoto(props.value.strip[button.dataset.place].photo.path);
});
// Those that were given are picked from, too. Gradio would show the photo large, over all others,
// where nothing can be added, and where a second click on what closes it takes all photos away.
document.addEventListener("click", (event) => {
  const item = event.target.closest("#photos .thumbnail-item");
  if (!item) return;
  event.stopPropagation();
  const place = [...document.querySelectorAll("#photos .thumbnail-item")].indexOf(item);
  if (place < given.length) window.pickPhoto(given[place]);
}, true);
element.addEventListener("input", ({ target }) => {
  if (target.matches(".alone input")) tellStops(target);
});
element.addEventListener("change", ({ target }) => {
  if (!target.matches(".alone input")) return;
  const { path } = inView().photo;
  wanted = [path];
  alone = { ...alone, [path]: { ...alone[path], [target.dataset.setting]: Number(target.value) } };
  document.querySelector("#adjust").click();
});
watch("value", () => {
  if (!props.value) {
    views.set(shownPhoto, { ...view });
    picked = shownPhoto = null;
    tellOfView();
  }
  show();
  // One that was picked stays until it is there as it is to be now.
  const isThere = !picked || props.value.strip.includes(picked);
  pair.figure()?.classList.toggle("outdated", !isThere);
  if (props.value) window.showResult?.("slider");
});
