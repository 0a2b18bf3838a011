"""Trains attempts on pairs of dark and bright photos: `python train.py attempt-4b --data PATH`."""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Ctrl-C in the seconds that the imports take: no traceback. Later StopRequest sees to it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import torch
from accelerate import PartialState

from lowlight_hub.attempts import ATTEMPTS, Attempt, get_attempt, precision_on
from lowlight_hub.bright_photos import find_bright_photos, simulated_pairs
from lowlight_hub.checkpoints import checkpoints
from lowlight_hub.data import Pairs, Views, load_pairs
from lowlight_hub.devices import chosen_device
from lowlight_hub.errors import HubAwayError, LowlightError, print_every_name
from lowlight_hub.finding import (
    AND,
    BRIGHT,
    HUB_PREFIX,
    LEAK_FREE,
    LEAK_FREE_SUFFIX,
    find_pairs,
    is_of,
    source_of,
    without_test_scenes,
)
from lowlight_hub.folders import check_attempt, load_folder, read_config
from lowlight_hub.hub_data import data_folders
from lowlight_hub.outcome import Settings, check_trainable
from lowlight_hub.processes import leave_processes
from lowlight_hub.publishing import publish
from lowlight_hub.refusals import check_may_push, check_revision, check_user
from lowlight_hub.resuming import check_may_start, check_same
from lowlight_hub.stopping import Stopped, StopRequest
from lowlight_hub.train_options import train_parser
from lowlight_hub.training import train
from lowlight_hub.watching import no_tracker


def _settings(attempt: Attempt, arguments: argparse.Namespace) -> Settings:
    if arguments.repeat > 1 and not (arguments.data and arguments.bright):
        raise LowlightError(
            "--repeat is of pairs beside bright photos: name both, with --data and --bright, or "
            "leave --repeat out"
        )
    device = chosen_device(arguments.device)
    precision = arguments.precision
    if precision == "auto":
        precision = precision_on(device, attempt)
    width = arguments.width
    if arguments.init_from:
        check_attempt(load_folder(arguments.init_from), attempt.name, str(arguments.init_from))
        config = read_config(arguments.init_from)
        if arguments.leak_free and not is_of(str(config.get("data")), LEAK_FREE):
            raise LowlightError(
                f"{arguments.init_from} may have learnt from the test scenes: --leak-free goes on "
                "from leak-free weights alone"
            )
        width = config.get("width")
        if arguments.width not in (None, width):
            its = "the attempt's own width" if width is None else f"width {width}"
            raise LowlightError(
                f"{arguments.init_from} has {its}, not {arguments.width}: leave --width out"
            )
    settings = Settings(
        epochs=arguments.epochs or attempt.epochs,
        batch_size=arguments.batch_size,
        lr=arguments.lr or attempt.lr,
        seed=arguments.seed,
        width=width,
        precision=precision,
        whole_share=arguments.whole_share,
        device=device,
        init_from=arguments.init_from,
        all_pairs=arguments.all_pairs,
        freeze=arguments.freeze,
        repeat=arguments.repeat,
    )
    check_trainable(attempt, settings)
    return settings


def _folder(attempt: Attempt, arguments: argparse.Namespace) -> Path:
    """Where the training of an attempt goes."""
    return arguments.out / (attempt.name + (LEAK_FREE_SUFFIX if arguments.leak_free else ""))


def _first_half(attempt: Attempt, arguments: argparse.Namespace) -> Attempt | None:
    """The attempt whose training this one goes on with, where it is not under way itself."""
    # Weights to start with are those of the whole: then there is no first half.
    if attempt.continues and not arguments.init_from:
        return None if checkpoints(_folder(attempt, arguments)) else get_attempt(attempt.continues)
    return None


def _check_may_start(attempt: Attempt, settings: Settings, arguments: argparse.Namespace) -> None:
    """As check_may_start and check_same, of the first half as well."""
    halves = [(attempt, settings, arguments.resume)]
    if first := _first_half(attempt, arguments):
        halves.append((first, _of_first_half(first, settings), True))
    for half, its, resume in halves:
        folder = _folder(half, arguments)
        check_may_start(half, folder, resume=resume)
        check_same(half, folder, its.to_repeat(half))


def _of_first_half(first: Attempt, settings: Settings) -> Settings:
    """The settings of the first half of a training with these."""
    return replace(settings, epochs=min(first.epochs, settings.epochs))


