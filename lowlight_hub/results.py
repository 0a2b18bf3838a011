"""What was measured: the rows of results.json, and the README's table made from them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.cards import trained_in_words
from lowlight_hub.durable import replace_text
from lowlight_hub.errors import LowlightError
from lowlight_hub.hub import bundled, read_config

BASELINES = ("dark", "mean_bright", "gamma_0.4")
START, END = "<!-- results: written by `lowlight-hub report` -->", "<!-- end of results -->"
BASELINE_TITLES = dict(
    zip(
        BASELINES,
        ("*the dark photo itself*", "*the mean bright training photo*", "*gamma 0.4*"),
        strict=True,
    )
)


class Figures(TypedDict):
    """Means over the test pairs: PSNR in dB, SSIM in -1..1."""

    psnr: float
    ssim: float
    psnr_gt_mean: float


class Row(Figures):
    """One line of the results: a model or a baseline, and what it was given."""

    model: str
    input: str
    size: str
    protocol: str


def read_results(path: Path) -> list[Row]:
    """The rows that `lowlight-hub evaluate --json` wrote; LowlightError where they are missing."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["rows"]
    except FileNotFoundError:
        raise LowlightError(f"there is no {path}: make it by `lowlight-hub evaluate`") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise LowlightError(f"{path} is not what `lowlight-hub evaluate --json` writes") from None


def results_table(rows: Sequence[Row]) -> str:
    """The figures as a Markdown table: baselines, then attempts in their own order."""
    titles = ["model", "learns", "trained", "training loss", "validation loss"]
    figures = ["PSNR", "SSIM", "PSNR, GT-mean", "from bright: PSNR", "SSIM"]
    lines = [f"| {' | '.join(titles + figures)} |", "|---" * 3 + "|--:" * 7 + "|"]
    for name in (*BASELINES, *ATTEMPTS):
        measured = {row["input"]: row for row in rows if row["model"] == name}
        if "dark" in measured:
            lines.append(_table_line(name, measured))
    return "\n".join(lines)


def _table_line(name: str, measured: dict[str, Row]) -> str:
    if name in ATTEMPTS:
        config = read_config(bundled(name))
        cells = [f"`{name}`", ATTEMPTS[name].learns, trained_in_words(config)]
        cells += [f"{config[key]:.4f}" for key in ("train_loss", "validation_loss")]
    else:
        cells = [BASELINE_TITLES[name], "", "", "", ""]
    dark = measured["dark"]
    cells += [f"{dark['psnr']:.2f}", f"{dark['ssim']:.3f}", f"{dark['psnr_gt_mean']:.2f}"]
    bright = measured.get("bright")
    cells += [f"{bright['psnr']:.2f}", f"{bright['ssim']:.3f}"] if bright else ["", ""]
    return f"| {' | '.join(cells)} |"


def write_table(rows: Sequence[Row], readme: Path) -> None:
    """Puts the results table between the markers of the README."""
    text = readme.read_text(encoding="utf-8")
    if START not in text or END not in text:
        raise LowlightError(f"{readme} lacks the lines {START} and {END}")
    before, rest = text.split(START, 1)
    after = rest.split(END, 1)[1]
    table = results_table(rows)
    new = f"{before}{START}\n{table}\n{END}{after}"
    replace_text(readme, new)
