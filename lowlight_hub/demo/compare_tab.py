"""The page's Compare tab: layout and events."""

import gradio as gr
from gradio.events import Dependency

from lowlight_hub.demo import comparing
from lowlight_hub.demo.answers import HIDDEN
from lowlight_hub.demo.api import QUEUED
from lowlight_hub.demo.parts import ASK_FOR_PHOTOS, I18N, detail_choice, html
from lowlight_hub.demo.work import a_visitors_work, end_work

# What is compared is the photo in view; a reference is of the one that was when it was given. Where
# photos are gone, so is what was theirs.
# By the browser, at once: by the server, it might come after the start of the next comparison.
OF_OTHER_PHOTOS = """(photos) => {
  const keep = { __type__: "update" };
  const isGone = (path) => path && !photos?.some(({ image }) => image.path === path);
  const [others, anotherReference] = [window.comparedPhoto, window.referenceOf].map(isGone);
  if (others) {
    window.comparedPhoto = null;
    document.querySelector("#end-all")?.click();
  }
  if (anotherReference) window.referenceOf = null;
  const tiles = others ? [null, "", "", { ...keep, visible: "hidden" }] : [keep, keep, keep, keep];
  return [...tiles, anotherReference ? null : keep];
}"""
OF_THE_PHOTO = """() => { window.referenceOf = window.photoInView?.(); }"""
# The photo that is compared comes first; its reference, if that is one of it.
COMPARED = """(_, work, photos, reference, detail) => {
  const rank = ({ image }) => image.path === window.photoInView?.() ? 0 : 1;
  const ordered = [...(photos ?? [])].sort((one, other) => rank(one) - rank(other));
  window.comparedPhoto = ordered[0]?.image.path;
  window.referenceOf ??= window.comparedPhoto;
  const isOfIt = window.referenceOf === window.comparedPhoto;
  return [%s, work, ordered, isOfIt ? reference : null, detail];
}"""
OF_IT_ALONE = """(reference) => window.referenceOf === window.comparedPhoto ? reference : null"""

# Eleven attempts take their time: not before somebody asks for them.
OUTDATED = """() => document.querySelector("#tiles .tiles")?.classList.add("outdated")"""


def compare_tab(photos: gr.Gallery, example: Dependency) -> None:
    """Puts the tab where this is called, for one of the photos."""
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
        end = gr.Button(visible=HIDDEN, elem_id="end-all")  # clicked by OF_OTHER_PHOTOS
    note = gr.Markdown(elem_id="compare-note")
    tiles = html("side_by_side", "tiles")
    table = gr.Markdown(elem_id="ranking")
    sheet = gr.DownloadButton(visible=HIDDEN, elem_id="sheet")
    compared = [tiles, note, table, sheet]
    button.click(None, None, None, js="() => window.awaitResult('tiles')")
    button.click(None, photos, None, js=ASK_FOR_PHOTOS)
    gr.on([detail.input, reference.input], None, None, None, js=OUTDATED)
    reference.input(None, None, None, js=OF_THE_PHOTO)
    # Not a subclass, as number() is none.
    reference.preprocess = lambda payload: payload.path if payload else None  # type: ignore
    of_work, one_more, ending = a_visitors_work("compare")
    started = button.click(
        comparing.compare_photo,
        [*of_work, photos, reference, detail],
        compared,
        js=COMPARED % one_more,
        api_visibility="private",
        **QUEUED,
    )
    button.click(None, reference, reference, js=OF_IT_ALONE)
    stop.click(comparing.stop, outputs=note, cancels=[started], **ending)
    end.click(end_work, cancels=[started], **ending)
    for other_photos in (photos.change, example.then):
        other_photos(None, photos, [*compared, reference], js=OF_OTHER_PHOTOS)
