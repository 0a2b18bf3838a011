"""`lowlight-hub enhance`: photos and folders in, their restorations out."""

import argparse
import os
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from lowlight_hub.batch import Job, enhance_batch, find_photos, label_of, plan
from lowlight_hub.devices import add_device_option, chosen_device
from lowlight_hub.durable import is_folder, make_writable
from lowlight_hub.errors import LowlightError
from lowlight_hub.hub import load_model
from lowlight_hub.look import Look
from lowlight_hub.options import add_light_options, add_restoring_options, path
from lowlight_hub.photos import SUFFIXES, check_saved_suffix


def add_enhance(commands: argparse._SubParsersAction) -> None:
    """Adds the command to those of a parser."""
    enhance = commands.add_parser("enhance", help="brighten photos, in full size")
    enhance.add_argument("inputs", type=path, nargs="+", metavar="IN", help="photos and folders")
    enhance.add_argument(
        "--out",
        type=path,
        required=True,
        metavar="OUT",
        help="a folder, for files called STEM_MODEL.EXT, or for one photo a file, such as out.png",
    )
    add_restoring_options(enhance)
    add_light_options(
        enhance,
        named="given several times, it makes several results, named after it: each brightness "
        "with each shadows",
    )
    enhance.add_argument(
        "--format",
        choices=["png", "jpg", "webp"],
        help="default: each photo's own where it is one of these, else png",
    )
    add_device_option(enhance)
    enhance.set_defaults(run=_enhance)


def _is_file(arguments: argparse.Namespace) -> bool:
    """Whether --out is the file of the one result. Raises LowlightError where that cannot be."""
    out = arguments.out
    if out.suffix.lower() not in SUFFIXES or is_folder(out):
        return False
    check_saved_suffix(out)
    lights = arguments.brightness or [], arguments.shadows or []
    several = len(arguments.inputs) > 1 or any(len(it) > 1 for it in lights)
    if several or arguments.format or is_folder(arguments.inputs[0]):
        raise LowlightError(
            f"{out} is the name of one result: give one photo, one --brightness, one --shadows "
            "and no --format, or let --out be a folder"
        )
    return True


def _enhance(arguments: argparse.Namespace) -> int:
    out, is_file = arguments.out, _is_file(arguments)
    lights = product(arguments.brightness or [0.0], arguments.shadows or [0.0])
    looks = [Look(arguments.detail, arguments.strength, *light) for light in lights]
    labels = {label_of(arguments.model, look): look for look in looks}
    model = load_model(arguments.model).to(chosen_device(arguments.device))
    photos, left_out, complaints = find_photos(arguments.inputs, out, label_of(arguments.model))
    # Not found out after the first was restored. Path's own raises for long names.
    if any(os.path.exists(it.path) for it in photos):  # noqa: PTH110
        folder = out.parent if is_file else out
        make_writable(folder)
    suffix = f".{arguments.format}" if arguments.format else None
    jobs: list[tuple[Job, Look]] = []
    for label, look in labels.items():
        planned = plan(photos, out, [label] * len(photos), suffix)
        jobs += [(Job(it.source, out) if is_file else it, look) for it in planned]
    written, existing, failures = enhance_batch(
        model, jobs, keep_metadata=arguments.keep_metadata, overwrite=arguments.overwrite
    )
    if left_out:
        print(f"left out {_counted(left_out)}, named as a result is: name a photo itself")
    if existing:
        print(
            f"left alone {_counted(existing)}, there already: --overwrite makes it anew; if it is "
            "another photo's, take another --out"
        )
    asked = f"results of {len(photos)} photos" if len(labels) > 1 else "photos"
    print(f"wrote {len(written)} of {len(jobs)} {asked} to {out}")
    # What cannot be read is found out for each look.
    for complaint in dict.fromkeys([*complaints, *failures]):
        print(f"error: {' '.join(complaint.splitlines())}", file=sys.stderr)
    return 1 if complaints or failures else 0


def _counted(files: Sequence[Path]) -> str:
    return str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
