"""What tests of trainings share."""

import json
from dataclasses import replace

from lowlight_hub import training
from lowlight_hub.attempts import get_attempt
from lowlight_hub.folders import WEIGHTS_FILE
from lowlight_hub.outcome import Settings

SETTINGS = Settings(epochs=3, batch_size=2, lr=1e-2)
ARTICLE_ROW = replace(get_attempt("listing"), name="article-row", epochs_source="article")


def weights_of(folder):
    return (folder / WEIGHTS_FILE).read_bytes()


def history_of(folder):
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def judged_as(monkeypatch, losses):
    """Validation finds these losses, one epoch after the other."""
    found = iter(losses)
    keys = ("validation_loss", "validation_loss_crop", "validation_loss_whole")
    monkeypatch.setattr(training, "validation_losses", lambda *_: dict.fromkeys(keys, next(found)))
