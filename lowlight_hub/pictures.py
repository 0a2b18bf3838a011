"""Pictures that a training leaves behind: sheets of samples, and its loss curve."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from lowlight_hub.data import SHOWN_EXPOSURE, WHOLE, simulated_pairs
from lowlight_hub.durable import replace_file
from lowlight_hub.photos import photo_of, to_picture, to_tensor
from lowlight_hub.restoring import enhance

GAP_PX = 4


@torch.no_grad()
def sample_sheet(
    model: nn.Module, dark: Tensor, bright: Tensor, *, from_bright: bool
) -> Image.Image:
    """A column for each of N pairs, N 3 H W in 0..1.

    Rows: dark, the network's answer to it, with `from_bright` its answer to the bright photo, what
    enhance() makes of the dark one, bright.
    """
    answers = [model(dark), *([model(bright)] if from_bright else [])]
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


def samples_of_free_photos(model: nn.Module, *, from_bright: bool) -> Image.Image:
    """The sample sheet that may be published: the package's free photos, darkened."""
    pairs = simulated_pairs([SHOWN_EXPOSURE])
    return sample_sheet(
        model,
        pairs.dark[:, WHOLE].float() / 255,
        pairs.bright[:, WHOLE].float() / 255,
        from_bright=from_bright,
    )


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
        axes.plot(epochs, [line[key] for line in history], label=label)
    axes.legend()
    replace_file(path, lambda beside: figure.savefig(beside, dpi=120))
