"""The command line: `lowlight-hub evaluate`, `lowlight-hub bundle`, `lowlight-hub report`."""

import argparse
import json
import sys
from pathlib import Path

from lowlight_hub.attempts import get_attempt
from lowlight_hub.cards import write_card
from lowlight_hub.durable import replace_text
from lowlight_hub.errors import LowlightError
from lowlight_hub.hub import WEIGHTS, bundle, bundled, fingerprint, list_models
from lowlight_hub.results import read_results, write_tables

RESULTS = WEIGHTS / "results.json"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lowlight-hub", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    evaluate = commands.add_parser("evaluate", help="measure models on LOL's eval15")
    evaluate.add_argument("--data", type=Path, required=True, help="the folder of LOL")
    evaluate.add_argument(
        "--models",
        type=lambda text: [name.strip() for name in text.split(",")],
        help="names with commas between (default: all bundled models)",
    )
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    evaluate.set_defaults(run=_evaluate)

    bundle = commands.add_parser("bundle", help="copy finished trainings into weights/")
    bundle.add_argument(
        "folders",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="a folder that train.py wrote, such as runs/attempt-1",
    )
    bundle.set_defaults(run=_bundle)

    report = commands.add_parser("report", help="write the README's tables and the model cards")
    report.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help="what evaluate --json wrote (default: weights/results.json)",
    )
    report.add_argument("--readme", type=Path, default=Path("README.md"))
    report.set_defaults(run=_report)
    return parser


def _evaluate(arguments: argparse.Namespace) -> None:
    # Imported where used: scikit-image takes a second.
    from lowlight_hub.evaluation import evaluate

    rows = evaluate(arguments.data, arguments.models or list_models())
    print(f"{'model':16} {'input':8} {'PSNR':>6} {'SSIM':>6} {'GT-mean':>8}")
    for row in rows:
        print(
            f"{row['model']:16} {row['input']:8} {row['psnr']:6.2f} {row['ssim']:6.3f} "
            f"{row['psnr_gt_mean']:8.2f}"
        )
    if arguments.json:
        measured = {row["model"] for row in rows}
        weights = {name: fingerprint(name) for name in list_models() if name in measured}
        results = {"rows": rows, "weights": weights}
        replace_text(arguments.json, json.dumps(results, indent=1) + "\n")


def _bundle(arguments: argparse.Namespace) -> None:
    for folder in arguments.folders:
        print(bundle(folder))


def _report(arguments: argparse.Namespace) -> None:
    rows = read_results(arguments.results)
    write_tables(rows, arguments.readme)
    for name in list_models():
        write_card(bundled(name), get_attempt(name), rows)
    print(f"wrote {arguments.readme} and {len(list_models())} model cards")


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; 0, or 1 after a one-line message."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except LowlightError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
