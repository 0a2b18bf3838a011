"""The page: layout and events."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import Dependency

from lowlight_hub.attempts import ATTEMPTS, DEFAULT
from lowlight_hub.demo import figures, handlers, service
from lowlight_hub.demo.api import QUEUE, TOGETHER, add_endpoints
from lowlight_hub.demo.texts import TEXTS
from lowlight_hub.photos import SUFFIXES
from lowlight_hub.restoring import DETAILS, MAX_STOPS

HERE = Path(__file__).parent
MAX_UPLOAD = "60mb"
MAX_WAITING = 20
# How often old files are looked for, and how old they are: gone within the hour.
SWEEP_S, KEEP_S = 600, 2700
I18N = gr.I18n(**TEXTS)
# The address of the page holds the settings, so that it can be sent to somebody.
TO_ADDRESS = """(model, strength, brightness, detail) => {
  const address = new URL(window.location.href);
  for (const [name, value] of Object.entries({ model, strength, brightness, detail })) {
    if (value !== null) address.searchParams.set(name, value);
  }
  window.history.replaceState(null, "", address);
  window.markBrightness?.(brightness);
}"""
# A result that is asked for lies above or, on a phone, far below.
TO_RESULT = """(photos) => {
  const place = document.querySelector("#slider");
  const top = place?.getBoundingClientRect().top;
  if (!photos?.length || (top >= 0 && top < window.innerHeight / 2)) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  place?.scrollIntoView({ behavior: calm ? "instant" : "smooth", block: "start" });
}"""
# What is compared is the first photo: another one ends it, and takes tiles and reference away.
# By the browser, at once: by the server, it might come after the start of the next comparison.
OF_ANOTHER_PHOTO = """(photos) => {
  const keep = { __type__: "update" };
  const hide = { ...keep, visible: "hidden" };
  const [before, first] = [window.firstPhoto, photos?.[0]?.image?.path];
  window.firstPhoto = first;
  if (first && first === before) return [keep, keep, keep, keep, keep];
  if (before) document.querySelector("#stop-all")?.click();
  return [null, "", "", hide, before ? null : keep];
}"""
# Gradio's example pictures have no names of their own, and lose ours whenever it draws them anew.
# A number that was typed counts for Gradio once its field is left: so the Enter key leaves it. Then
# one beyond the range becomes the nearest within it, and an empty field the default.
# The download is of the settings before while others are in work; and Stop, which takes it away,
# has nothing to do while none are. By mouse or by key.
ON_LOAD = """() => {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input[type=number]")) event.target.blur();
  });
  document.addEventListener("blur", ({ target }) => {
    if (!target.matches?.("input[type=number]")) return;
    if (target.value === "") return target.closest(".block").querySelector(".reset-button").click();
    const within = Math.min(Number(target.max), Math.max(Number(target.min), Number(target.value)));
    if (within === Number(target.value)) return;
    target.value = within;
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }, true);
  document.addEventListener("click", (event) => {
    const inWork = document.querySelector("#note .progress-text, #note .generating");
    const early = inWork?.matches(".translucent > *") && event.target.closest("#download");
    const late = !inWork && event.target.closest("#stop");
    if (early || late) event.stopImmediatePropagation();
    if (early) event.preventDefault();
  }, true);
  const names = %s;
  const name = () => {
    const buttons = document.querySelectorAll("#examples button.gallery-item");
    buttons.forEach((button, place) => button.setAttribute("aria-label", names[place]));
  };
  name();
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
}"""
COPY_ADDRESS = "() => { navigator.clipboard.writeText(window.location.href); }"
THEME = gr.themes.Default(
    primary_hue="amber",
    neutral_hue="zinc",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(
    # Dark letters on amber, and greys that can be read: WCAG AA.
    button_primary_background_fill="*primary_400",
    button_primary_background_fill_hover="*primary_300",
    button_primary_background_fill_dark="*primary_400",
    button_primary_background_fill_hover_dark="*primary_300",
    button_primary_text_color="#18181b",
    button_primary_text_color_dark="#18181b",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_300",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_300",
    block_label_text_color="*neutral_700",
    block_label_text_color_dark="*neutral_200",
    color_accent="*primary_700",
    link_text_color="*primary_800",
    link_text_color_dark="*primary_300",
    link_text_color_hover="*primary_900",
    link_text_color_hover_dark="*primary_200",
    link_text_color_visited="*primary_800",
    link_text_color_visited_dark="*primary_300",
)


def _html(name: str, elem_id: str) -> gr.HTML:
    return gr.HTML(
        html_template=(HERE / f"{name}.html").read_text(encoding="utf-8"),
        js_on_load=(HERE / f"{name}.js").read_text(encoding="utf-8"),
        elem_id=elem_id,
    )


def _detail(elem_id: str, **settings: Any) -> gr.Radio:
    choices = [(I18N(f"detail_{name}"), name) for name in DETAILS]
    return gr.Radio(
        choices,
        value="transfer",
        label=I18N("detail"),
        min_width=260,
        elem_id=elem_id,
        **settings,
    )


def _number(name: str, least: float, most: float, *, value: float, **settings: Any) -> gr.Slider:
    """A number that the server takes as the nearest that can be, whatever is sent."""
    number = gr.Slider(
        least, most, value, label=I18N(name), min_width=260, elem_id=name, **settings
    )
    # One that is still being typed may be beyond the range, or not there: Gradio would refuse it,
    # and with it the photo that came meanwhile. Not a subclass: Gradio writes a .pyi file beside
    # the source of each; and kept as long as events set no more of it than its value.
    number.preprocess = lambda payload: (  # type: ignore[method-assign]
        value if payload is None else min(most, max(least, payload))
    )
    return number


def build() -> gr.Blocks:
    """The page, to be launched with `launch_settings()`."""
    with gr.Blocks(title="lowlight-hub", delete_cache=(SWEEP_S, KEEP_S)) as demo:
        gr.Markdown(I18N("introduction"))
        with gr.Row():
            with gr.Column(scale=1, min_width=300):
                photos = gr.Gallery(
                    label=I18N("photos"),
                    sources=["upload", "webcam", "clipboard"],
                    file_types=["image", *SUFFIXES],
                    interactive=True,
                    type="filepath",
                    format="png",
                    columns=2,
                    height="auto",
                    object_fit="contain",
                    buttons=[],
                    elem_id="photos",
                )
                examples = gr.Examples(
                    [[[str(file)]] for file in service.example_files()],
                    [photos],
                    label=I18N("examples"),
                    elem_id="examples",
                )
            with gr.Column(scale=2, min_width=300), gr.Tabs():
                with gr.Tab(I18N("enhance"), id="enhance"):
                    _enhance_tab(demo, photos, examples.load_input_event)
                with gr.Tab(I18N("compare"), id="compare"):
                    _compare_tab(photos, examples.load_input_event)
                with gr.Tab(I18N("results"), id="results"):
                    _results_tab()
        add_endpoints()
    return demo.queue(max_size=MAX_WAITING)


def _enhance_tab(demo: gr.Blocks, photos: gr.Gallery, example: Dependency) -> None:
    slider = _html("before_after", "slider")
    gallery = gr.Gallery(
        label=I18N("restored"),
        visible=handlers.HIDDEN,
        interactive=False,
        format="png",
        object_fit="contain",
        columns=3,
        fit_columns=False,
        height="auto",
        buttons=["download", "fullscreen"],
        elem_id="restored",
    )
    note = gr.Markdown(I18N("start"), elem_id="note")
    # Its label is said in the language of the page when there is something to download.
    download = gr.DownloadButton(variant="primary", visible=handlers.HIDDEN, elem_id="download")
    choices = _html("choices", "choices")
    model = gr.Dropdown(
        figures.model_choices(), value=DEFAULT, label=I18N("model"), elem_id="model"
    )
    with gr.Row():
        strength = _number("strength", 0, 1, value=1, step=0.05)
        brightness = _number(
            "brightness", -MAX_STOPS, MAX_STOPS, value=0, step=0.1, info=I18N("brightness_info")
        )
    about = gr.Markdown(handlers.about(DEFAULT), elem_id="about")
    detail = _detail("detail", visible=handlers.detail_shown(DEFAULT))
    formats = [(it.upper(), it) for it in service.FORMATS]
    file_format = gr.Radio(formats, value="png", label=I18N("format"), elem_id="format")
    keep = gr.Checkbox(False, label=I18N("keep_metadata"), elem_id="keep")
    with gr.Row():
        button = gr.Button(I18N("run"), min_width=120, elem_id="run")
        stop = gr.Button(I18N("stop"), min_width=120, elem_id="stop")
        link = gr.Button(I18N("link"), min_width=220, elem_id="link")
    luminance = gr.LinePlot(
        x="luminance",
        y="share",
        color="photo",
        colors_in_legend=[],
        x_title="0–255",
        y_title="%",
        label=I18N("luminance"),
        height=240,
        visible=False,
        buttons=[],
        elem_id="luminance",
    )
    settings = [model, strength, brightness, detail]
    work = {
        "fn": handlers.enhance_photos,
        "inputs": [photos, *settings, file_format, keep],
        "outputs": [slider, gallery, download, luminance, note],
        "trigger_mode": "always_last",
        "show_progress_on": note,
        "api_visibility": "private",
        "concurrency_id": QUEUE,
        "concurrency_limit": TOGETHER,
    }
    changes = [model.input, strength.release, brightness.release, detail.input]
    changes += [file_format.input, keep.input]
    started = gr.on([button.click, photos.change, *changes], **work)
    # A gallery that an example fills does not say that it has changed.
    from_example = example.then(**work)
    for asked in (button.click, photos.change, example.then):
        asked(None, photos, None, js=TO_RESULT)
    # Of another photo, those of the one before are gone at once.
    for other_photo in (photos.change, example.then):
        other_photo(None, None, choices, js="() => null")
    for done in (started, from_example):
        done.then(
            handlers.brightness_choices,
            [photos, model, strength, detail],
            choices,
            trigger_mode="always_last",
            show_progress="hidden",
            api_visibility="private",
            concurrency_id=QUEUE,
            concurrency_limit=TOGETHER,
        )
    stop.click(
        handlers.stopped,
        None,
        [note, download],
        cancels=[started, from_example],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    model.change(
        handlers.about_and_detail,
        model,
        [about, detail],
        queue=False,
        api_visibility="private",
    )
    changed = [model.change, strength.change, brightness.change, detail.change]
    gr.on(changed, None, settings, None, js=TO_ADDRESS)
    link.click(None, None, None, js=COPY_ADDRESS)
    demo.load(handlers.settings_of_address, None, settings, queue=False, api_visibility="private")


def _compare_tab(photos: gr.Gallery, example: Dependency) -> None:
    with gr.Row():
        detail = _detail("compare-detail")
        reference = gr.Image(
            type="filepath",
            label=I18N("reference"),
            sources=["upload", "clipboard"],
            height=150,
            min_width=260,
            buttons=[],
            elem_id="reference",
        )
    with gr.Row():
        button = gr.Button(I18N("run_compare"), variant="primary", min_width=220, elem_id="all")
        stop = gr.Button(I18N("stop"), min_width=120, elem_id="stop-all")
    note = gr.Markdown(elem_id="compare-note")
    tiles = _html("side_by_side", "tiles")
    table = gr.Markdown(elem_id="ranking")
    sheet = gr.DownloadButton(visible=handlers.HIDDEN, elem_id="sheet")
    compared = [tiles, note, table, sheet]
    # Not a subclass, as _number() is none.
    reference.preprocess = lambda payload: payload.path if payload else None  # type: ignore
    started = button.click(
        handlers.compare_photo,
        [photos, reference, detail],
        compared,
        api_visibility="private",
        concurrency_id=QUEUE,
        concurrency_limit=TOGETHER,
    )
    stop.click(None, None, None, cancels=[started])
    # What is shown is of the photo that is there.
    for other_photo in (photos.change, example.then):
        other_photo(None, photos, [*compared, reference], js=OF_ANOTHER_PHOTO)


def _results_tab() -> None:
    gr.Markdown(I18N("protocol"))
    gr.Markdown(figures.evaluation_table(), elem_id="evaluation")
    of = gr.Dropdown(
        [(it.title, name) for name, it in ATTEMPTS.items()], value=DEFAULT, label=I18N("losses")
    )
    losses = figures.loss_frame(DEFAULT)
    plot = gr.LinePlot(
        losses,
        x="epoch",
        y="loss",
        color="of",
        colors_in_legend=[],
        label=I18N(figures.loss_title(losses)),
        height=300,
        buttons=[],
        elem_id="losses",
    )
    of.change(handlers.loss_plot, of, plot, queue=False, api_visibility="private")


def launch_settings() -> dict:
    """Keyword arguments of launch()."""
    names = [file.stem.replace("_", " ") for file in service.example_files()]
    return {
        "js": ON_LOAD % json.dumps(names),
        "theme": THEME,
        "css": (HERE / "page.css").read_text(encoding="utf-8"),
        "i18n": I18N,
        "pwa": True,
        "favicon_path": str(HERE / "icon.png"),
        "max_file_size": MAX_UPLOAD,
        "show_error": False,
        "ssr_mode": False,
    }
