"""The mean of the weights of several trainings: one model as good as many, at the cost of one."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from lowlight_hub.attempts import get_attempt
from lowlight_hub.cards import model_card
from lowlight_hub.durable import make_writable, replace_file, replace_text
from lowlight_hub.errors import LowlightError
from lowlight_hub.finding import LEAK_FREE, is_of
from lowlight_hub.folders import (
    CARD_FILE,
    HISTORY_FILE,
    MODEL_FILES,
    SAMPLES_FILE,
    as_asked_for,
    fingerprint,
    load_whole,
    read_card_config,
    save_model,
)
from lowlight_hub.photos import save_photo
from lowlight_hub.pictures import samples_of_free_photos
from lowlight_hub.records import learnt_from


def average(folders: Sequence[Path], out: Path) -> None:
    """Writes a model whose weights are the mean of those in these folders, to the folder `out`.

    After Wortsman et al., "Model soups", arXiv 2203.05482, 2022. It helps where one training went
    on from the weights of the other, or all from the same ones: those of two that began by chance
    have nothing in common, and their mean is no model. Config and history are those of the first;
    the config's `averaged_with` names the others, and `averaged_data` what only these learnt from.
    Raises LowlightError for fewer than two folders, for one that train.py did not write, for models
    of several attempts or widths, where some are leak-free and some are not, and where `out` holds
    a file of such a name already.
    """
    if len(folders) < 2:
        raise LowlightError("the mean is of two trainings or more: name their folders")
    for file in MODEL_FILES:
        if (out / file).exists():
            raise LowlightError(f"{out} already holds a {file}: name another folder for the mean")
    models = [load_whole(folder) for folder in folders]
    configs = [read_card_config(folder) for folder in folders]
    for key in ("attempt", "width"):
        if any(config[key] != configs[0][key] for config in configs):
            raise LowlightError(
                f"these trainings differ in their {key}, and have no mean: "
                f"{', '.join(str(config[key]) for config in configs)}"
            )
    if len({is_of(config["data"], LEAK_FREE) for config in configs}) > 1:
        raise LowlightError(
            "only some of these trainings are leak-free: what their mean has seen could not be told"
        )
    mean = models[0]
    states = [model.state_dict() for model in models]
    mean.load_state_dict(
        {
            key: torch.stack([state[key] for state in states]).mean(dim=0)
            if value.is_floating_point()
            else value
            for key, value in states[0].items()
        }
    )
    attempt = get_attempt(configs[0]["attempt"])
    config = {
        **configs[0],
        # The first may be a mean itself.
        "averaged_with": [
            *(configs[0].get("averaged_with") or []),
            *(f"weights of SHA-256 {fingerprint(folder)}" for folder in folders[1:]),
        ],
        "averaged_data": list(
            dict.fromkeys(
                data
                for it in configs
                for data in learnt_from(it)
                if data not in (configs[0]["data"], *(configs[0].get("init_data") or []))
            )
        ),
    }
    make_writable(out)
    samples = samples_of_free_photos(mean, from_bright=attempt.reads_bright)
    card = model_card(attempt, config, repository=as_asked_for(out))
    try:
        replace_file(out / HISTORY_FILE, partial(shutil.copyfile, folders[0] / HISTORY_FILE))
        save_photo(samples, out / SAMPLES_FILE)
        replace_text(out / CARD_FILE, card)
        # Last, so that a folder with a config is whole.
        save_model(mean, config, out)
    except BaseException:  # half of a mean would be in the way of the next try
        for file in MODEL_FILES:
            (out / file).unlink(missing_ok=True)
        raise
