"""Trains attempts on pairs of dark and bright photos: `python train.py attempt-4b --data PATH`."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import torch

from lowlight_hub.attempts import ATTEMPTS, Attempt, get_attempt
from lowlight_hub.data import Pairs, find_pairs, load_pairs, simulated_pairs, source_of
from lowlight_hub.errors import HubAwayError, LowlightError
from lowlight_hub.folders import MAX_WIDTH
from lowlight_hub.hub_data import PREFIX, data_folder
from lowlight_hub.outcome import Settings
from lowlight_hub.publishing import add_push_options, publish
from lowlight_hub.refusals import check_may_push, check_revision, check_user
from lowlight_hub.training import CHECKPOINT_FILE, train


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "attempt",
        choices=[*ATTEMPTS, "all"],
        metavar="ATTEMPT",
        help=f"all, or one of: {', '.join(ATTEMPTS)}",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        metavar="PATH",
        help="the folder of LOL, a folder with low/ and high/, two folders, dark photos first, or "
        "hub:USER/NAME[@REVISION], a dataset of the Hub with such folders; without it, free photos "
        "darkened by a simulator",
    )
    parser.add_argument("--epochs", type=_positive(int), help="default: the attempt's own")
    parser.add_argument("--batch-size", type=_positive(int), default=Settings.batch_size)
    parser.add_argument(
        "--lr",
        type=_positive(float),
        help="learning rate of Adam, constant (default: the attempt's own)",
    )
    parser.add_argument(
        "--width",
        type=_within(1, MAX_WIDTH),
        help="channels of the first stage; 64 is the published size of VGG and "
        "ResNet (default: the slim network that the project ships)",
    )
    parser.add_argument("--seed", type=_within(0, 2**31 - 1), default=Settings.seed)
    parser.add_argument(
        "--whole-share",
        type=_share,
        default=Settings.whole_share,
        help="share of whole photos among the article's top-left crops; 0 is the "
        "article (default: %(default)s)",
    )
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument(
        "--precision",
        choices=["auto", "fp32", "bf16"],
        default="auto",
        help="auto: bf16 on CUDA; on a CPU what was measured faster for the attempt",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        help="where a folder for each attempt is made (default: %(default)s)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the last finished epoch, or start where there is none",
    )
    parser.add_argument(
        "--push-to", metavar="USER", help="put what was trained on the Hub as USER/lowlight-NAME"
    )
    add_push_options(parser)
    return parser


def _positive(kind: type):
    def positive(text: str):
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    positive.__name__ = f"positive {kind.__name__}"
    return positive


def _within(least: int, most: int):
    def whole_number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    return whole_number


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _settings(attempt: Attempt, arguments: argparse.Namespace) -> Settings:
    device = arguments.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    elif device == "cuda" and not torch.cuda.is_available():
        raise LowlightError("this machine has no CUDA device: use --device cpu")
    precision = arguments.precision
    if precision == "auto":
        precision = "bf16" if device == "cuda" else attempt.precision
    return Settings(
        epochs=arguments.epochs or attempt.epochs,
        batch_size=arguments.batch_size,
        lr=arguments.lr or attempt.lr,
        seed=arguments.seed,
        width=arguments.width,
        precision=precision,
        whole_share=arguments.whole_share,
        device=device,
    )


def _train(attempt: Attempt, pairs: Pairs, arguments: argparse.Namespace) -> Path:
    settings = _settings(attempt, arguments)
    folder = arguments.out / attempt.name
    continued = None
    if attempt.continues and not (folder / CHECKPOINT_FILE).is_file():
        first = get_attempt(attempt.continues)
        continued = arguments.out / first.name
        train(
            first,
            pairs,
            replace(settings, epochs=min(first.epochs, settings.epochs)),
            continued,
            resume=True,
        )
    train(attempt, pairs, settings, folder, resume=arguments.resume, continued=continued)
    print(f"{attempt.name}: weights, config, history and pictures are in {folder}")
    return folder


def _check_push(arguments: argparse.Namespace) -> None:
    """Finds out before hours of training what a push would be refused for."""
    user = arguments.push_to
    if user is None:
        if arguments.private or arguments.revision or arguments.dry_run:
            raise LowlightError("--private, --revision and --dry-run need --push-to USER")
        return
    check_user(user)
    check_revision(arguments.revision)
    if arguments.dry_run:
        return
    try:
        check_may_push(user)
    except HubAwayError as error:
        # It may be back when it is needed; until then the weights are on disk.
        print(f"warning: {error}; training starts all the same", file=sys.stderr)


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; 0, or 1 after a one-line message."""
    arguments = _parser().parse_args(argv)
    names = list(ATTEMPTS) if arguments.attempt == "all" else [arguments.attempt]
    try:
        _check_push(arguments)
        if arguments.data is None:
            pairs = simulated_pairs()
        elif len(arguments.data) > 2:
            raise LowlightError("--data takes one folder, or two: dark photos, then bright ones")
        else:
            places = [data_folder(place) for place in arguments.data]
            pulled = [place for place in arguments.data if place.startswith(PREFIX)]
            pairs = load_pairs(find_pairs(*places), source_of(*places, names=pulled))
        folders = [_train(get_attempt(name), pairs, arguments) for name in names]
        return publish(folders, arguments.push_to, arguments) if arguments.push_to else 0
    except LowlightError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "stopped; the same command with --resume goes on from the last finished epoch",
            file=sys.stderr,
        )
        return 130


if __name__ == "__main__":
    sys.exit(main())
