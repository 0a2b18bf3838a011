"""What the events of the page's Enhance tab do: inputs of parts in, values for parts out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import gradio as gr

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.batch import Job
from lowlight_hub.demo import service
from lowlight_hub.demo.answers import (
    HIDDEN,
    paragraphs,
    said_to,
    told_in_the_note,
    warn,
)
from lowlight_hub.demo.before_after import choices_of, histograms_of, pair_of, result_of
from lowlight_hub.demo.last_run import LAST_RUN
from lowlight_hub.demo.scratch import zipped
from lowlight_hub.demo.service import Settings
from lowlight_hub.demo.work import Made, Results, Work
from lowlight_hub.errors import LowlightError
from lowlight_hub.look import RANGES, Detail, Look
from lowlight_hub.restoring import Step

# What one of several photos can have beside the others.
LIGHT = ("brightness", "shadows")


class Restored(NamedTuple):
    """What the page shows of restored photos."""

    slider: Any
    download: Any
    luminance: Any
    note: Any
    choices: Any


def nothing_restored(note: str) -> Restored:
    """What enhance_photos gives where there is nothing to show but a note."""
    return Restored(
        slider=None,
        download=gr.DownloadButton(visible=HIDDEN),
        luminance=gr.LinePlot(visible=False),
        note=note,
        choices=None,
    )


def stop(number: int, work: Work, request: gr.Request) -> tuple:
    """Ends the work, for note and download: of several photos, those that are done are there."""
    if number <= max(work.done, work.stopped):
        return gr.skip(), gr.skip()
    work.stop(number)
    said = said_to(request)
    work.results.leave_out_what_is_gone()
    files, failures = list(work.results.files), list(work.results.failures)
    counted = f" {said['in_the_zip']}: {len(files)}." if files else ""
    note = paragraphs(
        said["stopped_several" if files else "stopped"] + counted, _told(failures, said)
    )
    return note, _zip_of(files, said) if files else gr.DownloadButton(visible=HIDDEN)


def not_begun(number: int, work: Work, request: gr.Request) -> tuple:
    """For note and download where Gradio itself refused: too many wait, or photos are gone."""
    if work.knows(number):
        return gr.skip(), gr.skip()
    return said_to(request)["not_begun"], gr.DownloadButton(visible=HIDDEN)


@told_in_the_note(nothing_restored)
def enhance_photos(
    number: int,
    work: Work,
    light_of_each: Mapping[str, Mapping[str, float]] | None,
    photos: list[tuple[str, str | None]] | None,
    model: str,
    strength: float,
    brightness: float,
    shadows: float,
    detail: Detail,
    file_format: str,
    keep_metadata: bool,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio looks for it there
) -> Iterator[Restored]:
    """Photos under the slider, of several one at a time, and their file or one zip.

    `light_of_each` has, by the paths of several photos, the stops of brightness and shadows that
    each has beside those of all.
    """
    said = said_to(request)
    results = work.begin(number)
    paths = [Path(path) for path, _ in photos or []]

    def step(done: int, parts: int) -> None:
        work.check(number)
        if len(paths) == 1:
            progress((done, parts), unit=said["part_count"])

    if not paths:
        yield nothing_restored(said["start"])
        return
    # One of several is told as any that cannot be read.
    if not any(path.is_file() for path in paths):
        raise LowlightError(said["gone"])
    # Not one that was chosen for another model.
    look = Look(detail if _has_details(model) else "transfer", strength, brightness, shadows)
    settings = Settings(model, look, file_format, keep_metadata)
    if len(paths) == 1:
        yield from _one(paths[0], settings, said, work, step)
    else:
        looks = [_in_light(look, light_of_each or {}, path) for path in paths]
        each = [replace(settings, look=it) for it in looks]
        steps = progress.tqdm(
            _made(service.jobs_of(paths, each), each, said, work, step),
            total=len(paths),
            unit=said["photo_count"],
        )
        yield from _several(steps, len(paths), settings, said, results)


def _in_light(look: Look, light_of_each: Mapping[str, Mapping[str, float]], path: Path) -> Look:
    """The look with what one photo has beside it.

    Raises LowlightError for what no page sends: clients send anything.
    """
    try:
        alone = light_of_each.get(str(path), {})
        stops = {name: getattr(look, name) + alone.get(name, 0.0) for name in LIGHT}
        lit: dict[str, Any] = {name: RANGES[name].nearest(round(stops[name], 2)) for name in LIGHT}
    except (AttributeError, TypeError):
        raise LowlightError(
            "The light of each photo must be by its path, in stops of brightness and of shadows"
        ) from None
    return replace(look, **lit)


def _one(
    path: Path, settings: Settings, said: Mapping[str, str], work: Work, step: Step
) -> Iterator[Restored]:
    label = said["download_raw" if settings.look.detail == "raw" else "download"]
    choices: Any = gr.skip()
    for number, done in enumerate(LAST_RUN.runs_of_file(path, settings, step)):
        pair = pair_of(path, done, said)
        # The picture first: a large file takes longer to encode than to restore.
        so_far = Restored(
            slider={**pair, "words": said},
            download=gr.DownloadButton(label, value=None, interactive=False, visible=True),
            luminance=gr.LinePlot(histograms_of(done, said), visible=True),
            note="" if done.is_quick_look else said["writing"],
            choices=choices,
        )
        yield so_far
        if not number:
            choices = choices_of(path, done.photo, settings, said)
            # With all the rest: of what comes at the same time, a page draws the last only.
            so_far = so_far._replace(choices=choices)
            yield so_far
    (job,) = service.jobs_of([path], [settings])
    try:
        service.save(done, job, settings)
    except LowlightError as error:
        # In this format it cannot be had: that is no reason to take the picture away.
        told = f"{error}."
        warn(told, said)
        yield so_far._replace(download=gr.DownloadButton(visible=HIDDEN), note=told)
        return
    pair |= result_of(done, job)
    work.made[_what(job, settings)] = Made(job.target, pair)
    yield so_far._replace(
        slider={**pair, "words": said},
        download=gr.DownloadButton(label, value=str(job.target), interactive=True, visible=True),
        note=service.SHELF.sources(),
    )


def _what(job: Job, settings: Settings) -> tuple:
    """All that a result depends on."""
    return job.source, job.target.name, settings


def _made(
    jobs: Sequence[Job],
    each: Sequence[Settings],
    said: Mapping[str, str],
    work: Work,
    step: Step,
) -> Iterator[tuple[int, Made | None, str]]:
    """What became of each, by its place, or None and what went wrong.

    What was made before is not made again, and comes first: the rest may take long.
    """
    waiting = []
    for place, (job, settings) in enumerate(zip(jobs, each, strict=True)):
        known = work.made.get(_what(job, settings))
        if known is not None and known.lasts:
            yield place, known, ""
        else:
            waiting.append((place, job, settings))
    for place, job, settings in waiting:
        done, failure = service.run_job(job, settings, step)
        made = None
        if done is not None:
            made = Made(job.target, pair_of(job.source, done, said) | result_of(done, job))
            work.made[_what(job, settings)] = made
        yield place, made, failure


def _several(
    steps: Iterable[tuple[int, Made | None, str]],
    count: int,
    settings: Settings,
    said: Mapping[str, str],
    results: Results,
) -> Iterator[Restored]:
    there: dict[int, Made] = {}
    alone = [
        {
            "setting": name,
            "least": RANGES[name].least,
            "most": RANGES[name].most,
            "label": said[f"alone_{name}"],
        }
        for name in LIGHT
    ]
    slider = None
    for place, made, failure in steps:
        if made is None:
            results.failures.append(failure)
        else:
            there[place] = made
            in_order = [there[it] for it in sorted(there)]
            results.files[:] = [it.file for it in in_order]
        if there:
            more = len(results.files) + len(results.failures) < count
            strip = [it.shown for it in in_order]
            slider = {**strip[0], "strip": strip, "more": more, "alone": alone, "words": said}
        note = _counted(results, count, said)
        so_far = Restored(
            slider=slider,
            download=gr.DownloadButton(visible=HIDDEN),
            luminance=gr.LinePlot(visible=False),
            note=note,
            choices=None,
        )
        yield so_far
    results.leave_out_what_is_gone()
    if not results.files:
        raise LowlightError("; ".join(results.failures))
    # As a whole, see _one.
    yield so_far._replace(
        download=_zip_of(results.files, said),
        note=paragraphs(
            _counted(results, count, said),
            _told(results.failures, said),
            service.SHELF.sources(),
        ),
    )


def _counted(results: Results, count: int, said: Mapping[str, str]) -> str:
    return f"{len(results.files)} {said['of']} {count} {said['photo_count']}"


def _told(failures: Sequence[str], said: Mapping[str, str]) -> str:
    return f"{said['failed']}: {'; '.join(failures)}." if failures else ""


def _zip_of(files: Sequence[Path], said: Mapping[str, str]) -> gr.DownloadButton:
    archive = str(zipped(files))
    return gr.DownloadButton(said["download_zip"], value=archive, interactive=True, visible=True)


def about(name: str) -> str:
    """A paragraph on a model, in Markdown: first what it is, last what experts ask."""
    attempt = ATTEMPTS[name]
    network = attempt.architecture[0].upper() + attempt.architecture[1:]
    return f"{attempt.story} *{network}; learns {attempt.learns} by {attempt.formula}.*"


def detail_shown(name: str) -> bool | Literal["hidden"]:
    """Whether there is a detail to choose: not of a model whose own answer is in full size."""
    return True if _has_details(name) else HIDDEN


def _has_details(name: str) -> bool:
    return name not in ATTEMPTS or not ATTEMPTS[name].answers_in_full


def about_and_detail(name: str) -> tuple:
    """What the page shows beside the choice of a model."""
    return about(name), gr.Radio(visible=detail_shown(name))
