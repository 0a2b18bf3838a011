"""The command line, `lowlight-hub`: photos restored; models measured, averaged and published."""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import torch

from lowlight_hub import __version__
from lowlight_hub.attempts import ATTEMPTS, get_attempt
from lowlight_hub.averaging import average
from lowlight_hub.cards import write_card
from lowlight_hub.devices import add_device_option, chosen_device
from lowlight_hub.durable import expanded, make_writable
from lowlight_hub.enhance_command import add_enhance
from lowlight_hub.errors import LowlightError, print_every_name
from lowlight_hub.evaluation import evaluate, evaluate_in_full
from lowlight_hub.finding import find_pairs, holds_lol
from lowlight_hub.folders import (
    SAMPLES_FILE,
    bundle,
    bundled,
    list_models,
    read_card_config,
    read_config,
)
from lowlight_hub.hub import load_model
from lowlight_hub.hub_data import data_folders
from lowlight_hub.networks import LowlightModel
from lowlight_hub.options import path, place
from lowlight_hub.photos import save_photo
from lowlight_hub.pictures import samples_of_free_photos
from lowlight_hub.publishing import add_push_options, publish, show_files
from lowlight_hub.results import (
    LEAK_FREE_PROTOCOL,
    RESULTS,
    STANDARD,
    read_results,
    results_in,
)
from lowlight_hub.spaces import CHECKOUT, check_space_name, push_space, space_files
from lowlight_hub.tables import write_tables


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lowlight-hub",
        description=__doc__,
        epilog="Beside it: `python -m lowlight_hub.bulk`, for thousands of photos, and train.py in "
        "the project's repository.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    add_enhance(commands)

    evaluate = commands.add_parser(
        "evaluate", help="measure models on LOL's eval15, or on other pairs"
    )
    evaluate.add_argument(
        "--data",
        type=place,
        nargs="+",
        required=True,
        metavar="PATH",
        help="the folder of LOL, or your own pairs: a folder with low/ and high/, or two folders, "
        "dark photos first; or hub:USER/NAME[@REVISION], a dataset of the Hub with such folders",
    )
    evaluate.add_argument(
        "--models",
        type=lambda text: [name for it in text.split(",") if (name := it.strip())],
        help="names, folders of train.py, and USER/NAME[@REVISION] on the Hugging Face Hub, with "
        "commas between (default: all bundled models)",
    )
    add_device_option(evaluate)
    evaluate.add_argument(
        "--json",
        type=path,
        metavar="FILE",
        help="write the figures on LOL there too, for model cards; what it holds of other models "
        "stays",
    )
    evaluate.set_defaults(run=_evaluate)

    bundle = commands.add_parser("bundle", help="copy finished trainings into weights/")
    _add_folders(bundle, "a folder that train.py wrote, such as runs/attempt-1")
    bundle.add_argument("--overwrite", action="store_true", help="replace the weights there are")
    bundle.set_defaults(run=_bundle)

    mean = commands.add_parser("average", help="make one model of the mean of several's weights")
    _add_folders(
        mean, "trainings of one attempt that went on from each other's weights, or from the same"
    )
    mean.add_argument("--out", type=path, required=True, metavar="FOLDER", help="where it goes")
    mean.set_defaults(run=_average)

    push = commands.add_parser("push", help="put models on the Hugging Face Hub")
    _add_folders(push, "weights/NAME or runs/NAME")
    push.add_argument("user", metavar="USER", help="your name on the Hub, or an organisation's")
    push.add_argument(
        "--results",
        type=path,
        metavar="FILE",
        help="the card's figures, as evaluate --json writes them (default: the package's, where "
        "the weights are the same)",
    )
    add_push_options(push)
    push.set_defaults(run=_push)

    space = commands.add_parser("push-space", help="put the demo on the Hugging Face Hub")
    space.add_argument("name", metavar="USER/NAME", help="what the Space is called")
    space.add_argument("--zero-gpu", action="store_true", help="for a Space with ZeroGPU hardware")
    space.add_argument("--private", action="store_true", default=None, help="make it private")
    space.add_argument("--dry-run", action="store_true", help="show what would be pushed")
    space.set_defaults(run=_push_space)

    report = commands.add_parser(
        "report", help="write the README's tables, the model cards and samples"
    )
    report.add_argument(
        "--results",
        type=path,
        default=RESULTS,
        metavar="FILE",
        help="what evaluate --json wrote (default: weights/results.json)",
    )
    report.add_argument(
        "--into",
        type=path,
        default=Path("README.md"),
        metavar="FILE",
        help="whose tables are written (default: %(default)s)",
    )
    report.set_defaults(run=_report)
    return parser


