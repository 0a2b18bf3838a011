"""The page: its look, its photos, and its tabs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError

from lowlight_hub.demo import scratch
from lowlight_hub.demo.answers import HIDDEN, said_to, warn
from lowlight_hub.demo.api import add_endpoints
from lowlight_hub.demo.compare_tab import compare_tab
from lowlight_hub.demo.enhance_tab import enhance_tab
from lowlight_hub.demo.examples import example_files, thumbnails, with_example
from lowlight_hub.demo.parts import HERE, I18N
from lowlight_hub.demo.results_tab import results_tab
from lowlight_hub.photos import SUFFIXES

MAX_UPLOAD_MB = 60
MAX_WAITING = 20
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


def build() -> gr.Blocks:
    """The page, to be launched with `launch_settings()`."""
    with gr.Blocks(
        title="lowlight-hub", delete_cache=(scratch.GRADIO_SWEEPS_S, scratch.KEEP_S)
    ) as demo:
        gr.Markdown(I18N("introduction"))
        with gr.Row():
            with gr.Column(scale=1, min_width=300):
                photos = gr.Gallery(
                    label=I18N("photos"),
                    # No webcam: Gradio mirrors its photos, and they take the place of all others.
                    sources=["upload", "clipboard"],
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
                refused = gr.JSON(visible=False)
                gr.Button(visible=HIDDEN, elem_id="refused").click(
                    tell_of_refused,
                    refused,
                    js="() => [window.refusedFiles]",
                    concurrency_limit=None,  # it waits for no photo; past the queue is no warning
                    show_progress="hidden",
                    api_visibility="private",
                )
                examples = gr.Dataset(
                    components=[photos],
                    samples=[[[str(file)]] for file in thumbnails()],
                    label=I18N("examples"),
                    elem_id="examples",
                )
                chosen = examples.click(
                    with_example,
                    [photos, examples],
                    photos,
                    trigger_mode="always_last",
                    queue=False,  # it waits for no photo that is in work
                    show_progress="hidden",
                    api_visibility="private",
                )
            with gr.Column(scale=2, min_width=300), gr.Tabs():
                with gr.Tab(I18N("enhance"), id="enhance"):
                    listen = enhance_tab(demo, photos, chosen)
                with gr.Tab(I18N("compare"), id="compare"):
                    compare_tab(photos, chosen)
                with gr.Tab(I18N("results"), id="results"):
                    results_tab()
        listen()
        add_endpoints()
    for block in demo.blocks.values():
        scratch.keep(getattr(block, "keep_in_cache", ()))
    scratch.look_after_uploads()
    _say_what_is_gone(demo)
    return demo.queue(max_size=MAX_WAITING)


def tell_of_refused(files: Sequence[Mapping[str, Any]], request: gr.Request) -> None:
    """Says of files that were not taken why, each by its `name` and whether it `is_photo`."""
    said = said_to(request)
    why = {True: f"{said['too_large']} {MAX_UPLOAD_MB} MB", False: said["no_photo_file"]}
    told = "; ".join(f"{it['name']} ({why[it['is_photo']]})" for it in files)
    warn(f"{said['not_added']}: {told}.", said)


def _say_what_is_gone(demo: gr.Blocks) -> None:
    """Has photos told to be gone that an open page still shows after the demo was started anew.

    Gradio refuses them before any function of ours is called, and tells nobody.
    """
    process = demo.process_api

    async def told(*given, **settings):
        try:
            return await process(*given, **settings)
        except InvalidPathError:
            said = said_to(settings.get("request"))
            raise gr.Error(f"{said['gone']}.", print_exception=False) from None

    # Not a subclass: Gradio writes a .pyi file beside the source of each.
    demo.process_api = told  # type: ignore[method-assign]


def launch_settings() -> dict:
    """Keyword arguments of launch()."""
    known = {
        "names": [file.stem.replace("_", " ") for file in example_files()],
        "suffixes": SUFFIXES,
        "most_bytes": MAX_UPLOAD_MB * 2**20,
    }
    return {
        "js": (HERE / "page.js").read_text(encoding="utf-8") % json.dumps(known),
        "theme": THEME,
        "css": (HERE / "page.css").read_text(encoding="utf-8"),
        "i18n": I18N,
        "pwa": True,
        "favicon_path": str(HERE / "icon.png"),
        "max_file_size": f"{MAX_UPLOAD_MB}mb",
        "show_error": False,
        "ssr_mode": False,
    }
