"""The models of a demo: each loaded once, from the Hub where a namespace is named, else bundled."""

import os
import re
from threading import Lock

import torch

from lowlight_hub.errors import HubAwayError, LowlightError
from lowlight_hub.folders import check_attempt
from lowlight_hub.hub import load_model
from lowlight_hub.networks import LowlightModel
from lowlight_hub.remote import NAMESPACE_VARIABLE, repository_of

REVISION_DIGITS = 7


class Shelf:
    """Models by the names of attempts, on CUDA where there is a device.

    `user` is whose models are taken from the Hub; where one of them is missing, or the Hub does not
    answer, the bundled one stands in. None takes LOWLIGHT_HUB_NAMESPACE; empty, all are bundled.
    """

    def __init__(self, user: str | None = None) -> None:
        self.user = os.environ.get(NAMESPACE_VARIABLE, "") if user is None else user
        self._models: dict[str, LowlightModel] = {}
        self._reasons: dict[str, str] = {}
        self._away: str | None = None
        # One network is never loaded twice, however many ask for it at once.
        self._lock = Lock()

    def get(self, name: str) -> LowlightModel:
        """The model. Raises LowlightError as load_model does for a bundled one."""
        with self._lock:
            if name not in self._models:
                model = self._pulled(name) if self.user else None
                model = load_model(name) if model is None else model
                self._models[name] = model.to("cuda") if torch.cuda.is_available() else model
            return self._models[name]

    def _pulled(self, name: str) -> LowlightModel | None:
        repository = repository_of(self.user, name)
        if self._away is None:
            try:
                return check_attempt(load_model(repository), name, repository)
            except HubAwayError as error:
                self._away = str(error)
            except LowlightError as error:
                # Without its name, so that all that failed alike are told in one line.
                self._reasons[name] = str(error).replace(repository, "such repository")
                return None
        self._reasons[name] = self._away
        return None

    def sources(self) -> str:
        """Where the models loaded so far are from, in Markdown; empty where all are bundled."""
        if not self.user:
            return ""
        with self._lock:
            models, reasons = dict(self._models), dict(self._reasons)
        pulled = [
            f"{name} ({model.revision[:REVISION_DIGITS]})"
            for name, model in models.items()
            if model.revision
        ]
        lines = [f"Models of {self.user} on the Hub: {', '.join(pulled) or 'none'}."]
        for reason in dict.fromkeys(reasons.values()):
            names = [name for name, why in reasons.items() if why == reason]
            # Parts of it may be somebody else's words: never their Markdown.
            plain = re.sub(r"([\\`*_\[\]()<>!#|])", r"\\\1", reason)
            lines.append(f"Bundled instead: {', '.join(names)}, since {plain}.")
        return "\n\n".join(lines)
