"""Pictures that a training leaves behind: sheets of samples, and its loss curve."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn

from lowlight_hub.bright_photos import SHOWN_EXPOSURE, simulated_pairs
from lowlight_hub.data import WHOLE
from lowlight_hub.durable import replace_file
from lowlight_hub.networks import LowlightModel
from lowlight_hub.networks.model import as_weights
from lowlight_hub.photos import photo_of, to_picture, to_tensor
from lowlight_hub.restoring import enhance

GAP_PX = 4
PICTURE_PX, CAPTION_PX, TEXT_PX = 400, 48, 16


@torch.no_grad()
def sample_sheet(
    model: nn.Module, dark: Tensor, bright: Tensor, *, from_bright: bool
) -> Image.Image:
    """A column for each of N pairs, N 3 H W in 0..1.

    Rows: dark, the network's answer to it, with `from_bright` its answer to the bright photo, what
    enhance() makes of the dark one, bright. Where that is the network's own answer, it is not
    shown twice.
    """
    own = isinstance(model, LowlightModel) and "transfer" in model.details_by_tiles
    shown = [] if own else [dark]
    shown += [bright] if from_bright else []
    # In training the model is where it is trained, the photos of the sheet are not.
    answers = [model(as_weights(model, photos)).float().cpu() for photos in shown]
    enhanced = [to_tensor(photo_of(enhance(model, to_picture(photo)))) for photo in dark]
    rows = [dark, *answers, torch.stack(enhanced), bright]
    height, width = dark.shape[-2:]
    sheet = Image.new(
        "RGB",
        (len(dark) * (width + GAP_PX) - GAP_PX, len(rows) * (height + GAP_PX) - GAP_PX),
        "white",
    )
    for row, photos in enumerate(rows):
        for column, photo in enumerate(photos):
            sheet.paste(to_picture(photo), (column * (width + GAP_PX), row * (height + GAP_PX)))
    return sheet


def comparison_sheet(captioned: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """Pictures of one shape in four columns, each under its caption of up to two lines."""
    columns = min(4, len(captioned))
    width, height = captioned[0][1].size
    scale = PICTURE_PX / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Captions of a narrow picture need room too.
    step_x, step_y = max(size[0], PICTURE_PX) + 4 * GAP_PX, size[1] + CAPTION_PX + 4 * GAP_PX
    rows = -(-len(captioned) // columns)
    sheet = Image.new("RGB", (columns * step_x, rows * step_y), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT_PX)
    for number, (caption, picture) in enumerate(captioned):
        left, top = number % columns * step_x + 2 * GAP_PX, number // columns * step_y + 2 * GAP_PX
        draw.multiline_text((left, top), caption, fill="black", font=font)
        smaller = picture.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
        sheet.paste(smaller, (left, top + CAPTION_PX), smaller)
    return sheet


def samples_of_free_photos(model: nn.Module, *, from_bright: bool) -> Image.Image:
    """The sample sheet that may be published: the package's free photos, darkened."""
    pairs = simulated_pairs([SHOWN_EXPOSURE])
    dark, bright = pairs.photos(range(len(pairs)), WHOLE)
    return sample_sheet(model, dark, bright, from_bright=from_bright)


def loss_curve(title: str, history: list[dict[str, float]], path: Path) -> None:
    """Draws training and validation loss by epoch as a PNG, where matplotlib is installed."""
    try:
        from matplotlib.figure import Figure  # a GPU machine may do without
    except ImportError:
        print(f"matplotlib is not installed: no {path.name}; history.jsonl holds its figures")
        return
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(
        title=title, xlabel="epoch", ylabel="loss", yscale="log" if len(history) > 1 else "linear"
    )
    epochs = [line["epoch"] for line in history]
    for key, label in (("train_loss", "training"), ("validation_loss", "validation")):
        if key in history[0]:
            axes.plot(epochs, [line[key] for line in history], label=label)
    axes.legend()
    replace_file(path, lambda beside: figure.savefig(beside, dpi=120))
