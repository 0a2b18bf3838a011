"""What every network is: a module that the Hugging Face Hub's own verbs work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import HfApi, ModelCard, PyTorchModelHubMixin
from torch import Tensor, nn

from lowlight_hub.durable import expanded, replace_text
from lowlight_hub.errors import LowlightError
from lowlight_hub.look import Look

M = TypeVar("M", bound="LowlightModel")


@dataclass(frozen=True)
class TileNetwork:
    """A network that can restore a photo tile by tile, having seen it in small and close up."""

    restored: Callable[[Tensor, int, int], Tensor]
    """restored(tile, top, left): 1 3 h w in 0..1, from that row and column of the photo on, to the
    same, restored."""
    reach_px: int
    """What it says of a pixel depends on those within this distance, and on all that was seen."""
    stride_px: int
    """`top` and `left` must be multiples of this."""
    in_bfloat16: bool = False
    """Whether, rounded to 8 bits, it is as good in bfloat16 (autocast)."""


def as_weights(network: nn.Module, photos: Tensor) -> Tensor:
    """Photos where a network lies, and in the type of its weights."""
    weights = next(network.parameters(), photos)
    return photos.to(weights.device, weights.dtype)


class LowlightModel(nn.Module, PyTorchModelHubMixin):
    """Maps photos B 3 H W, RGB in 0..1, to the same; from_pretrained, save_pretrained, push_to_hub.

    `config` is what config.json says of a trained model; None of one that was only built.
    `digest` is that of the weights that it tells of, see folders.digest.
    `revision` is the commit of the Hub that it was pulled at; None of one that was not.
    """

    config: dict[str, Any] | None = None
    digest: str | None = None
    revision: str | None = None
    # Which `detail` of enhance() it provides itself, by tiles_of.
    details_by_tiles: tuple[str, ...] = ()

    def tiles_of(
        self, overview: Tensor, closeups: Tensor, size: tuple[int, int], looks: Sequence[Look]
    ) -> list[TileNetwork]:
        """For a photo seen in small, 1 3 h w in 0..1: what restores its tiles, for each look.

        `closeups`, 1 3 h w in 0..1, are crops of it in its own size, to judge its noise by.
        `size` is the photo's own, height and width, whose shape the overview need not have.
        Of looks count brightness and shadows, light beyond the network's own answer. Only of
        networks that have `details_by_tiles`.
        """
        raise NotImplementedError

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls: type[M],
        pretrained_model_name_or_path: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        strict: bool = True,
    ) -> M:
        """A trained model of this class, as load_model gives it, which explains the keywords.

        Raises LowlightError as load_model does, for a model of another class, and for a `strict`
        other than True: no model is ever loaded in part.
        """
        from lowlight_hub.hub import load_model  # the table of attempts is made of networks

        if strict is not True:
            raise LowlightError(f"strict is {strict!r}, and must be True: every weight must fit")
        model = load_model(
            pretrained_model_name_or_path,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
        )
        if not isinstance(model, cls):
            raise LowlightError(
                f"{pretrained_model_name_or_path} is a {type(model).__name__}, not a {cls.__name__}"
            )
        return model

    def push_to_hub(self, repo_id: str, **settings: Any) -> str:
        """As the mixin's, whose `settings` these are, with a card that names the repository.

        Raises LowlightError where the model was never trained, nobody is logged in, a repository
        that was to be private is public, and where the Hub refuses or cannot be reached.
        """
        from lowlight_hub.refusals import check_login, check_token, explained, make_repository

        token, private = settings.get("token"), settings.get("private")
        check_token(token)
        self.generate_model_card()  # what has no card makes no repository
        with explained(repo_id):
            check_login(token)
            # "mine" is then "user/mine", for the card.
            name = make_repository(HfApi(token=token), repo_id, private=private)
            settings["model_card_kwargs"] = {"repository": name}
            return super().push_to_hub(name, **settings)

    def save_pretrained(  # type: ignore[override]
        self,
        save_directory: str | Path,
        *,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        model_card_kwargs: dict[str, Any] | None = None,
        **settings: Any,
    ) -> str | None:
        """Writes weights, config and, where there is none, a card that names the folder.

        With `push_to_hub` they go to `repo_id` as well, or to a repository of the folder's name,
        by the mixin's `settings`. Not by the mixin, which begins by deleting the config.
        Raises LowlightError where the model was never trained, the folder cannot be written to or
        the disk is full; what was there is there still. And as push_to_hub does.
        """
        from lowlight_hub.folders import CARD_FILE, as_asked_for, save_model

        folder = expanded(save_directory)
        card = self.generate_model_card(
            **{"repository": as_asked_for(folder), **(model_card_kwargs or {})}
        )
        save_model(self, self._known_config(), folder)
        if not (folder / CARD_FILE).exists():
            replace_text(folder / CARD_FILE, str(card))
        return self.push_to_hub(repo_id or folder.name, **settings) if push_to_hub else None

    def generate_model_card(self, *_, repository: str | None = None, **__) -> ModelCard:
        """The card that train.py writes, of the model in `repository`, without its samples."""
        from lowlight_hub.attempts import get_attempt
        from lowlight_hub.cards import model_card
        from lowlight_hub.folders import check_card_config

        config = self._known_config()
        check_card_config(config, "this model")
        attempt = get_attempt(config["attempt"])
        return ModelCard(model_card(attempt, config, repository=repository, samples=False))

    def _known_config(self) -> dict[str, Any]:
        if self.config is None:
            raise LowlightError("this model was never trained: it has no config to be saved with")
        from lowlight_hub.folders import digest

        changed = self.digest is not None and digest(self) != self.digest
        return {**self.config, "changed": True} if changed else self.config
