"""The page's Compare tab: layout and events."""

import gradio as gr
from gradio.events import Dependency

from lowlight_hub.demo import comparing
from lowlight_hub.demo.answers import HIDDEN
from lowlight_hub.demo.api import QUEUED
from lowlight_hub.demo.parts import I18N, detail_choice, html
from lowlight_hub.demo.work import a_visitors_work, end_work

# What is compared is the first photo: another one ends it, and takes tiles and reference away.
# By the browser, at once: by the server, it might come after the start of the next comparison.
OF_ANOTHER_PHOTO = """(photos) => {
  const keep = { __type__: "update" };
  const hide = { ...keep, visible: "hidden" };
  const [before, first] = [window.firstPhoto, photos?.[0]?.image?.path];
  window.firstPhoto = first;
  if (first && first === before) return [keep, keep, keep, keep, keep];
  if (before) document.querySelector("#end-all")?.click();
  return [null, "", "", hide, before ? null : keep];
}"""

# Eleven attempts take their time: not before somebody asks for them.
OUTDATED = """() => document.querySelector("#tiles .tiles")?.classList.add("outdated")"""


def compare_tab(photos: gr.Gallery, example: Dependency) -> None:
    """Puts the tab where this is called, for the first of the photos."""
    with gr.Row():
        detail = detail_choice("compare-detail")
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
        end = gr.Button(visible=HIDDEN, elem_id="end-all")  # clicked by OF_ANOTHER_PHOTO
    note = gr.Markdown(elem_id="compare-note")
    tiles = html("side_by_side", "tiles")
    table = gr.Markdown(elem_id="ranking")
    sheet = gr.DownloadButton(visible=HIDDEN, elem_id="sheet")
    compared = [tiles, note, table, sheet]
    button.click(None, None, None, js="() => window.awaitResult('tiles')")
    gr.on([detail.input, reference.input], None, None, None, js=OUTDATED)
    # Not a subclass, as number() is none.
    reference.preprocess = lambda payload: payload.path if payload else None  # type: ignore
    of_work, one_more, ending = a_visitors_work("compare")
    started = button.click(
        comparing.compare_photo,
        [*of_work, photos, reference, detail],
        compared,
        js=f"(_, ...others) => [{one_more}, ...others]",
        api_visibility="private",
        **QUEUED,
    )
    stop.click(comparing.stop, outputs=note, cancels=[started], **ending)
    end.click(end_work, cancels=[started], **ending)
    # What is shown is of the photo that is there.
    for other_photo in (photos.change, example.then):
        other_photo(None, photos, [*compared, reference], js=OF_ANOTHER_PHOTO)
