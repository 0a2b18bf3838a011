"""What every network is: a module that the Hugging Face Hub's own verbs work on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import ModelCard, PyTorchModelHubMixin
from torch import nn

from lowlight_hub.errors import LowlightError

M = TypeVar("M", bound="LowlightModel")


class LowlightModel(nn.Module, PyTorchModelHubMixin):
    """Maps photos B 3 H W, RGB in 0..1, to the same; from_pretrained, save_pretrained, push_to_hub.

    `config` is what config.json says of a trained model; None of one that was only built.
    `revision` is the commit of the Hub that it was pulled at; None of one that was not.
    """

    config: dict[str, Any] | None = None
    revision: str | None = None

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls: type[M],
        pretrained_model_name_or_path: str | Path,
        *,
        revision: str | None = None,
        token: str | None = None,
    ) -> M:
        """A trained model of this class, as load_model gives it: always strict.

        Raises LowlightError as load_model does, and for a model of another class.
        """
        from lowlight_hub.hub import load_model  # the table of attempts is made of networks

        model = load_model(pretrained_model_name_or_path, revision=revision, token=token)
        if not isinstance(model, cls):
            raise LowlightError(
                f"{pretrained_model_name_or_path} is a {type(model).__name__}, not a {cls.__name__}"
            )
        return model

    def _save_pretrained(self, save_directory: Path) -> None:
        from lowlight_hub.folders import save_model

        save_model(self, self._known_config(), save_directory)

    def generate_model_card(self, *_, **__) -> ModelCard:
        """The card that train.py writes."""
        from lowlight_hub.attempts import get_attempt
        from lowlight_hub.cards import model_card
        from lowlight_hub.folders import check_card_config

        config = self._known_config()
        check_card_config(config, "this model")
        return ModelCard(model_card(get_attempt(config["attempt"]), config))

    def _known_config(self) -> dict[str, Any]:
        if self.config is None:
            raise LowlightError("this model was never trained: it has no config to be saved with")
        return self.config
