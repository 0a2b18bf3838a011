"""Tables of README and docs: what is between their markers is written by what measured it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.durable import replace_text
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import bundled, read_config
from lowlight_hub.records import trained_in_words
from lowlight_hub.results import (
    BASELINE_TITLES,
    BASELINES,
    CROP_SIZE,
    FULL_SIZE,
    LEAK_FREE_PROTOCOL,
    STANDARD,
    Results,
    Row,
)


def markdown_table(
    titles: Sequence[str], lines: Sequence[Sequence[str]], *, text: int | None = None
) -> str:
    """A table in Markdown, of which the first `text` columns hold words, all unless it is said.

    The others hold figures, which stand at the right.
    """
    words = len(titles) if text is None else text
    rule = "|---" * words + "|--:" * (len(titles) - words) + "|"
    rows = [f"| {' | '.join(cells)} |" for cells in (titles, *lines)]
    return "\n".join([rows[0], rule, *rows[1:]])


def attempts_table() -> str:
    """What each attempt is, as a Markdown table."""
    lines = [[f"`{it.name}`", it.architecture, it.learns, it.formula] for it in ATTEMPTS.values()]
    return markdown_table(["name", "network", "learns", "loss"], lines)


def results_table(results: Results) -> str:
    """The figures as a Markdown table: baselines, attempts in their own order, leak-free ones.

    Under it stand the commands of the leak-free trainings.
    """
    titles = ["model", "learns", "trained", "training loss", "validation loss"]
    figures = [
        f"{size}: {it}" for size in ("600×400", "crop") for it in ("PSNR", "SSIM", "GT-mean")
    ]
    titles += [*figures, "from bright: PSNR", "SSIM"]
    lines = []
    for name, measured in _by_model(results.of(STANDARD)).items():
        lines.append([*_trained(name), *_figures(measured)])
    for name, measured in _by_model(results.of(LEAK_FREE_PROTOCOL)).items():
        trained = results.trainings[name]["trained"]
        told = [f"`{name}`, leak-free", ATTEMPTS[name].learns, trained, "", ""]
        lines.append([*told, *_figures(measured)])
    by = [f"`{name}`, leak-free: `{it['command']}`" for name, it in results.trainings.items()]
    return "\n\n".join([markdown_table(titles, lines, text=3), *by])


def _by_model(rows: Sequence[Row]) -> dict[str, dict[tuple[str, str], Row]]:
    """Of each baseline and attempt that was measured its rows, by size and input."""
    measured = {
        name: {(row["size"], row["input"]): row for row in rows if row["model"] == name}
        for name in (*BASELINES, *ATTEMPTS)
    }
    return {name: found for name, found in measured.items() if found}


def _trained(name: str) -> list[str]:
    """What the table says of a baseline or a bundled model before its figures."""
    if name not in ATTEMPTS:
        return [BASELINE_TITLES[name], "", "", "", ""]
    config = read_config(bundled(name))
    losses = (config.get(key) for key in ("train_loss", "validation_loss"))
    return [
        f"`{name}`",
        ATTEMPTS[name].learns,
        trained_in_words(config),
        *("" if loss is None else f"{loss:.4f}" for loss in losses),
    ]


def _figures(measured: Mapping[tuple[str, str], Row]) -> list[str]:
    cells = [
        it for size in (FULL_SIZE, CROP_SIZE) for it in figures_of(measured.get((size, "dark")))
    ]
    return cells + figures_of(measured.get((CROP_SIZE, "bright")))[:2]


def figures_of(row: Row | None) -> list[str]:
    """PSNR, SSIM and PSNR after GT-mean as cells of a table, empty where nothing was measured."""
    if row is None:
        return ["", "", ""]
    return [f"{row['psnr']:.2f}", f"{row['ssim']:.3f}", f"{row['psnr_gt_mean']:.2f}"]


def write_tables(results: Results, page: Path) -> None:
    """Puts both tables between their markers in a page, the README; the first is results_table."""
    put_table(page, "results", results_table(results))
    put_table(page, "attempts", attempts_table())


def put_table(page: Path, name: str, table: str) -> None:
    """Puts a table between its markers in a page. Raises as read_table() does."""
    before, _, after = _around(page, name)
    start, end = markers(name)
    replace_text(page, f"{before}{start}\n{table}\n{end}{after}")


def read_table(page: Path, name: str) -> str:
    """The table between its markers in a page.

    Raises LowlightError where there is no such file, or it lacks the markers.
    """
    return _around(page, name)[1].strip()


def _around(page: Path, name: str) -> tuple[str, str, str]:
    """What stands before the markers of a table, between them and after them."""
    try:
        text = page.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LowlightError(f"there is no {page}: name it by --into") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LowlightError(f"{page} cannot be read: {error}") from None
    start, end = markers(name)
    if start not in text or end not in text:
        raise LowlightError(f"{page} lacks the lines {start} and {end}")
    before, rest = text.split(start, 1)
    table, after = rest.split(end, 1)
    return before, table, after


def markers(name: str) -> tuple[str, str]:
    """The lines of a page between which a table stands; `name` may be of a benchmark."""
    command = f"`python {name}`" if name.startswith("benchmarks/") else "`lowlight-hub report`"
    return f"<!-- {name}: written by {command} -->", f"<!-- end of {name} -->"
