"""Photos in and out: the only place that decodes untrusted image bytes or writes pictures."""

from lowlight_hub.photos.photo import Photo, over_white, to_picture, to_tensor
from lowlight_hub.photos.reading import SUFFIXES, is_photo, open_photo, photo_of, photos_below
from lowlight_hub.photos.saving import (
    SAVED_SUFFIXES,
    check_saved_suffix,
    save_photo,
    saved_suffix,
    through_jpeg,
)

__all__ = [
    "SAVED_SUFFIXES",
    "SUFFIXES",
    "Photo",
    "check_saved_suffix",
    "is_photo",
    "open_photo",
    "over_white",
    "photo_of",
    "photos_below",
    "save_photo",
    "saved_suffix",
    "through_jpeg",
    "to_picture",
    "to_tensor",
]