def _add_folders(command: argparse.ArgumentParser, told: str) -> None:
    command.add_argument("folders", type=path, nargs="+", metavar="FOLDER", help=told)


def _evaluate(arguments: argparse.Namespace) -> None:
    results = None
    if arguments.json:  # before minutes of measuring: it may hold something else
        results = results_in(arguments.json)
        make_writable(arguments.json.parent)
    device = chosen_device(arguments.device)
    models = {name: load_model(name).to(device) for name in arguments.models or list_models()}
    if results and any(model.revision for model in models.values()):
        raise LowlightError("--json keeps figures of models on this machine, not of the Hub's")
    folders = [bundled(name) if name in ATTEMPTS else expanded(name) for name in models]
    if results:
        for folder in folders:  # what is told beside the figures
            read_card_config(folder)
    named, data = " and ".join(arguments.data), data_folders(arguments.data)
    if len(data) == 1 and holds_lol(data[0]):
        rows = evaluate(data[0], _by_attempt(models.values()))
    elif results:
        raise LowlightError(f"--json keeps figures on LOL, and {named} is not LOL's folder")
    else:
        pairs = find_pairs(*data)
        rows = evaluate_in_full(pairs, list(models.items()))
        print(f"{len(pairs)} pairs of {named}, in full size")
    widest = max(len(row["model"]) for row in rows)
    print(f"{'model':{widest}} {'size':8} {'input':6} {'PSNR':>6} {'SSIM':>6} {'GT-mean':>8}")
    for row in rows:
        print(
            f"{row['model']:{widest}} {row['size']:8} {row['input']:6} {row['psnr']:6.2f} "
            f"{row['ssim']:6.3f} {row['psnr_gt_mean']:8.2f}"
        )
    if results:
        results.add(rows, folders)
        results.write(arguments.json)


def _by_attempt(models: Iterable[LowlightModel]) -> dict[str, LowlightModel]:
    """The models by their attempts, as the records name them."""
    named: dict[str, LowlightModel] = {}
    for model in models:
        attempt = (model.config or {})["attempt"]
        if attempt in named:
            raise LowlightError(f"two models of {attempt} are named: measure one at a time")
        named[attempt] = model
    return named


def _bundle(arguments: argparse.Namespace) -> None:
    for folder in arguments.folders:
        target = bundle(folder, overwrite=arguments.overwrite)
        # The one beside it says how to load that folder; figures come with `report`.
        write_card(target, get_attempt(read_config(target)["attempt"]))
        print(target)


def _average(arguments: argparse.Namespace) -> None:
    average(arguments.folders, arguments.out)
    print(f"the mean of {len(arguments.folders)} trainings is in {arguments.out}")


def _push(arguments: argparse.Namespace) -> int:
    return publish(arguments.folders, arguments.user, arguments, arguments.results)


def _push_space(arguments: argparse.Namespace) -> None:
    if arguments.dry_run:
        check_space_name(arguments.name)
        files = space_files(CHECKOUT, zero_gpu=arguments.zero_gpu)
        show_files(f"spaces/{arguments.name}", files)
        print(f"---{files['README.md'].decode().split('---')[1]}---")
        print(files["requirements.txt"].decode())
        return
    print(push_space(arguments.name, zero_gpu=arguments.zero_gpu, private=arguments.private))


def _report(arguments: argparse.Namespace) -> None:
    results = read_results(arguments.results)
    write_tables(results, arguments.into)
    rows, leak_free = results.of(STANDARD), results.of(LEAK_FREE_PROTOCOL)
    for name in list_models():
        attempt = get_attempt(name)
        write_card(bundled(name), attempt, rows, leak_free)
        samples = samples_of_free_photos(load_model(name), from_bright=attempt.reads_bright)
        save_photo(samples, bundled(name) / SAMPLES_FILE)
    print(f"wrote {arguments.into} and the cards and samples of {len(list_models())} models")


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; 0, or 1 after a one-line message."""
    print_every_name()
    arguments = _parser().parse_args(argv)
    try:
        status = arguments.run(arguments) or 0
        sys.stdout.flush()
    except BrokenPipeError:  # `| head`: what is left to say goes nowhere, also when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    # The system's own are of names that were given: too long, or in a folder that may not be read.
    except (LowlightError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except torch.OutOfMemoryError:
        print("error: the GPU's memory is full: take --device cpu", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
