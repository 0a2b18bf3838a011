"""Sheets of samples show what a model makes of photos, and nothing twice."""

import pytest
import torch

from lowlight_hub.networks import Autoencoder, ListingAutoencoder, TwoStageAutoencoder
from lowlight_hub.pictures import GAP_PX, sample_sheet


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
