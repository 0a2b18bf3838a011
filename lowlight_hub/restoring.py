"""From a photo through a network to a photo."""

from pathlib import Path

import torch
from PIL import Image
from torch import nn

from lowlight_hub.networks.sizes import SIDE_PX, resize
from lowlight_hub.photos import open_photo, to_picture, to_tensor, upright_rgb


@torch.inference_mode()
def enhance(model: nn.Module, photo: Image.Image | str | Path) -> Image.Image:
    """What the model makes of the whole photo at the article's 200×200 pixels.

    `photo` is a picture or a path; the result is 200×200, RGB, 8 bits, whatever the photo's shape.
    Raises LowlightError where the path is not a readable photo.
    """
    picture = upright_rgb(photo) if isinstance(photo, Image.Image) else open_photo(photo)
    small = resize(to_tensor(picture)[None], (SIDE_PX, SIDE_PX))
    device = next(model.parameters()).device
    return to_picture(model(small.to(device))[0])
