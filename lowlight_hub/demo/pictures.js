// What shows the same spot of several pictures: how much it is enlarged and where, three numbers that
// survive when the part of the page is drawn anew. Of a range for each, of a double click, and of
// what is dragged within a .lens. `most` and `closer` give the largest zoom, 0 where that is not to be
// known yet, and that of a double click; `changed` is called whenever a number has changed.
const WHOLE = { zoom: 1, x: 50, y: 50 };
const zoomed = ({ most = () => 8, closer = () => 4, changed = () => {} } = {}) => {
  const view = { ...WHOLE };
  const within = (value, least, most) => Math.min(most, Math.max(least, value));
  const show = (wanted = {}) => {
    Object.assign(view, wanted);
    const limit = most();
    if (limit) view.zoom = within(view.zoom, 1, limit);
    element.style.setProperty("--zoom", view.zoom);
    element.style.setProperty("--x", view.x + "%");
    element.style.setProperty("--y", view.y + "%");
    element.classList.toggle("zoomed", view.zoom > 1);
    for (const name in view) {
      const input = element.querySelector(`input[name=${name}]`);
      if (!input) continue;
      if (name === "zoom") input.max = limit || input.max;
      else input.closest("label").hidden = view.zoom <= 1;
      input.value = view[name];
    }
    changed(view);
  };
  element.addEventListener("input", ({ target }) => {
    if (!(target.name in view)) return;
    view[target.name] = Number(target.value);
    show();
  });
  let last = null;
  element.addEventListener("pointerdown", (event) => {
    const lens = event.target.closest(".lens");
    if (view.zoom <= 1 || !lens || event.target.matches(".handle") || event.button) return;
    const { pointerId, clientX: x, clientY: y } = event;
    last = { pointerId, x, y, box: lens.getBoundingClientRect() };
    event.target.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId !== last?.pointerId) return;
    const hidden = view.zoom - 1;
    view.x = within(view.x - (100 * (event.clientX - last.x)) / (last.box.width * hidden), 0, 100);
    view.y = within(view.y - (100 * (event.clientY - last.y)) / (last.box.height * hidden), 0, 100);
    last.x = event.clientX;
    last.y = event.clientY;
    show();
  });
  for (const ended of ["pointerup", "pointercancel"]) {
    element.addEventListener(ended, ({ pointerId }) => {
      if (pointerId === last?.pointerId) last = null;
    });
  }
  element.addEventListener("dblclick", (event) => {
    const lens = event.target.closest(".lens");
    if (!lens) return;
    if (view.zoom <= 1) {
      const box = lens.getBoundingClientRect();
      view.x = (100 * (event.clientX - box.left)) / box.width;
      view.y = (100 * (event.clientY - box.top)) / box.height;
    }
    view.zoom = view.zoom > 1 ? 1 : closer();
    show();
  });
  return { show };
};

// Two pictures in one place, see divided.html, of which the range over them, or the handle, says how
// much is seen of each.
const divided = () => {
  const figure = () => element.querySelector(".before-after");
  const range = () => figure()?.querySelector("input");
  const show = () => figure()?.style.setProperty("--at", range().value + "%");
  element.addEventListener("input", ({ target }) => {
    if (target === range()) show();
  });
  // A double click enlarges, and leaves the range where it was.
  let valueBefore = null;
  element.addEventListener("mousedown", ({ target, detail }) => {
    if (target === range() && detail === 1) valueBefore = target.value;
  });
  element.addEventListener("dblclick", ({ target }) => {
    if (target !== range()) return;
    target.value = valueBefore;
    show();
  });
  // Enlarged, the pictures are dragged: then it goes by the handle alone. And a finger moves it from
  // wherever it lies, also where the browser has ranges moved by their thumbs alone, as on iPhones.
  const grips = ({ target, pointerType }) =>
    target.matches(".handle") || (target === range() && pointerType === "touch");
  const follow = ({ clientX }) => {
    const { left, width } = figure().getBoundingClientRect();
    range().value = (100 * (clientX - left)) / width;
    show();
  };
  element.addEventListener("pointerdown", (event) => {
    if (grips(event)) event.target.setPointerCapture(event.pointerId);
  });
  for (const kind of ["pointermove", "pointerup"]) {
    element.addEventListener(kind, (event) => {
      if (grips(event) && event.target.hasPointerCapture(event.pointerId)) follow(event);
    });
  }
  // Puts two pictures of one shape there.
  const put = (before, after, { width, height }) => {
    const [second, first] = figure().querySelectorAll("img");
    second.src = after.url;
    first.src = before.url;
    figure().style.aspectRatio = width / height;
    figure().style.maxWidth = `calc(65vh * ${width / height})`;
  };
  return { figure, range, show, put };
};

