"""What the command line of train.py takes."""

import argparse
from pathlib import Path

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.devices import add_device_option
from lowlight_hub.folders import MAX_WIDTH
from lowlight_hub.options import path, place, positive, share, within
from lowlight_hub.outcome import Settings
from lowlight_hub.publishing import add_push_options


def train_parser(description: str | None) -> argparse.ArgumentParser:
    """All that train.py can be asked for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "attempt",
        choices=[*ATTEMPTS, "all"],
        metavar="ATTEMPT",
        help=f"all, or one of: {', '.join(ATTEMPTS)}",
    )
    parser.add_argument(
        "--data",
        type=place,
        nargs="+",
        metavar="PATH",
        help="the folder of LOL, a folder with low/ and high/, two folders, dark photos first, or "
        "hub:USER/NAME[@REVISION], a dataset of the Hub with such folders; without it, and without "
        "--bright, free photos darkened by a simulator",
    )
    parser.add_argument(
        "--bright",
        type=path,
        metavar="FOLDER",
        help="photos that are as they should be, subfolders too, to be darkened by the simulator "
        "and learned from, beside those of --data or alone",
    )
    parser.add_argument(
        "--repeat",
        type=positive(int),
        default=Settings.repeat,
        metavar="TIMES",
        help="show each pair of --data so many times in an epoch, beside the photos of --bright "
        "once, where those are many more (default: %(default)s)",
    )
    parser.add_argument("--epochs", type=positive(int), help="default: the attempt's own")
    parser.add_argument(
        "--batch-size",
        type=positive(int),
        default=Settings.batch_size,
        help="photos in a step, of each process (default: %(default)s)",
    )
    parser.add_argument(
        "--lr",
        type=positive(float),
        help="learning rate, at its height (default: the attempt's own)",
    )
    parser.add_argument(
        "--width",
        type=within(1, MAX_WIDTH),
        help="channels of the first stage; 64 is the published size of VGG and "
        "ResNet (default: the slim network that the project ships)",
    )
    parser.add_argument(
        "--seed",
        type=within(0, 2**31 - 1),
        default=Settings.seed,
        help="of all that is drawn at random (default: %(default)s)",
    )
    parser.add_argument(
        "--whole-share",
        type=share,
        default=Settings.whole_share,
        help="share of whole photos among the article's top-left crops; 0 is the "
        "article (default: %(default)s)",
    )
    add_device_option(parser)
    parser.add_argument(
        "--precision",
        choices=["auto", "fp32", "bf16"],
        default="auto",
        help="auto: bf16 where the CUDA device is made for it; on a CPU made for it what was "
        "measured faster there for the attempt; else fp32",
    )
    parser.add_argument(
        "--out",
        type=path,
        default=Path("runs"),
        help="where a folder for each attempt is made (default: %(default)s)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest checkpoint, or start where there is none",
    )
    parser.add_argument(
        "--init-from",
        type=path,
        metavar="FOLDER",
        help="start with the weights of a trained model of this attempt, in a folder such as "
        "weights/NAME",
    )
    parser.add_argument(
        "--freeze",
        metavar="PART",
        help="a part of the network whose weights stay those of --init-from: encoder or decoder; "
        "of attempt-7 coarse, to train its second stage alone, or fine",
    )
    parser.add_argument(
        "--leak-free",
        action="store_true",
        help="train without those photos of LOL that show a scene of its test set, "
        "in OUT/NAME-leak-free",
    )
    parser.add_argument(
        "--all-pairs",
        action="store_true",
        help="keep no photos for validation: for the last training, once all was chosen",
    )
    parser.add_argument(
        "--samples-every",
        type=positive(int),
        metavar="STEPS",
        help="draw what the model makes of a few photos every so many steps",
    )
    parser.add_argument(
        "--report-to", choices=["tensorboard", "trackio"], help="a tracker for the curves as well"
    )
    parser.add_argument(
        "--push-to", metavar="USER", help="put what was trained on the Hub as USER/lowlight-NAME"
    )
    add_push_options(parser)
    return parser
