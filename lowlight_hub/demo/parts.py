"""Parts of the page that its tabs share."""

import re
from pathlib import Path
from typing import Any

import gradio as gr

from lowlight_hub.demo.texts import TEXTS
from lowlight_hub.look import DETAILS, RANGES

HERE = Path(__file__).parent
I18N = gr.I18n(**TEXTS)
ASK_FOR_PHOTOS = """(photos) => { if (!photos?.length) window.askForPhotos(); }"""


def html(name: str, elem_id: str, **settings: Any) -> gr.HTML:
    """A part of our own, of the template and the script NAME.html and NAME.js beside this file.

    Before the script comes what scripts share, pictures.js; {{> other}} in the template is what
    other.html holds.
    """

    def text(file: str) -> str:
        return (HERE / file).read_text(encoding="utf-8")

    return gr.HTML(
        html_template=re.sub("{{> (.*)}}", lambda it: text(f"{it[1]}.html"), text(f"{name}.html")),
        js_on_load=text("pictures.js") + text(f"{name}.js"),
        elem_id=elem_id,
        **settings,
    )


def detail_choice(elem_id: str, **settings: Any) -> gr.Radio:
    """The choice of what becomes of a photo's edges, see lowlight_hub.enhance."""
    choices = [(I18N(f"detail_{name}"), name) for name in DETAILS]
    return gr.Radio(
        choices,
        value="transfer",
        label=I18N("detail"),
        min_width=260,
        elem_id=elem_id,
        **settings,
    )


def number(name: str, *, value: float, **settings: Any) -> gr.Slider:
    """A setting of RANGES, which the server takes as the nearest that can be, whatever is sent."""
    reach = RANGES[name]
    slider = gr.Slider(
        reach.least, reach.most, value, label=I18N(name), min_width=260, elem_id=name, **settings
    )
    # One that is still being typed may be beyond the range, or not there: Gradio would refuse it,
    # and with it the photo that came meanwhile. Not a subclass: Gradio writes a .pyi file beside
    # the source of each; and kept as long as events set no more of it than its value.
    slider.preprocess = lambda payload: (  # type: ignore[method-assign]
        value if payload is None else reach.nearest(payload)
    )
    return slider
