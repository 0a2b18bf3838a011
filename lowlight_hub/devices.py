"""Where networks work."""

import argparse

import torch

from lowlight_hub.errors import LowlightError

DEVICES = ("auto", "cpu", "cuda")


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """--device, for chosen_device."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help="auto: CUDA where there is a device, else the CPU (default: %(default)s)",
    )


def chosen_device(name: str = "auto") -> str:
    """What one of DEVICES means here: "cpu" or "cuda".

    Raises LowlightError for "cuda" where there is no such device.
    """
    is_there = torch.cuda.is_available()
    if name == "cuda" and not is_there:
        raise LowlightError("this machine has no CUDA device: use --device cpu")
    return "cuda" if is_there and name != "cpu" else "cpu"
