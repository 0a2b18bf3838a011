"""Model cards: the README.md beside a model's weights."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from lowlight_hub.attempts import ARTICLE, Attempt
from lowlight_hub.durable import replace_text
from lowlight_hub.finding import BRIGHT, LEAK_FREE, LOL, is_of
from lowlight_hub.folders import CARD_FILE, SAMPLES_FILE, read_config
from lowlight_hub.networks import ListingAutoencoder
from lowlight_hub.records import (
    learnt_from,
    losses_in_words,
    photos_a_step,
    trained_in_words,
    training_command,
)

SIZES = {"full": "600×400", "crop200": "200×200 crop"}
LOL_REWARDS_MEMORY = (
    " LOL's few hundred photos show a few rooms and streets; 14 of the 15 test scenes are among "
    "them, so figures on eval15 reward memory."
)
LOL_LICENCE = (
    " The licence of the LOL photos is not stated by their authors; none is contained here."
)

LEAK_FREE_NOTE = (
    "\n\nLeak-free weights, which are not these, come from a training without the pairs that show "
    "a scene of the test set."
)


def model_card(
    attempt: Attempt,
    config: dict[str, Any],
    rows: Sequence[Mapping[str, Any]] = (),
    repository: str | None = None,
    samples: bool = True,
    leak_free: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The README.md of a model's folder, or of its `repository` on the Hub.

    `repository` is what load_model is given in it; None is the attempt, whose weights are bundled.

    `rows` are its figures, none before it is evaluated, and `leak_free` those of a training without
    the scenes of the test set. `samples` says whether the sample sheet lies beside it.
    """
    header = ModelCardData(
        license="apache-2.0",
        library_name="lowlight_hub",
        pipeline_tag="image-to-image",
        tags=["low-light-image-enhancement", "autoencoder"],
        model_name=attempt.title,
        eval_results=_eval_results(attempt, rows),
    )
    origin = "From" if attempt.in_article else "Not in"
    parts = [
        f"---\n{header.to_yaml()}\n---",
        f"# {attempt.title} (`{attempt.name}`)",
        f"{attempt.story} {origin} [the article]({ARTICLE}), trained by lowlight-hub.",
        "```python\nimport torch\nfrom lowlight_hub import enhance, load_model\n\n"
        f"model = load_model({json.dumps(repository or attempt.name, ensure_ascii=False)})\n"
        'picture = enhance(model, "dark.jpg")  # in full size\n'
        "photos = torch.rand(1, 3, 400, 600)  # B 3 H W, RGB in 0..1\n"
        "with torch.inference_mode():\n"
        "    restored = model(photos)  # to the same\n```",
        _training(attempt, config),
        _figures(attempt, rows, leak_free),
        _samples(attempt) if samples else "",
        _limits(attempt, learnt_from(config)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _training(attempt: Attempt, config: dict[str, Any]) -> str:
    """How it was trained, as a list."""
    optimiser = "AdamW" if attempt.recipe.weight_decay else "Adam"
    ended = command_of_mean = ""
    framing = [
        "whole, at 600×400"
        if attempt.answers_in_full
        else f"at 200×200: {config['whole_share']:.0%} whole photos, the rest top-left crops"
    ]
    if config.get("init_from"):
        learnt = "; ".join(config.get("init_data") or [])
        framing.append(
            f"started from: {config['init_from']}"
            + (f", which learnt from {learnt}" if learnt else "")
        )
    else:  # one that began with trained weights is not measured by its row's epochs
        ended = f" ({config['status'].removeprefix('cut short: ')})"
    if config.get("freeze"):
        framing[-1] += f", their part `{config['freeze']}` frozen"
    if config.get("averaged_with"):
        command_of_mean = ", then `lowlight-hub average`"
        framing.append(
            "these weights are the mean of this training's and of "
            + ", ".join(map(str, config["averaged_with"]))
            + "".join(
                f"; some of them learnt from {it}" for it in config.get("averaged_data") or []
            )
        )
    if config.get("changed"):
        framing.append(
            "**the weights were changed after this training by other means than train.py**, with "
            "other photos perhaps: what is said here is of before"
        )
    # Of other photos than LOL's nobody knows which show one scene.
    others = "of other scenes" if config["data"] in (LOL, LEAK_FREE) else "others"
    validation = f"{config['validation_pairs']} {others} to validate on"
    if not config["validation_pairs"]:
        validation = "none kept back to validate on"
    elif config.get("init_from"):
        validation += ", if the weights that it started from have not seen them"
    lines = [
        f"learns: {attempt.learns}, loss {attempt.formula}",
        f"trained: {trained_in_words(config)}{ended}, {config['steps']} steps of "
        f"{photos_a_step(config)} photos, {optimiser}, learning rate {config['lr']}, "
        f"seed {config['seed']}, {config['precision']}",
        f"data: {config['data']}, {config['training_pairs']} pairs to learn from and "
        f"{validation}, {framing[0]}",
        *framing[1:],
        losses_in_words(config)
        + (", of this training alone" if config.get("averaged_with") else ""),
        f"the command: `{training_command(config)}`{command_of_mean}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _figures(
    attempt: Attempt, rows: Sequence[Mapping[str, Any]], leak_free: Sequence[Mapping[str, Any]]
) -> str:
    """The figures on eval15 as a table; nothing where there are none."""
    own = [row for row in rows if row["model"] == attempt.name]
    own_leak_free = [row for row in leak_free if row["model"] == attempt.name]
    lines = [
        f"| {SIZES[row['size']]} | {row['input']}{note} | {row['psnr']:.2f} | {row['ssim']:.3f} | "
        f"{row['psnr_gt_mean']:.2f} |"
        for of, note in ((own, ""), (own_leak_free, ", leak-free weights"))
        for row in of
    ]
    if not lines:
        return ""
    return (
        "LOL eval15, the whole photos as `enhance` restores them and the article's crop:\n\n"
        "| size | input | PSNR | SSIM | PSNR, GT-mean |\n|---|---|--:|--:|--:|\n"
        + "\n".join(lines)
        + (LEAK_FREE_NOTE if own_leak_free else "")
    )


def _samples(attempt: Attempt) -> str:
    """The sample sheet and what its rows are."""
    rows = ["dark", "what `enhance` makes of the dark photo", "the original"]
    if attempt.reads_bright:
        rows.insert(1, "its answer to the original")
    if not attempt.answers_in_full:
        rows.insert(1, "the network's answer")
    return (
        f"![free photos, dark, restored and bright]({SAMPLES_FILE})\n\n"
        f"Free photos darkened by a simulator. From above: {', '.join(rows)}."
    )


def _limits(attempt: Attempt, sources: Sequence[str]) -> str:
    """What it cannot do, and what is known of the photos that it was trained on."""
    if attempt.answers_in_full:
        limits = (
            "It finds light and colours on a thumbnail of the photo; what is too small to be seen "
            "there is lit like its surroundings. How bright the scene was it guesses, too bright "
            "where a photo says little of it, as of a wall. Streets at night are lit a little; "
            "bright windows in dark photos stay as paler patches; very dark photos come out with "
            "less detail."
        )
    elif attempt.network is ListingAutoencoder:
        limits = (
            "It learnt at 200×200 pixels. Without a feature vector it answers in any size, a "
            "little blurred; `enhance` carries the light and the colours to the photo's own edges."
        )
    else:
        limits = (
            "It sees 200×200 pixels of a photo. Its own answer is blurred; `enhance` carries the "
            "light and the colours to the photo in full size."
        )
    of_lol = any(is_of(it, LOL) for it in sources)
    limits += LOL_REWARDS_MEMORY if of_lol else ""
    limits += LOL_LICENCE if of_lol or any(is_of(it, LEAK_FREE) for it in sources) else ""
    told: set[str] = set()
    for name in (it.partition(BRIGHT)[2].strip() for it in sources if BRIGHT in it):
        parts = set(re.split(r", | and ", name))
        if not parts <= told:
            limits += f" The {BRIGHT} {name} are under terms of their own; none is contained here."
        told |= parts
    return f"**Limits.** {limits}"


def _eval_results(attempt: Attempt, rows: Sequence[Mapping[str, Any]]) -> list[EvalResult]:
    """The standard protocol's figures, as the Hub shows them (`model-index`)."""
    whole = [row for row in rows if (row["model"], row["size"]) == (attempt.name, "full")]
    return [
        EvalResult(
            task_type="image-to-image",
            dataset_type="lol",
            dataset_name="LOL eval15, 600×400",
            metric_type=metric,
            metric_name=metric.upper(),
            metric_value=round(row[metric], 3),
        )
        for row in whole
        for metric in ("psnr", "ssim")
    ]


def write_card(
    folder: Path,
    attempt: Attempt,
    rows: Sequence[Mapping[str, Any]] = (),
    leak_free: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Writes the model card into a trained model's folder."""
    card = model_card(attempt, read_config(folder), rows, leak_free=leak_free)
    replace_text(folder / CARD_FILE, card)
