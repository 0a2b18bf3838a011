"""Photos in and out: the only place that decodes untrusted image bytes or writes pictures."""

from lowlight_hub.photos.photo import Photo, over_white, to_picture, to_tensor
from lowlight_hub.photos.reading import SUFFIXES, open_photo, photo_of
from lowlight_hub.photos.saving import SAVED_SUFFIXES, save_photo

__all__ = [
    "SAVED_SUFFIXES",
    "SUFFIXES",
    "Photo",
    "open_photo",
    "over_white",
    "photo_of",
    "save_photo",
    "to_picture",
    "to_tensor",
]
