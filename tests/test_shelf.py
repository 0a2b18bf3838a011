"""The demo's models: from the Hub where they are, bundled where they are not, and each once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from lowlight_hub import ATTEMPTS, LowlightError
from lowlight_hub import shelf as shelf_module
from lowlight_hub.demo import api, figures, service
from lowlight_hub.errors import HubAwayError
from lowlight_hub.folders import MODEL_FILES, bundled
from lowlight_hub.remote import NAMESPACE_VARIABLE
from lowlight_hub.shelf import AWAY_S, Shelf


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


def test_somebodys_models_have_no_figures_of_the_bundled_ones(monkeypatch):
    bundled_ones = figures.model_choices()
    assert " dB – " in bundled_ones[0][0]
    monkeypatch.setattr(service, "SHELF", Shelf("somebody"))
    choices = figures.model_choices()
    assert [name for _, name in choices] == [name for _, name in bundled_ones]
    assert not any(" dB" in title for title, _ in choices)
    assert {it["psnr"] for it in api.models()} == {None}


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The repositories that were asked for while the Hub is away: until "back" is put here."""
    names: list[str] = []
    real = shelf_module.load_model

    def load(name):
        if "/" in name and "back" not in names:
            names.append(name)
            raise HubAwayError("the Hub cannot be reached")
        return real(name)

    monkeypatch.setattr(shelf_module, "load_model", load)
    return names


def test_a_hub_that_is_away_is_asked_once_until_it_may_be_back(hub, asked, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(shelf_module, "monotonic", lambda: now[0])
    shelf = Shelf("somebody")
    for name in ("listing", "attempt-1", "attempt-2"):
        assert shelf.get(name).revision is None
    assert asked == ["somebody/lowlight-listing"]
    assert "listing, attempt-1, attempt-2, since the Hub cannot be reached" in shelf.sources()

    now[0] += AWAY_S + 1
    shelf.get("attempt-1")
    shelf.get("listing")
    assert asked[1:] == ["somebody/lowlight-attempt-1"]

    asked.append("back")
    assert shelf.get("listing").revision is None
    now[0] += AWAY_S + 1
    commit = hub.repositories["models", "somebody/lowlight-listing"].commits[-1][0]
    assert shelf.get("listing").revision == commit
    assert shelf.get("attempt-1").revision is None
    told = shelf.sources()
    assert f"listing ({commit[:7]})" in told
    assert "attempt-1, since there is no such repository" in told


def test_a_slow_pull_holds_nobody_else(hub, monkeypatch):
    real, may_end = shelf_module.load_model, Event()

    def slow(name):
        if name == "somebody/lowlight-listing":
            assert may_end.wait(60)
        return real(name)

    monkeypatch.setattr(shelf_module, "load_model", slow)
    shelf = Shelf("somebody")
    with ThreadPoolExecutor(2) as pool:
        listing = pool.submit(shelf.get, "listing")
        try:
            pool.submit(shelf.get, "attempt-1").result(timeout=30)
            assert not listing.done() and "listing" not in shelf.sources()
        finally:
            may_end.set()
        assert listing.result().revision


def test_one_damaged_model_does_not_keep_the_others_from_their_place(hub, monkeypatch):
    real = shelf_module.load_model

    def load(name):
        if name == "vae":
            raise LowlightError("it is damaged")
        return real(name)

    monkeypatch.setattr(shelf_module, "load_model", load)
    shelf = Shelf("somebody")
    assert shelf.place() == {"vae": "it is damaged"}
    hub.log.clear()
    assert all(shelf.get(name) for name in ATTEMPTS if name != "vae")
    assert hub.log == []


def test_a_model_is_loaded_once_however_many_ask(hub):
    shelf = Shelf("somebody")
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(shelf.get, ["listing"] * 16))
    assert len({id(model) for model in models}) == 1
    assert len([line for line in hub.log if line.startswith("GET /stored")]) == 1


def test_an_unknown_name_is_refused(hub):
    with pytest.raises(LowlightError, match="no attempt is called"):
        Shelf().get("gpt")
