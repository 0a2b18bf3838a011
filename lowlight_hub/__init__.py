"""Autoencoders for photos taken in low light: every attempt of an article, trained."""

from lowlight_hub.attempts import ATTEMPTS, Attempt
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import list_models
from lowlight_hub.hub import load_model
from lowlight_hub.restoring import enhance, enhance_file

__version__ = "0.1.0"

__all__ = [
    "ATTEMPTS",
    "Attempt",
    "LowlightError",
    "enhance",
    "enhance_file",
    "list_models",
    "load_model",
]
