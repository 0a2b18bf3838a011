() => {
  const isNumber = (field) => field.matches?.("input[type=number]");
  // A number that was typed counts for Gradio once its field is left: so the Enter key leaves it.
  // Then one beyond the range becomes the nearest within it, and an empty field the default. A
  // browser whose decimals have a point would drop a comma, and make 05 of 0,5.
  document.addEventListener("keydown", (event) => {
    if (!isNumber(event.target)) return;
    if (event.key === "Enter") event.target.blur();
    if (event.key !== ",") return;
    event.preventDefault();
    document.execCommand("insertText", false, ".");
  });
  document.addEventListener("blur", (event) => {
    const { target } = event;
    if (!isNumber(target)) return;
    if (target.value === "") {
      event.stopImmediatePropagation(); // the button tells of a release itself
      return target.closest(".block").querySelector(".reset-button").click();
    }
    const within = Math.min(Number(target.max), Math.max(Number(target.min), Number(target.value)));
    if (within === Number(target.value)) return;
    target.value = within;
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }, true);
  // Gradio also calls it a release when a number is clicked into, or left as it was: that would end
  // what is in work, and begin it anew.
  const left = new WeakMap();
  // A finger is lifted before what it touched has the focus.
  for (const kind of ["focusin", "pointerdown"]) {
    document.addEventListener(kind, ({ target }) => {
      const isNew = kind === "focusin" || target !== document.activeElement;
      if (isNumber(target) && isNew) left.set(target, target.value);
    }, true);
  }
  for (const kind of ["blur", "pointerup"]) {
    document.addEventListener(kind, (event) => {
      const { target } = event;
      if (!event.isTrusted || !isNumber(target)) return;
      if (target.value === left.get(target)) event.stopImmediatePropagation();
      left.set(target, target.value);
    }, true);
  }
  // Of a range Gradio tells of a release by the mouse, changed or not, and of none by a key, nor of a
  // tap's change, which comes after it. Here each change is one, by keys once they are let go.
  const isRange = (field) => field.matches?.("#numbers input[type=range]");
  let moved = null;
  let isKeyDown = false;
  const tellOfMove = () => {
    const number = moved?.closest(".block").querySelector("input[type=number]");
    moved = null;
    number?.dispatchEvent(new Event("blur"));
  };
  document.addEventListener("pointerup", (event) => {
    if (isRange(event.target)) event.stopImmediatePropagation();
  }, true);
  document.addEventListener("keydown", ({ target }) => { isKeyDown = isRange(target); });
  document.addEventListener("change", ({ target }) => {
    if (!isRange(target)) return;
    moved = target;
    if (!isKeyDown) tellOfMove();
  });
  const letGo = () => {
    isKeyDown = false;
    tellOfMove();
  };
  document.addEventListener("keyup", letGo);
  window.addEventListener("blur", letGo); // a key that leaves the window is let go elsewhere
  // Downloads are of the settings before while others are in work. By mouse or by key.
  document.addEventListener("click", (event) => {
    const inWork = document.querySelector("#note .translucent > :is(.progress-text, .generating)");
    const held = "#download, .before-after.outdated ~ .small-print .this-file";
    if (!inWork || !event.target.closest(held)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
  }, true);
  // A result that was asked for comes into view once it is there: it lies above or, on a phone, far
  // below. Not where its visitor went on to look elsewhere meanwhile.
  let awaited = null;
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { awaited = null; }, { passive: true });
  }
  window.awaitResult = (id) => { awaited = id; };
  window.showResult = (id) => {
    if (awaited !== id) return;
    awaited = null;
    const place = document.getElementById(id);
    const { top } = place.getBoundingClientRect();
    if (top >= 0 && top < window.innerHeight / 2) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    place.scrollIntoView({ behavior: calm ? "instant" : "smooth", block: "start" });
  };
  // What cannot be done without a photo shows where photos go.
  let asked = null;
  window.askForPhotos = () => {
    const place = document.querySelector("#photos");
    place.scrollIntoView({ block: "nearest" });
    place.classList.add("asked");
    clearTimeout(asked);
    asked = setTimeout(() => place.classList.remove("asked"), 2000);
  };
  const { names, suffixes, most_bytes } = %s;
  const isPhoto = ({ name, type }) =>
    type.startsWith("image/") || suffixes.some((it) => name.toLowerCase().endsWith(it));
  // Of files those that can be taken; which of them cannot is told. Gradio takes none where one is
  // too large, and beside photos that are there already does not say why.
  const taken = (files) => {
    const good = files.filter((it) => isPhoto(it) && it.size <= most_bytes);
    const others = files.filter((it) => !good.includes(it));
    if (others.length) {
      window.refusedFiles = others.map((it) => ({ name: it.name, is_photo: isPhoto(it) }));
      document.querySelector("#refused").click();
    }
    return good;
  };
  const place = () => document.querySelector("#photos input[type=file]");
  const addPhotos = async (files) => {
    // There is no place while others are on their way.
    while (files.length && !place()) await new Promise((then) => setTimeout(then, 100));
    if (!files.length) return;
    const given = new DataTransfer();
    for (const file of files) given.items.add(file);
    place().files = given.files;
    place().dispatchEvent(new Event("change", { bubbles: true }));
  };
  // Photos dropped beside a place for them, or onto others, are added, and so are pasted ones; for
  // what is dropped the browser would leave the page.
  for (const kind of ["dragover", "drop", "paste"]) {
    document.addEventListener(kind, (event) => {
      const given = event.dataTransfer ?? event.clipboardData;
      if (event.defaultPrevented || !given?.types.includes("Files")) return;
      event.preventDefault();
      if (kind !== "dragover") addPhotos(taken([...given.files]));
    });
  }
  // What Gradio itself would take, chosen or dropped.
  for (const kind of ["change", "drop"]) {
    document.addEventListener(kind, (event) => {
      const { target, dataTransfer } = event;
      if (!target.closest?.(kind === "drop" ? "#photos" : "#photos input[type=file]")) return;
      const files = [...(dataTransfer ?? target).files];
      const good = taken(files);
      if (good.length === files.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (dataTransfer) target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
      else target.value = "";
      addPhotos(good);
    }, true);
  }
  // Gradio's example pictures have no names of their own, and lose ours whenever it draws them anew.
  const name = () => {
    const buttons = document.querySelectorAll("#examples button.gallery-item");
    buttons.forEach((button, place) => button.setAttribute("aria-label", names[place]));
    // What a note says changes without the focus: a screen reader tells it.
    for (const id of ["note", "compare-note"]) {
      document.getElementById(id)?.setAttribute("role", "status");
    }
    // What a browser shows in place of a photo that it cannot, HEIC or a raw file.
    for (const picture of document.querySelectorAll("#photos .thumbnail-item img")) {
      picture.alt = decodeURIComponent(picture.src.split("/").pop());
    }
  };
  name();
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
}
