"""The demo's models: from the Hub where they are, bundled where they are not, and each once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from lowlight_hub import LowlightError
from lowlight_hub.errors import HubAwayError
from lowlight_hub.folders import MODEL_FILES, bundled
from lowlight_hub.remote import NAMESPACE_VARIABLE
from lowlight_hub.shelf import Shelf


@pytest.fixture
def hub(hub):
    """The Hub with one model of somebody's."""
    files = {file: (bundled("listing") / file).read_bytes() for file in MODEL_FILES}
    hub.add("somebody/lowlight-listing", files)
    return hub


def test_without_a_namespace_all_is_bundled_and_nothing_is_asked(hub):
    shelf = Shelf()
    assert shelf.get("listing").revision is None
    assert shelf.sources() == "" and hub.log == []


def test_somebodys_models_are_taken_where_they_are(hub, monkeypatch):
    monkeypatch.setenv(NAMESPACE_VARIABLE, "somebody")
    shelf = Shelf()
    commit = hub.repositories["models", "somebody/lowlight-listing"].commits[-1][0]
    assert shelf.get("listing").revision == commit
    assert shelf.get("attempt-1").revision is None
    told = shelf.sources()
    assert f"Models of somebody on the Hub: listing ({commit[:7]})." in told
    shelf.get("vae")
    assert "Bundled instead: attempt-1, vae, since there is no such repository" in shelf.sources()


def test_a_hub_that_is_away_is_asked_once(hub, monkeypatch):
    from lowlight_hub import shelf as module

    asked = []
    real = module.load_model

    def away(name):
        if "/" not in name:
            return real(name)
        asked.append(name)
        raise HubAwayError("the Hub cannot be reached")

    monkeypatch.setattr(module, "load_model", away)
    shelf = Shelf("somebody")
    for name in ("listing", "attempt-1", "attempt-2"):
        assert shelf.get(name).revision is None
    assert len(asked) == 1
    assert "listing, attempt-1, attempt-2, since the Hub cannot be reached" in shelf.sources()


def test_a_model_is_loaded_once_however_many_ask(hub):
    shelf = Shelf("somebody")
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(shelf.get, ["listing"] * 16))
    assert len({id(model) for model in models}) == 1
    assert len([line for line in hub.log if line.startswith("GET /stored")]) == 1


def test_an_unknown_name_is_refused(hub):
    with pytest.raises(LowlightError, match="no attempt is called"):
        Shelf().get("gpt")