def _train(
    attempt: Attempt,
    pairs: Pairs,
    settings: Settings,
    arguments: argparse.Namespace,
    request: StopRequest,
) -> Path:
    folder = _folder(attempt, arguments)
    watched: dict[str, Any] = {
        "samples_every": arguments.samples_every,
        "report_to": arguments.report_to,
        "request": request,
    }
    continued = None
    if first := _first_half(attempt, arguments):
        continued = _folder(first, arguments)
        train(first, pairs, _of_first_half(first, settings), continued, resume=True, **watched)
    train(
        attempt,
        pairs,
        settings,
        folder,
        resume=arguments.resume,
        continued=continued,
        **watched,
    )
    if PartialState().is_main_process:
        print(f"{attempt.name}: weights, config, history and pictures are in {folder}")
    return folder


def _places(arguments: argparse.Namespace) -> list[Path]:
    """The folders that --data names: none where it is left out."""
    if arguments.data is None:
        if arguments.leak_free:
            raise LowlightError("--leak-free needs --data PATH, the folder of LOL")
        return []
    return data_folders(arguments.data)


def _pairs(views: Views, places: list[Path], arguments: argparse.Namespace) -> Pairs:
    """What is in these folders, seen as an attempt sees it."""
    pairs, sources = [], []
    if places:
        first = arguments.data[0]
        # What was pulled lies in a folder named after its commit.
        pulled = (
            f"{first.partition('@')[0]}@{places[0].name}" if first.startswith(HUB_PREFIX) else ""
        )
        pairs, sources = find_pairs(*places), [source_of(*places, name=pulled)]
        if arguments.leak_free:
            pairs, sources = without_test_scenes(pairs), [LEAK_FREE]
    if arguments.bright:
        # Beside its pair, a photo is of that scene: else one would be validated on the other.
        scenes = {pair.bright.resolve(): pair.scene for pair in pairs}
        darks = {pair.dark.resolve() for pair in pairs}
        for pair in find_bright_photos(arguments.bright):
            if pair.bright.resolve() in darks:
                raise LowlightError(
                    f"{pair.bright} is the dark photo of a pair, and --bright takes photos as they "
                    "should look: name a folder without it"
                )
            scene = scenes.get(pair.bright.resolve(), pair.scene)
            pairs.append(replace(pair, scene=scene))
        sources.append(f"{BRIGHT} {source_of(arguments.bright)}")
    return load_pairs(pairs, AND.join(sources), views) if pairs else simulated_pairs(views=views)


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
    """Runs the command line; 0, or 1 after a one-line message, or 130 when it was stopped."""
    print_every_name()
    arguments = train_parser(__doc__).parse_args(argv)
    names = list(ATTEMPTS) if arguments.attempt == "all" else [arguments.attempt]
    try:
        if arguments.attempt == "all" and arguments.init_from:
            raise LowlightError(f"{arguments.init_from} is of one attempt: name it instead of all")
        with StopRequest() as request:
            _check_push(arguments)
            if arguments.report_to and (reason := no_tracker(arguments.report_to)):
                raise LowlightError(reason)
            attempts = [get_attempt(name) for name in names]
            # What is wrong with them is said before all photos are read.
            settings = [_settings(attempt, arguments) for attempt in attempts]
            for attempt, its in zip(attempts, settings, strict=True):
                _check_may_start(attempt, its, arguments)
            read: dict[Views, Pairs] = {}
            folders, places = [], _places(arguments)
            for attempt, its in zip(attempts, settings, strict=True):
                if attempt.views not in read:
                    read.clear()  # one set in memory
                    read[attempt.views] = _pairs(attempt.views, places, arguments)
                folders.append(_train(attempt, read[attempt.views], its, arguments, request))
            leave_processes()
            if arguments.push_to and PartialState().is_main_process:
                return publish(folders, arguments.push_to, arguments)
            return 0
    # The system's own are of --data or --out: a name too long, a folder that may not be read.
    except (LowlightError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except torch.OutOfMemoryError:
        print(
            "error: the GPU's memory is full: take a smaller --batch-size, or --device cpu",
            file=sys.stderr,
        )
        return 1
    except Stopped as stopped:
        if PartialState().is_main_process:
            print(stopped, file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        print("stopped; the same command with --resume goes on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
