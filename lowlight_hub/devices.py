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


def cpu_computes_in_bfloat16() -> bool:
    """Whether the processor does; others imitate it, which takes longer than float32.

    PyTorch before 2.11 does not tell: no.
    """
    can: dict = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))
