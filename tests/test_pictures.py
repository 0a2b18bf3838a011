"""Sheets of samples show what a model makes of photos, and nothing twice."""

import pytest
import torch
from PIL import Image

from lowlight_hub.networks import Autoencoder, ListingAutoencoder, TwoStageAutoencoder
from lowlight_hub.pictures import CAPTION_PX, GAP_PX, comparison_sheet, sample_sheet


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (Autoencoder(encoder="mnist", decoder="mnist", latent=8), 4),
        (ListingAutoencoder(), 4),
        (TwoStageAutoencoder(width=8), 3),
    ],
    ids=["vector", "convolutional", "two-stage"],
)
@pytest.mark.parametrize("from_bright", [False, True])
def test_a_sheet_shows_the_networks_own_answer_once(model, rows, from_bright):
    dark, bright = torch.rand(2, 2, 3, 40, 60)
    # Wherever it is trained, in whatever type.
    sheet = sample_sheet(model.double().eval(), dark, bright, from_bright=from_bright)
    assert sheet.size == (2 * (60 + GAP_PX) - GAP_PX, (rows + from_bright) * (40 + GAP_PX) - GAP_PX)


def test_what_is_transparent_is_white_on_a_sheet_of_any_size():
    for side in (300, 3000):
        picture = Image.new("RGBA", (side, side), (200, 0, 0, 255))
        picture.paste((0, 0, 0, 0), (0, 0, side // 2, side))
        sheet = comparison_sheet([("cut out", picture)])
        row = CAPTION_PX + 2 * GAP_PX + 200
        assert sheet.getpixel((60, row)) == (255, 255, 255)
        assert sheet.getpixel((350, row)) == (200, 0, 0)
