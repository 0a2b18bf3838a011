"""What was measured: the rows of results.json, and the README's table made from them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypedDict

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.cards import trained_in_words, training_command
from lowlight_hub.durable import replace_text
from lowlight_hub.errors import LowlightError
from lowlight_hub.finding import LEAK_FREE, LEAK_FREE_SUFFIX, is_of
from lowlight_hub.folders import WEIGHTS, bundled, fingerprint, list_models, read_config

RESULTS = WEIGHTS / "results.json"
BASELINES = ("dark", "mean_bright", "gamma_0.4")
BASELINE_TITLES = dict(
    zip(
        BASELINES,
        ("*the dark photo itself*", "*the mean bright training photo*", "*gamma 0.4*"),
        strict=True,
    )
)

STANDARD, LEAK_FREE_PROTOCOL = "standard", "leak-free"
# The article's crop, and the whole photo in its own size.
CROP_SIZE, FULL_SIZE = "crop200", "full"


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
    """STANDARD, or LEAK_FREE_PROTOCOL: of a training without the scenes of the test set."""


class Training(TypedDict):
    """How weights were trained: how far, in words, and by which command."""

    trained: str
    command: str


@dataclass
class Results:
    """What the file holds, by the name of a training: of an attempt, LEAK_FREE_SUFFIX after it."""

    rows: list[Row]
    weights: dict[str, str]
    """The SHA-256 of the weights that were measured."""
    trainings: dict[str, Training] = field(default_factory=dict)
    """How the leak-free ones were trained, by the name of the attempt: they lie nowhere here."""

    def add(self, rows: Sequence[Row], folders: Iterable[Path]) -> None:
        """Takes the rows of the models in `folders` in, in place of those it had of them."""
        measured = {(row["model"], row["protocol"]) for row in rows}
        kept = [it for it in self.rows if (it["model"], it["protocol"]) not in measured]
        order = {name: place for place, name in enumerate((*BASELINES, *ATTEMPTS))}
        self.rows = sorted(
            [*kept, *rows],
            key=lambda it: (it["protocol"] != STANDARD, order.get(it["model"], len(order))),
        )
        for folder in folders:
            config = read_config(folder)
            name = config["attempt"]
            leak_free = is_of(config["data"], LEAK_FREE)
            self.weights[name + LEAK_FREE_SUFFIX * leak_free] = fingerprint(folder)
            if leak_free:
                self.trainings[name] = {
                    "trained": trained_in_words(config),
                    "command": training_command(config),
                }

    def write(self, path: Path) -> None:
        """Writes the file that results_in reads."""
        replace_text(path, json.dumps(asdict(self), indent=1) + "\n")


def results_in(path: Path) -> Results:
    """What a file holds, nothing where there is none.

    Raises LowlightError where it holds something else.
    """
    return _read(path) if path.exists() else Results([], {})


def read_results(path: Path) -> list[Row]:
    """The standard rows that `lowlight-hub evaluate --json` wrote of all bundled models.

    Raises LowlightError where they are missing, damaged, not of all bundled models, or of other
    weights than the bundled ones.
    """
    results = _read(path)
    stale = [
        name for name in list_models() if results.weights.get(name) != fingerprint(bundled(name))
    ]
    if stale:
        raise LowlightError(
            f"{path} does not hold the figures of the bundled weights of {', '.join(stale)}: "
            "make it anew by `lowlight-hub evaluate` of all models"
        )
    return _of(results, STANDARD)


def _of(results: Results, protocol: str) -> list[Row]:
    return [row for row in results.rows if row["protocol"] == protocol]


def _read(path: Path) -> Results:
    try:
        results = Results(**json.loads(path.read_text(encoding="utf-8")))
        trained = {
            name
            for name, training in results.trainings.items()
            if Training.__annotations__.keys() <= training.keys()
        }
        leak_free = {row["model"] for row in _of(results, LEAK_FREE_PROTOCOL)}
        complete = isinstance(results.weights, dict) and leak_free == trained
        complete &= all(
            Row.__annotations__.keys() <= row.keys()
            and all(isinstance(dict(row)[it], int | float) for it in Figures.__annotations__)
            for row in results.rows
        )
    except FileNotFoundError:
        raise LowlightError(f"there is no {path}: make it by `lowlight-hub evaluate`") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        complete = False
    if not complete:
        raise LowlightError(f"{path} is not what `lowlight-hub evaluate --json` writes")
    return results


def read_leak_free(path: Path) -> tuple[list[Row], dict[str, Training]]:
    """The leak-free rows that `lowlight-hub evaluate --json` wrote, and each attempt's training.

    Raises LowlightError where the file is missing or damaged.
    """
    results = _read(path)
    return _of(results, LEAK_FREE_PROTOCOL), results.trainings


def rows_of(name: str, folder: Path, results: Path | None = None) -> list[Row]:
    """The figures of the weights in `folder`, of the attempt `name`.

    They are looked up in `results`, which must hold them, else in the package's, which may not.
    Raises LowlightError where `results` is missing, damaged or of other weights.
    """
    try:
        known, weights = _read(results or RESULTS), fingerprint(folder)
        for suffix, protocol in (("", STANDARD), (LEAK_FREE_SUFFIX, LEAK_FREE_PROTOCOL)):
            if known.weights.get(name + suffix) == weights:
                return [row for row in _of(known, protocol) if row["model"] == name]
        raise LowlightError(
            f"{results} does not hold the figures of {folder}: make it by `lowlight-hub evaluate "
            f"--models {folder} --json {results}`"
        )
    except LowlightError:
        if results is None:
            return []
        raise


def attempts_table() -> str:
    """What each attempt is, as a Markdown table."""
    lines = ["| name | network | learns | loss |", "|---|---|---|---|"]
    for attempt in ATTEMPTS.values():
        cells = (f"`{attempt.name}`", attempt.architecture, attempt.learns, attempt.formula)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def results_table(
    rows: Sequence[Row], leak_free: Sequence[Row], trainings: Mapping[str, Training]
) -> str:
    """The figures as a Markdown table: baselines, attempts in their own order, leak-free ones.

    `trainings` are those of the leak-free weights, by attempt: under the table, their commands.
    """
    titles = ["model", "learns", "trained", "training loss", "validation loss"]
    figures = [
        f"{size}: {it}" for size in ("600×400", "crop") for it in ("PSNR", "SSIM", "GT-mean")
    ]
    titles += [*figures, "from bright: PSNR", "SSIM"]
    lines = [f"| {' | '.join(titles)} |", "|---" * 3 + "|--:" * (len(titles) - 3) + "|"]
    for name in (*BASELINES, *ATTEMPTS):
        measured = {(row["size"], row["input"]): row for row in rows if row["model"] == name}
        if measured:
            lines.append(_table_line(name, measured))
    for name in ATTEMPTS:
        measured = {(row["size"], row["input"]): row for row in leak_free if row["model"] == name}
        if measured:
            trained = trainings[name]["trained"]
            title = [f"`{name}`, leak-free", ATTEMPTS[name].learns, trained, "", ""]
            lines.append(f"| {' | '.join([*title, *_figures(measured)])} |")
    by = [f"`{name}`, leak-free: `{it['command']}`" for name, it in trainings.items()]
    return "\n\n".join(["\n".join(lines), *by])


def _table_line(name: str, measured: dict[tuple[str, str], Row]) -> str:
    if name in ATTEMPTS:
        config = read_config(bundled(name))
        cells = [f"`{name}`", ATTEMPTS[name].learns, trained_in_words(config)]
        losses = (config.get(key) for key in ("train_loss", "validation_loss"))
        cells += ["" if loss is None else f"{loss:.4f}" for loss in losses]
    else:
        cells = [BASELINE_TITLES[name], "", "", "", ""]
    return f"| {' | '.join([*cells, *_figures(measured)])} |"


def _figures(measured: Mapping[tuple[str, str], Row]) -> list[str]:
    cells = []
    for size in (FULL_SIZE, CROP_SIZE):
        dark = measured.get((size, "dark"))
        cells += [*_psnr_and_ssim(dark), f"{dark['psnr_gt_mean']:.2f}" if dark else ""]
    return cells + _psnr_and_ssim(measured.get((CROP_SIZE, "bright")))


def _psnr_and_ssim(row: Row | None) -> list[str]:
    return [f"{row['psnr']:.2f}", f"{row['ssim']:.3f}"] if row else ["", ""]


def write_tables(
    rows: Sequence[Row], leak_free: Sequence[Row], trainings: Mapping[str, Training], readme: Path
) -> None:
    """Puts both tables between their markers in the README; the first is results_table."""
    put_table(readme, "results", results_table(rows, leak_free, trainings))
    put_table(readme, "attempts", attempts_table())


def put_table(readme: Path, name: str, table: str) -> None:
    """Puts a table between its markers in the README. Raises as read_table() does."""
    before, _, after = _around(readme, name)
    start, end = markers(name)
    replace_text(readme, f"{before}{start}\n{table}\n{end}{after}")


def read_table(readme: Path, name: str) -> str:
    """The table between its markers in the README.

    Raises LowlightError where there is no such file, or it lacks the markers.
    """
    return _around(readme, name)[1].strip()


def _around(readme: Path, name: str) -> tuple[str, str, str]:
    """What stands before the markers of a table, between them and after them."""
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError:
        raise LowlightError(f"there is no {readme}: name it by --readme") from None
    start, end = markers(name)
    if start not in text or end not in text:
        raise LowlightError(f"{readme} lacks the lines {start} and {end}")
    before, rest = text.split(start, 1)
    table, after = rest.split(end, 1)
    return before, table, after


def markers(name: str) -> tuple[str, str]:
    """The lines of the README between which a table stands; `name` may be of a benchmark."""
    command = f"`python {name}`" if name.startswith("benchmarks/") else "`lowlight-hub report`"
    return f"<!-- {name}: written by {command} -->", f"<!-- end of {name} -->"
