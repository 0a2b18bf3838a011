"""The page's Compare tab: layout and events."""

import gradio as gr
from gradio.events import Dependency

from lowlight_hub.demo import comparing
from lowlight_hub.demo.answers import HIDDEN
from lowlight_hub.demo.api import QUEUED
from lowlight_hub.demo.parts import ASK_FOR_PHOTOS, I18N, detail_choice, html
from lowlight_hub.demo.work import end_work, ending_of, stop_work

# What is compared is the photo in view. Where it is gone, so is what was made of it.
# By the browser, at once: by the server, it might come after the start of the next comparison.
OF_OTHER_PHOTOS = """(photos) => {
  const keep = { __type__: "update" };
  const isThere = (path) => photos?.some(({ image }) => image.path === path);
  const compared = window.comparedPhoto;
  if (compared && !isThere(compared)) {
    window.comparedPhoto = null;
    document.querySelector("#end-all")?.click();
  }
  const note = isThere(compared) ? keep : "";  // it may say that there was no photo
  // What could not be compared has left the tiles of another.
  const shown = window.tilesPhoto?.() ?? compared;
  if (!shown || isThere(shown)) return [keep, note, keep, keep];
  return [null, note, "", { ...keep, visible: "hidden" }];
}"""
COMPARED = """(_, work, photos, reference, detail) => {
  const rank = ({ image }) => image.path === window.photoInView?.() ? 0 : 1;
  const ordered = [...(photos ?? [])].sort((one, other) => rank(one) - rank(other));
  window.comparedPhoto = ordered[0]?.image.path;
  return [%s, work, ordered, reference, detail];
}"""
# Each photo has a reference of its own; one that was given before any photo is of the first.
REFERENCE_OF_IT = """(reference) => {
  (window.references ??= {})[window.photoInView?.()] = reference;
  window.judgeTiles?.();
}"""
OF_THE_PHOTO_IN_VIEW = """() => {
  const [known, path] = [(window.references ??= {}), window.photoInView?.()];
  if (path && known[undefined]) {
    known[path] ??= known[undefined];
    delete known[undefined];
  }
  window.judgeTiles?.();
  return known[path] ?? null;
}"""
JUDGE = "() => { window.judgeTiles?.(); }"
ASKED = """() => {
  window.awaitResult("tiles");
  document.querySelector("#tiles .tiles")?.classList.add("outdated");
}"""


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
        in_view = gr.Button(visible=HIDDEN, elem_id="in-view")  # clicked whenever another photo is
    note = gr.Markdown(elem_id="compare-note")
    tiles = html("side_by_side", "tiles")
    table = gr.Markdown(elem_id="ranking")
    sheet = gr.DownloadButton(visible=HIDDEN, elem_id="sheet")
    compared = [tiles, note, table, sheet]
    # Eleven attempts take their time: not before somebody asks for them.
    button.click(None, None, None, js=ASKED)
    button.click(None, photos, None, js=ASK_FOR_PHOTOS)
    gr.on([detail.input, stop.click], None, None, None, js=JUDGE)
    reference.input(None, reference, None, js=REFERENCE_OF_IT)
    in_view.click(None, None, reference, js=OF_THE_PHOTO_IN_VIEW)
    # Not a subclass, as number() is none.
    reference.preprocess = lambda payload: payload.path if payload else None  # type: ignore
    ending = ending_of("compare", "all")
    # The one before, of which another click wants no more.
    button.click(end_work, **ending.at_an_ask)
    started = button.click(
        comparing.compare_photo,
        [*ending.inputs, photos, reference, detail],
        compared,
        js=COMPARED % ending.number,
        trigger_mode="always_last",
        api_visibility="private",
        **QUEUED,
    )
    stop.click(comparing.stop, outputs=note, cancels=[started], **ending.at_a_stop)
    started.then(None, None, None, js=JUDGE)
    started.failure(comparing.not_begun, outputs=note, **ending.at_a_refusal)
    end.click(stop_work, cancels=[started], **ending.at_a_stop)
    for other_photos in (photos.change, example.then):
        other_photos(None, photos, compared, js=OF_OTHER_PHOTOS)
