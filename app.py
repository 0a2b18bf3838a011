"""The demo, and the entry point of the Space: one photo through every attempt, side by side."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import tempfile
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import torch
from PIL import Image

from lowlight_hub import ATTEMPTS, LowlightError
from lowlight_hub.attempts import ARTICLE
from lowlight_hub.data import dark_free_photos
from lowlight_hub.networks.sizes import SIDE_PX
from lowlight_hub.photos import Photo, open_photo, save_photo, to_picture
from lowlight_hub.restoring import Detail, restore
from lowlight_hub.shelf import Shelf

try:
    import spaces  # on ZeroGPU Spaces only; torch must not be used before
except ImportError:

    def on_gpu(function):
        """Elsewhere a function runs where it is called."""
        return function

else:
    on_gpu = spaces.GPU

INTRODUCTION = f"""
# lowlight-hub
Brighten a dark photo with every autoencoder of
[Enhancing Low Light Images: A Deep Dive into Autoencoders]({ARTICLE}), and see what each makes of
it. They see the whole photo at {SIDE_PX}×{SIDE_PX} pixels, as in the article, and answer with a
blur; the light and the colours of that answer are then carried to your photo, which stays sharp.
"""
MAX_UPLOAD = "60mb"
MAX_WAITING = 20
# The gallery's pictures are previews: ten of a large photo would take minutes to encode.
PREVIEW_PX = 1024
DETAIL_CHOICES = [
    ("Sharp: its light and colours on the photo", "transfer"),
    ("The network's own answer", "network"),
    (f"The same at {SIDE_PX}×{SIDE_PX}, as in the article", "raw"),
]
HOUR_S = 3600
# The gallery's own captions are white on a see-through grey: too faint over a bright photo.
CSS = """
#results .grid-wrap { max-height: none; overflow: visible; }
#results .grid-container {
  grid-template-columns: repeat(auto-fill, minmax(min(210px, 100%), 1fr));
}
#results .caption-label {
  background: #18181b; color: #fff; opacity: 1; max-width: 100%; white-space: normal;
  overflow: visible; text-overflow: clip;
}
@media (max-width: 640px) {
  #results .grid-container { grid-template-columns: 1fr 1fr; }
}
"""


def _photo_upload(**settings) -> gr.Image:
    """An image component that hands over the uploaded file as it is, for photos.py to decode."""
    component = gr.Image(type="filepath", **settings)
    # Not a subclass: Gradio writes a .pyi file beside the source of each.
    component.preprocess = lambda payload: payload.path if payload else None  # type: ignore
    return component


SHELF = Shelf()


def _preview(restored: Photo, photo: Photo) -> Image.Image:
    """What the gallery shows: of a square raw answer the photo's own proportions again."""
    picture = to_picture(restored)
    if restored.size != photo.size:
        scale = SIDE_PX / min(photo.size)
        # A strip of a photo stays within what a page can show.
        size = [min(max(1, round(side * scale)), PREVIEW_PX) for side in photo.size]
        return picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    picture.thumbnail((PREVIEW_PX, PREVIEW_PX), Image.Resampling.LANCZOS)
    return picture


@on_gpu
def restore_with_all(
    path: str | None, detail: Detail = "transfer"
) -> Iterator[tuple[list[tuple[str, str]], str]]:
    """The pictures of all attempts with their captions, one more each time, and a line of text."""
    try:
        if path is None:
            raise LowlightError("There is no photo yet: drop one on the left, or click an example")
        photo = open_photo(path, "The photo")
    except LowlightError as error:
        raise gr.Error(f"{error}.", print_exception=False) from None
    pictures: list[tuple[str, str]] = []
    failures: list[str] = []
    # Files, because pictures would be encoded anew at every step; Gradio keeps copies.
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, attempt) in enumerate(ATTEMPTS.items(), start=1):
            try:
                restored = restore(SHELF.get(name), photo, detail=detail)
            except LowlightError:
                failures.append(attempt.title)
                continue
            file = Path(folder) / f"{name}.png"
            save_photo(_preview(restored, photo), file)
            pictures.append((str(file), attempt.title))
            yield pictures, f"{number} of {len(ATTEMPTS)} attempts"
        note = f"{len(pictures)} attempts. Click a picture to see it large."
        if failures:
            note += f" Left out, because the weights are missing or damaged: {', '.join(failures)}."
        yield pictures, "\n\n".join(filter(None, (note, SHELF.sources())))


def _example_files(folder: Path) -> list[str]:
    files = []
    for name, photo in dark_free_photos().items():
        save_photo(to_picture(photo), folder / f"{name}.png")
        files.append(str(folder / f"{name}.png"))
    return files


def build() -> gr.Blocks:
    """The page, to be launched with `launch_settings()`."""
    with gr.Blocks(title="lowlight-hub", delete_cache=(HOUR_S, HOUR_S)) as demo:
        gr.Markdown(INTRODUCTION)
        with gr.Row():
            with gr.Column(scale=1, min_width=280):
                photo = _photo_upload(
                    label="Dark photo",
                    sources=["upload", "webcam", "clipboard"],
                    height=320,
                    alt_text="The dark photo",
                    buttons=[],
                    elem_id="photo",
                )
                detail = gr.Radio(DETAIL_CHOICES, value="transfer", label="Show")
                button = gr.Button("Restore with every attempt", variant="primary")
                with tempfile.TemporaryDirectory() as folder:  # Gradio keeps copies
                    gr.Examples(_example_files(Path(folder)), photo, label="Or one of these")
            with gr.Column(scale=2, min_width=280):
                gallery = gr.Gallery(
                    show_label=False,
                    format="png",
                    height="auto",
                    object_fit="contain",
                    interactive=False,
                    buttons=["download", "fullscreen"],
                    elem_id="results",
                )
                note = gr.Markdown(elem_id="note")
        for changed in (photo.change, detail.change):
            changed(lambda: (None, ""), None, [gallery, note], api_visibility="private")
        button.click(restore_with_all, [photo, detail], [gallery, note], api_name="compare")
    return demo.queue(max_size=MAX_WAITING)


def launch_settings() -> dict:
    """Keyword arguments of launch()."""
    return {"css": CSS, "max_file_size": MAX_UPLOAD, "show_error": False, "ssr_mode": False}


if torch.cuda.is_available():  # ZeroGPU wants its models placed before the first call
    for attempt in ATTEMPTS:
        SHELF.get(attempt)

if __name__ == "__main__":
    build().launch(**launch_settings())
