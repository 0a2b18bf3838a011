"""What was measured: the rows of results.json, and where they come from."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypedDict

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.durable import replace_text
from lowlight_hub.errors import LowlightError
from lowlight_hub.finding import LEAK_FREE, LEAK_FREE_SUFFIX, is_of
from lowlight_hub.folders import WEIGHTS, bundled, fingerprint, list_models, read_config
from lowlight_hub.records import trained_in_words, training_command

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

    def of(self, protocol: str) -> list[Row]:
        """The rows of one protocol."""
        return [row for row in self.rows if row["protocol"] == protocol]

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
    if path.exists() and not path.is_file():
        raise LowlightError(f"{path} is no file that figures could be kept in")
    return _read(path) if path.exists() else Results([], {})


def read_results(path: Path) -> Results:
    """What `lowlight-hub evaluate --json` wrote of all bundled models.

    Raises LowlightError where the file is missing, damaged, not of all bundled models, or of other
    weights than the bundled ones.
    """
    results = _read(path)
    if stale := _stale(results):
        raise LowlightError(
            f"{path} does not hold the figures of the bundled weights of {', '.join(stale)}: "
            f"make it anew by {_command(path)}"
        )
    return results


def bundled_results(path: Path) -> Results:
    """As read_results, without the rows of those bundled models whose weights are others now.

    Raises LowlightError where the file is missing or damaged.
    """
    results = _read(path)
    stale = _stale(results)
    results.rows = [
        row
        for row in results.rows
        if row["model"] not in stale or row["protocol"] == LEAK_FREE_PROTOCOL
    ]
    return results


def _stale(results: Results) -> list[str]:
    """The bundled models whose weights are not those that were measured."""
    return [
        name for name in list_models() if results.weights.get(name) != fingerprint(bundled(name))
    ]


def _read(path: Path) -> Results:
    try:
        results = Results(**json.loads(path.read_text(encoding="utf-8")))
        trained = {
            name
            for name, training in results.trainings.items()
            if Training.__annotations__.keys() <= training.keys()
        }
        leak_free = {row["model"] for row in results.of(LEAK_FREE_PROTOCOL)}
        complete = isinstance(results.weights, dict) and leak_free == trained
        complete &= all(
            Row.__annotations__.keys() <= row.keys()
            and all(isinstance(dict(row)[it], int | float) for it in Figures.__annotations__)
            for row in results.rows
        )
    except FileNotFoundError:
        raise LowlightError(f"there is no {path}: make it by {_command(path)}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        complete = False
    if not complete:
        raise LowlightError(f"{path} is not what `lowlight-hub evaluate --json` writes")
    return results


def _command(path: Path | None, models: str = "") -> str:
    """What writes such a file."""
    return f"`python -m lowlight_hub evaluate --data PATH_OF_LOL{models} --json {path}`"


def rows_of(name: str, folder: Path, results: Path | None = None) -> list[Row]:
    """The figures of the weights in `folder`, of the attempt `name`.

    They are looked up in `results`, which must hold them, else in the package's, which may not.
    Raises LowlightError where `results` is missing, damaged or of other weights.
    """
    try:
        known, weights = _read(results or RESULTS), fingerprint(folder)
        for suffix, protocol in (("", STANDARD), (LEAK_FREE_SUFFIX, LEAK_FREE_PROTOCOL)):
            if known.weights.get(name + suffix) == weights:
                return [row for row in known.of(protocol) if row["model"] == name]
        raise LowlightError(
            f"{results} does not hold the figures of {folder}: make it by "
            f"{_command(results, f' --models {folder}')}"
        )
    except LowlightError:
        if results is None:
            return []
        raise
