"""The models of a demo: each loaded once, from the Hub where a namespace is named, else bundled."""

import os
import re
from threading import Lock
from time import monotonic

from lowlight_hub.attempts import ATTEMPTS, get_attempt
from lowlight_hub.devices import chosen_device
from lowlight_hub.errors import HubAwayError, LowlightError
from lowlight_hub.folders import check_attempt
from lowlight_hub.hub import load_model
from lowlight_hub.networks import LowlightModel
from lowlight_hub.remote import NAMESPACE_VARIABLE, repository_of

REVISION_DIGITS = 7
# How long a Hub that did not answer is left alone: a cold cache waits half a minute for it.
AWAY_S = 300.0


class Shelf:
    """Models by the names of attempts, on CUDA where there is a device.

    `user` is whose models are taken from the Hub; where one of them is missing, the bundled one
    stands in, and where the Hub does not answer, until it does. None takes LOWLIGHT_HUB_NAMESPACE;
    empty, all are bundled.
    """

    def __init__(self, user: str | None = None) -> None:
        self.user = os.environ.get(NAMESPACE_VARIABLE, "") if user is None else user
        self._models: dict[str, LowlightModel] = {}
        # Why a bundled model stands in; those of a Hub that is away are tried again.
        self._missing: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._away = ""
        self._away_until = 0.0
        # A model is never loaded twice, however many ask for it, and none waits for another.
        self._locks: dict[str, Lock] = {}

    def get(self, name: str) -> LowlightModel:
        """The model. Raises LowlightError as load_model does for a bundled one."""
        get_attempt(name)
        with self._locks.setdefault(name, Lock()):
            known = self._models.get(name)
            is_wanted = known is None or (name in self._waiting and monotonic() > self._away_until)
            model = self._pulled(name) if self.user and is_wanted else None
            if model is None and known is not None:
                return known
            model = load_model(name) if model is None else model
            self._models[name] = model.to(chosen_device())
            return self._models[name]

    def place(self) -> dict[str, str]:
        """Loads all models, as ZeroGPU wants it at the start; gives why some cannot be, by name."""
        failures = {}
        for name in ATTEMPTS:
            try:
                self.get(name)
            except LowlightError as error:
                failures[name] = str(error)
        return failures

    def _pulled(self, name: str) -> LowlightModel | None:
        if monotonic() <= self._away_until:
            self._waiting[name] = self._away
            return None
        if self._away:
            # One asks whether the Hub is back; meanwhile the others do without.
            self._away_until = monotonic() + AWAY_S
        repository = repository_of(self.user, name)
        try:
            model = check_attempt(load_model(repository), name, repository)
        except HubAwayError as error:
            self._away, self._away_until = str(error), monotonic() + AWAY_S
            self._waiting[name] = self._away
            return None
        except LowlightError as error:
            model = None
            # Without its name, so that all that failed alike are told in one line.
            self._missing[name] = str(error).replace(repository, "such repository")
        self._away, self._away_until = "", 0.0
        self._waiting.pop(name, None)
        return model

    def sources(self) -> str:
        """Where the models loaded so far are from, in Markdown; empty where all are bundled."""
        if not self.user:
            return ""
        # Copies: others may be loading models.
        models, reasons = self._models.copy(), {**self._missing, **self._waiting}
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
