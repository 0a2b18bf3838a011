"""What the page tells of the models: their figures on LOL's test photos, and their losses."""

import json
from functools import cache

import pandas as pd

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.demo import service
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import HISTORY_FILE, bundled, list_models, read_config
from lowlight_hub.records import trained_in_words
from lowlight_hub.results import (
    BASELINE_TITLES,
    FULL_SIZE,
    LEAK_FREE_PROTOCOL,
    RESULTS,
    STANDARD,
    Results,
    Row,
    bundled_results,
)
from lowlight_hub.tables import figures_of, markdown_table


@cache
def bundled_figures() -> dict[str, tuple[float, float]]:
    """PSNR in dB and SSIM on eval15 in full size of each bundled model, none where stale."""
    rows = _of_whole_photos(_measured(), STANDARD)
    return {row["model"]: (row["psnr"], row["ssim"]) for row in rows}


def figures_by_model() -> dict[str, tuple[float, float]]:
    """As bundled_figures, of the models that the demo uses: none where they are somebody's."""
    return {} if service.SHELF.user else bundled_figures()


def model_choices() -> list[tuple[str, str]]:
    """The menu: of each bundled model what it reaches, where that is known, and its title.

    Best first, as the bundled weights are.

    The figure first: on a phone the end of the line is cut off.
    """
    figures, ranks = figures_by_model(), bundled_figures()
    names = sorted(list_models(), key=lambda name: -ranks.get(name, (0, 0))[0])
    lines = {name: f"{figures[name][0]:.1f} dB – " for name in names if name in figures}
    return [(lines.get(name, "") + ATTEMPTS[name].title, name) for name in names]


def evaluation_table() -> str:
    """The figures of whole photos, best first, in Markdown; empty where they are stale."""
    results = _measured()
    lines = []
    for protocol in (STANDARD, LEAK_FREE_PROTOCOL):
        for row in _of_whole_photos(results, protocol):
            title, *told = _told(row, results)
            lines.append((row["psnr"], [title, *figures_of(row), *told]))
    lines.sort(key=lambda line: -line[0])
    titles = ["model", "PSNR", "SSIM", "GT-mean", "learns", "trained"]
    return markdown_table(titles, [cells for _, cells in lines]) if lines else ""


def _measured() -> Results:
    try:
        return bundled_results(RESULTS)
    except LowlightError:
        return Results([], {})


def _of_whole_photos(results: Results, protocol: str) -> list[Row]:
    rows = results.of(protocol)
    return [row for row in rows if (row["size"], row["input"]) == (FULL_SIZE, "dark")]


def _told(row: Row, results: Results) -> list[str]:
    """Title, what is learnt and how far the training came: of a model or a baseline."""
    name = row["model"]
    if name in BASELINE_TITLES:
        return [BASELINE_TITLES[name], "", ""]
    attempt = ATTEMPTS[name]
    if row["protocol"] == LEAK_FREE_PROTOCOL:
        return [f"{attempt.title}, leak-free", attempt.learns, results.trainings[name]["trained"]]
    return [attempt.title, attempt.learns, trained_in_words(read_config(bundled(name)))]


def loss_frame(name: str) -> pd.DataFrame:
    """Losses of a bundled model by epoch, in the long form that plots take; empty without them."""
    try:
        text = (bundled(name) / HISTORY_FILE).read_text(encoding="utf-8")
        history = [json.loads(line) for line in text.splitlines()]
    except (OSError, ValueError):
        history = []
    parts = [
        {"epoch": line["epoch"], "loss": line[key], "of": label}
        for key, label in (("train_loss", "training"), ("validation_loss", "validation"))
        for line in history
        if key in line
    ]
    return pd.DataFrame(parts, columns=["epoch", "loss", "of"])


def loss_title(losses: pd.DataFrame) -> str:
    """The key of the text above these losses."""
    return "loss" if "validation" in set(losses["of"]) else "loss_alone"
