"""What the page shows of one restored photo: the pair, its light, and other light to choose."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from PIL import Image

from lowlight_hub.batch import Job
from lowlight_hub.demo import service
from lowlight_hub.demo.answers import file_data, shown
from lowlight_hub.demo.service import Run, Settings
from lowlight_hub.photos import Photo


def choices_of(
    path: Path, photo: Photo, settings: Settings, said: Mapping[str, str]
) -> list[dict] | None:
    """How the photo of a file looks in other light; None where nothing would differ."""
    if not settings.look.strength:
        return None
    try:
        found = service.choices_of(path, photo, settings)
    except Exception as error:  # no reason to keep back the photo itself
        service.in_words(error)
        return None
    return [
        {
            "setting": name,
            "label": said[f"choices_{name}"],
            "choices": [_choice(stops, picture, said[name]) for stops, picture in pictures],
        }
        for name, pictures in found.items()
    ]


def _choice(stops: float, picture: Image.Image, setting: str) -> dict:
    told = f"{stops:+g}".replace("-", "\N{MINUS SIGN}") if stops else "0"
    return {
        "stops": f"{stops:g}",
        "told": told,
        "name": f"{setting}: {told}",
        "picture": shown(picture, f"{stops:+g}"),
        "width": picture.width,
        "height": picture.height,
    }


def pair_of(path: Path, done: Run, said: Mapping[str, str]) -> dict:
    """What the slider shows of one photo, and by what it is picked among several."""
    pictures = [service.preview(it, done.photo) for it in (done.photo, done.restored)]
    width, height = done.size
    peak = f"{said['peak']} {done.peak_mb / 1e3:.2f} GB"
    # In PNG nothing is lost that was not before; a quick look has to be quick on its way, too.
    suffix = ".webp" if done.is_quick_look else ".png"
    took = f"{done.seconds:.2f} s · {width}×{height} · {peak}"
    return {
        "photo": file_data(path),
        "before": shown(pictures[0], "before", suffix),
        "after": shown(pictures[1], "after", suffix),
        "width": width,
        "height": height,
        "is_whole": all(it.size == done.size for it in pictures),
        "print": said["quick_look"] if done.is_quick_look else took,
        "name": path.name,
        **_thumb(pictures[1]),
    }


def result_of(done: Run, job: Job) -> dict:
    """The file beside its pair, of which close-ups are taken where it is as large as the photo."""
    is_as_large = done.restored.size == done.photo.size
    return {"result": file_data(job.target), "is_as_large": is_as_large}


def _thumb(picture: Image.Image) -> dict:
    """The picture made small in place."""
    picture.thumbnail((service.CHOICE_PX, service.CHOICE_PX))
    return {
        "thumb": shown(picture, "thumb"),
        "thumb_width": picture.width,
        "thumb_height": picture.height,
    }


def histograms_of(done: Run, said: Mapping[str, str]) -> pd.DataFrame:
    """Which share of the pixels is how bright, before and after, as gr.LinePlot takes it."""
    parts = []
    for key, photo in (("before", done.photo), ("after", done.restored)):
        shares = service.histogram(photo)
        middles = [(place + 0.5) * 256 / len(shares) for place in range(len(shares))]
        parts.append(pd.DataFrame({"luminance": middles, "share": shares, "photo": said[key]}))
    return pd.concat(parts, ignore_index=True)
