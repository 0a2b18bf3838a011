"""What several test files share: pairs made here, a toy attempt, a Hub and a page being served."""

import importlib
import os
import shutil
import sys
import threading
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))  # train.py and app.py
sys.path.insert(0, str(Path(__file__).parent))

from browsing import DESKTOP, FLAGS, PHONE, free_port, opened
from hub_server import TOKEN, HubServer

HUB = HubServer()
# The client reads these when it is imported: no test can reach the real Hub.
os.environ["HF_ENDPOINT"] = HUB.url
os.environ["HF_HUB_DISABLE_XET"] = os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

from huggingface_hub import constants  # noqa: E402

from lowlight_hub import attempts, folders, outcome, pictures  # noqa: E402
from lowlight_hub.bright_photos import SHOWN_EXPOSURE, simulated_pairs  # noqa: E402
from lowlight_hub.data import Pairs  # noqa: E402
from lowlight_hub.demo import comparing, comparison  # noqa: E402
from lowlight_hub.demo.last_run import LAST_RUN  # noqa: E402
from lowlight_hub.networks import ListingAutoencoder  # noqa: E402
from lowlight_hub.photos import save_photo, to_picture  # noqa: E402
from lowlight_hub.remote import NAMESPACE_VARIABLE  # noqa: E402

# As many test processes as processors.
torch.set_num_threads(1)


def python_path(folder: Path) -> str:
    """PYTHONPATH for a process, with one more folder."""
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))


WRITE_CURVE = outcome.write_curve


@pytest.fixture(scope="session", autouse=True)
def quick_trainings():
    """What every training does beside learning: six photos on a sheet and a plot take a second.

    So sheets show one photo, and the curve is drawn where a test puts WRITE_CURVE back. Pairs of
    the free photos, always the same ones, are made once.
    """
    one = simulated_pairs([SHOWN_EXPOSURE]).at([0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "simulated_pairs", lambda exposures: one)
        patch.setattr(outcome, "write_curve", lambda *_: None)
        patch.setattr("train.simulated_pairs", cache(simulated_pairs))
        yield


def a_photo() -> torch.Tensor:
    rows, columns = torch.meshgrid(
        torch.linspace(0, 1, 240), torch.linspace(0, 1, 320), indexing="ij"
    )
    return torch.stack([rows, columns, (1 - rows) * columns])


@pytest.fixture
def photo() -> torch.Tensor:
    """A photo 3 240 320 in 0..1 in which every pixel differs from its mirror image."""
    return a_photo()


@pytest.fixture(scope="session")
def first_lol(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, photo = tmp_path_factory.mktemp("first") / "lol", a_photo()
    files = {
        "our485": ["2.png", "5.webp", "6.jpg", "10.png"],
        "eval15": ["700.png"],
    }
    for split, names in files.items():
        for name in names:
            strength = 1 - 0.1 * (int(Path(name).stem) % 5)
            save_photo(to_picture(photo * 0.1 * strength), root / split / "low" / name)
            save_photo(to_picture(photo * strength), root / split / "high" / name)
    return root


@pytest.fixture
def lol(first_lol: Path, tmp_path: Path) -> Path:
    """A folder laid out like LOL, with four training pairs in mixed formats and one test pair."""
    return Path(shutil.copytree(first_lol, tmp_path / "lol"))


@pytest.fixture
def pairs() -> Pairs:
    """Six pairs of noise in five scenes, decoded."""
    generator = torch.Generator().manual_seed(7)
    bright = torch.randint(0, 256, (6, 2, 3, 200, 200), dtype=torch.uint8, generator=generator)
    names = tuple("abcdef")
    scenes = ("s1", "s1", "s2", "s3", "s4", "s5")
    return Pairs("noise", names, scenes, bright // 8, bright, tuple(range(6)), (False,) * 6)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> attempts.Attempt:
    """One more row in the table, and an empty folder of bundled weights for it."""
    row = replace(
        attempts.get_attempt("listing"),
        name="toy",
        title="A toy",
        network=ListingAutoencoder,
        epochs=1,
    )
    monkeypatch.setitem(attempts.ATTEMPTS, row.name, row)
    monkeypatch.setattr(folders, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(folders, "CHECKSUMS", tmp_path / "weights.sha256")
    return row


@pytest.fixture
def dark_file(tmp_path: Path, photo: torch.Tensor) -> Path:
    """A dark photo on disk, 320×240, PNG."""
    path = tmp_path / "dark.png"
    save_photo(to_picture(photo * 0.15), path)
    return path


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A folder with photos of the same stem, one in a subfolder, and a file that is none."""
    folder = tmp_path / "night"
    for name in ("a.jpg", "a.png", "deeper/b.webp"):
        save_photo(Image.new("RGB", (40, 30), (20, 10, 5)), folder / name)
    Image.new("RGB", (40, 30)).save(folder / "c.tif")
    (folder / "notes.txt").write_text("no photo")
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> HubServer:
    """A Hub without repositories, an empty cache, and a valid token."""
    HUB.forget()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.delenv(NAMESPACE_VARIABLE, raising=False)
    return HUB


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client asks again at once, not after up to 8 seconds."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture(scope="session")
def page_url():
    """The address of the running demo, on this machine only."""
    app = importlib.import_module("app")
    demo = app.build()
    where = {"server_name": "127.0.0.1", "server_port": free_port()}
    _, url, _ = demo.launch(**app.launch_settings(), prevent_thread_lock=True, quiet=True, **where)
    yield url
    demo.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    return path


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def nothing_restored_yet() -> None:
    """No test finds the result of one before it."""
    LAST_RUN.forget()


FEW = {name: attempts.ATTEMPTS[name] for name in ("listing", "attempt-1", "attempt-2", "attempt-7")}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparisons are of FEW attempts: all take their time."""
    for module in (comparison, comparing):
        monkeypatch.setattr(module, "ATTEMPTS", FEW)


@pytest.fixture
def gate():
    """What holds something up until it is set, at the test's end at the latest."""
    held = threading.Event()
    yield held
    held.set()


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(browser, page_url, request, nothing_restored_yet):
    with opened(browser, page_url, request.param, has_touch=request.param == PHONE) as page:
        yield page


@pytest.fixture
def desktop(browser, page_url, nothing_restored_yet):
    with opened(browser, page_url) as page:
        yield page


@pytest.fixture
def phone(browser, page_url, nothing_restored_yet):
    with opened(browser, page_url, PHONE, has_touch=True) as page:
        yield page
