"""The demo's endpoints, as programs call them."""

import shutil
import threading
import zipfile
from pathlib import Path

import httpx
import numpy as np
import pytest
from browsing import wait_until
from conftest import FEW
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from lowlight_hub import ATTEMPTS, enhance, folders, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import comparing, service
from lowlight_hub.demo.comparison import compare
from lowlight_hub.demo.examples import example_files
from lowlight_hub.demo.page import MAX_WAITING
from lowlight_hub.demo.service import TOGETHER, Settings
from lowlight_hub.demo.work import Work
from lowlight_hub.evaluation import psnr_and_ssim
from lowlight_hub.photos import Photo, open_photo, photo_of, save_photo, to_picture
from lowlight_hub.shelf import Shelf


@pytest.fixture(scope="module")
def client(page_url):
    return Client(page_url, verbose=False)


def same(file, picture: Image.Image) -> bool:
    return np.array_equal(np.asarray(Image.open(file)), np.asarray(picture))


def test_enhance_needs_a_photo_and_nothing_else(client, dark_file):
    file, took = client.predict(handle_file(dark_file), api_name="/enhance")
    assert Path(file).name == f"dark_{DEFAULT}.png"
    assert same(file, enhance(load_model(DEFAULT), dark_file))
    assert (took["model"], took["width"], took["height"]) == (DEFAULT, 320, 240)


@pytest.mark.parametrize("detail", ["transfer", "network", "raw"])
def test_enhance_takes_every_setting(client, dark_file, detail):
    file, _ = client.predict(
        handle_file(dark_file),
        model="attempt-1",
        strength=0.5,
        detail=detail,
        file_format="png",
        brightness=-0.7,
        shadows=2,
        api_name="/enhance",
    )
    settings = {"detail": detail, "strength": 0.5, "brightness": -0.7, "shadows": 2}
    assert same(file, enhance(load_model("attempt-1"), dark_file, **settings))


def test_camera_data_go_along_on_request_and_the_place_never(client, tmp_path, photo):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[1] = "N"
    to_picture(photo * 0.1).save(tmp_path / "dark.jpg", exif=exif)
    for keep in (False, True):
        file, _ = client.predict(
            handle_file(tmp_path / "dark.jpg"),
            file_format="jpg",
            keep_metadata=keep,
            api_name="/enhance",
        )
        written = Image.open(file).getexif()
        assert written.get(0x010F) == ("Maker" if keep else None)
        assert not written.get_ifd(0x8825)


def test_enhance_batch_gives_a_zip_and_names_what_failed(client, tmp_path, dark_file):
    (tmp_path / "text.png").write_text("no photo")
    archive, failures = client.predict(
        [handle_file(dark_file), handle_file(tmp_path / "text.png"), handle_file(dark_file)],
        api_name="/enhance_batch",
    )
    with zipfile.ZipFile(archive) as files:
        assert files.namelist() == [f"dark_{DEFAULT}.png", f"dark_{DEFAULT}-2.png"]
        assert same(files.open(f"dark_{DEFAULT}.png"), enhance(load_model(DEFAULT), dark_file))
    assert len(failures) == 1 and failures[0].startswith("text.png cannot be read as a photo")


def test_compare_gives_every_attempt(client, dark_file):
    sheet, answers = client.predict(handle_file(dark_file), api_name="/compare")
    assert Image.open(sheet).format == "PNG"
    assert [answer["model"] for answer in answers] == list(ATTEMPTS)
    for answer in answers:
        assert same(answer["picture"], enhance(load_model(answer["model"]), dark_file))
        assert answer["psnr"] is answer["ssim"] is None


def test_compare_measures_against_a_reference(client, tmp_path, photo, dark_file):
    save_photo(to_picture(photo), tmp_path / "bright.png")
    _, answers = client.predict(
        handle_file(dark_file), handle_file(tmp_path / "bright.png"), api_name="/compare"
    )
    bright = np.asarray(to_picture(photo))
    for answer in answers:
        measured = psnr_and_ssim(np.asarray(Image.open(answer["picture"])), bright)
        assert (answer["psnr"], answer["ssim"]) == pytest.approx(measured)


def test_figures_of_a_raw_answer_are_those_of_what_is_shown(photo, dark_file):
    bright = to_picture(photo)
    (tile,), _ = next(compare(open_photo(dark_file), photo_of(bright), "raw"))
    answer = enhance(load_model(tile.attempt.name), dark_file, detail="raw")
    enlarged = answer.resize(bright.size, Image.Resampling.BICUBIC)
    expected = psnr_and_ssim(np.asarray(enlarged), np.asarray(bright))
    assert (tile.psnr, tile.ssim) == pytest.approx(expected)


def test_a_file_over_the_limit_is_refused(page_url):
    upload = f"{page_url}gradio_api/upload"
    for megabytes, status in ((1, 200), (64, 413)):
        files = {"files": ("photo.jpg", bytes(megabytes * 1_000_000))}
        assert httpx.post(upload, files=files, timeout=60).status_code == status


def test_models_says_what_there_is(client):
    models = client.predict(api_name="/models")
    assert [model["name"] for model in models] == list(ATTEMPTS)
    assert [model["name"] for model in models if model["default"]] == [DEFAULT]
    assert all(0 < model["ssim"] < 1 for model in models)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": "../secret"}, r"There is no model '../secret': choose listing"),
        ({"strength": 3}, "strength is 3, and must be a number from 0 to 1"),
        ({"brightness": -2.5}, "brightness is -2.5, and must be a number of stops"),
        ({"shadows": 4}, "shadows is 4, and must be a number of stops from -3 to 3"),
        ({"detail": "much"}, "detail is 'much', and must be one of transfer"),
        ({"file_format": "exe"}, "There is no file format 'exe': choose same, png"),
    ],
)
def test_unknown_settings_are_refused(client, dark_file, settings, said):
    with pytest.raises(AppError, match=said):
        client.predict(handle_file(dark_file), **settings, api_name="/enhance")


@pytest.mark.parametrize("endpoint", ["/enhance", "/compare"])
def test_what_is_no_photo_is_refused_without_a_path(client, tmp_path, endpoint):
    (tmp_path / "text.png").write_text("no photo")
    with pytest.raises(AppError, match="cannot be read as a photo") as caught:
        client.predict(handle_file(tmp_path / "text.png"), api_name=endpoint)
    assert "/" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["enhance", "enhance_batch", "compare"])
def test_no_other_file_of_the_server_is_read(page_url, tmp_path, dark_file, endpoint):
    secret = shutil.copy(dark_file, tmp_path / "secret.png")
    # Gradio looks after what says that it is a file, and clients need not say so.
    given = {"path": str(secret)}
    address = f"{page_url.rstrip('/')}/gradio_api/call/{endpoint}"
    data = [[given] if endpoint == "enhance_batch" else given]
    asked = httpx.post(address, json={"data": data}, timeout=60)
    answer = httpx.get(f"{address}/{asked.json()['event_id']}", timeout=60).text
    assert "event: error" in answer and "event: complete" not in answer


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [("enhance", "as a file"), ("enhance_batch", "as a list"), ("compare", "as a file")],
)
@pytest.mark.parametrize("given", ["dark.jpg", {"url": "somewhere"}, 5])
def test_what_is_sent_as_no_file_is_told_so(client, endpoint, told, given):
    with pytest.raises(AppError, match=told):
        client.predict(given, api_name=f"/{endpoint}")


def test_a_reference_of_another_size_is_refused(client, tmp_path, dark_file):
    Image.new("RGB", (100, 240)).save(tmp_path / "reference.png")
    said = "reference is 100×240 pixels and the photo 320×240: give two of the same size"
    with pytest.raises(AppError, match=said):
        client.predict(
            handle_file(dark_file), handle_file(tmp_path / "reference.png"), api_name="/compare"
        )


def test_a_reference_too_small_for_ssim_is_refused(client, tmp_path):
    Image.new("RGB", (5, 5)).save(tmp_path / "tiny.png")
    tiny = handle_file(tmp_path / "tiny.png")
    with pytest.raises(AppError, match="5×5 pixels: SSIM needs 11 on each side"):
        client.predict(tiny, tiny, api_name="/compare")


def test_too_many_photos_are_refused(client, dark_file):
    photos = [handle_file(dark_file)] * (service.MAX_PHOTOS + 1)
    with pytest.raises(AppError, match="51 photos are too many at once: take up to 50"):
        client.predict(photos, api_name="/enhance_batch")
    with pytest.raises(AppError, match="no photo yet"):
        client.predict([], api_name="/enhance_batch")


def test_what_a_format_cannot_hold_is_said_without_the_servers_folders(client, tmp_path):
    Image.new("RGB", (17_000, 4)).save(tmp_path / "wide.png")
    asked = {"model": "listing", "file_format": "webp", "api_name": "/enhance"}
    with pytest.raises(AppError, match=r"cannot write wide_listing\.webp: a \.webp holds at most"):
        client.predict(handle_file(tmp_path / "wide.png"), **asked)


def test_choices_of_light_look_as_the_result_will_where_much_is_transparent(tmp_path, photo):
    dark = np.asarray(to_picture(photo * 0.15))
    alpha = np.where(np.arange(320) < 220, 0, 255).astype(np.uint8) * np.ones((240, 1), np.uint8)
    Image.fromarray(np.dstack([dark, alpha])).save(tmp_path / "part.png")
    result = np.asarray(enhance(load_model(DEFAULT), tmp_path / "part.png"))
    path = tmp_path / "part.png"
    choices = service.choices_of(path, open_photo(path), Settings())
    expected = result[:, 240:, :3].mean()
    for of_one_setting in choices.values():
        small = np.asarray(dict(of_one_setting)[0.0])
        there = round(small.shape[1] * 240 / 320)
        assert small[:, there:].mean() == pytest.approx(expected, rel=0.1)


def test_what_nobody_foresaw_is_one_sentence(client, monkeypatch, dark_file):
    monkeypatch.setattr(service, "restore", lambda *_, **__: 1 / 0)
    with pytest.raises(AppError, match="the fault is not your photo's") as caught:
        client.predict(handle_file(dark_file), api_name="/enhance")
    assert "ZeroDivision" not in str(caught.value)


def test_one_failure_leaves_the_other_photos_and_models(
    client, few, monkeypatch, dark_file, tmp_path
):
    Image.new("RGB", (40, 30), (9, 9, 9)).save(tmp_path / "small.png")
    restore = service.restore

    def not_for_small_ones(model, photo, look, **step):
        return 1 / 0 if photo.size == (40, 30) else restore(model, photo, look, **step)

    def not_for_the_default(model, photo, look, **step):
        return (
            1 / 0
            if type(model) is ATTEMPTS[DEFAULT].network
            else restore(model, photo, look, **step)
        )

    monkeypatch.setattr(service, "restore", not_for_small_ones)
    photos = [handle_file(tmp_path / "small.png"), handle_file(dark_file)]
    archive, failures = client.predict(photos, api_name="/enhance_batch")
    assert zipfile.ZipFile(archive).namelist() == [f"dark_{DEFAULT}.png"]
    assert len(failures) == 1 and failures[0].startswith("small.png: This did not work")
    monkeypatch.setattr(service, "restore", not_for_the_default)
    _, answers = client.predict(handle_file(dark_file), api_name="/compare")
    assert [answer["model"] for answer in answers] == [it for it in FEW if it != DEFAULT]


def test_damaged_weights_of_one_attempt_leave_the_others_working(
    client, few, monkeypatch, tmp_path, dark_file
):
    shutil.copytree(folders.WEIGHTS, tmp_path / "weights")
    (tmp_path / "weights" / "attempt-1" / "model.safetensors").write_bytes(b"broken")
    monkeypatch.setattr(folders, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(service, "SHELF", Shelf())
    _, answers = client.predict(handle_file(dark_file), api_name="/compare")
    assert [answer["model"] for answer in answers] == [it for it in FEW if it != "attempt-1"]
    with pytest.raises(AppError, match="attempt-1"):
        client.predict(handle_file(dark_file), model="attempt-1", api_name="/enhance")
    *_, (_, note, _, _) = comparing.compare_photo(
        1, Work(), [(str(dark_file), None)], None, "transfer", None
    )
    assert f"Left out: {ATTEMPTS['attempt-1'].title}" in note and str(tmp_path) not in note


def test_a_model_is_loaded_once_however_many_ask(client, monkeypatch, dark_file):
    loaded = []

    def load(name):
        loaded.append(name)
        return load_model(name)

    monkeypatch.setattr("lowlight_hub.shelf.load_model", load)
    monkeypatch.setattr(service, "SHELF", Shelf())
    jobs = [
        client.submit(handle_file(dark_file), model=name, api_name="/enhance")
        for name in ("attempt-1", "vae", "attempt-1", "vae", "attempt-1")
    ]
    names = [job.result()[1]["model"] for job in jobs]
    assert names == ["attempt-1", "vae", "attempt-1", "vae", "attempt-1"]
    assert sorted(loaded) == ["attempt-1", "vae"]


def test_a_full_queue_says_so_and_those_who_wait_are_served(client, monkeypatch, dark_file):
    gate, run, begun = threading.Event(), service.run, []

    def at_the_gate(*given):
        begun.append(1)
        gate.wait()
        return run(*given)

    def asked(count):
        photo = handle_file(dark_file)
        return [client.submit(photo, api_name="/enhance") for _ in range(count)]

    monkeypatch.setattr(service, "run", at_the_gate)
    too_many = 5
    jobs = asked(TOGETHER)
    try:
        wait_until(lambda: len(begun) == TOGETHER)
        jobs += asked(MAX_WAITING + too_many)
        wait_until(lambda: sum(job.done() for job in jobs) >= too_many)
    finally:
        gate.set()
    failures = [str(failure) for job in jobs if (failure := job.exception()) is not None]
    assert len(failures) == too_many
    assert all("Queue is full" in failure for failure in failures)


def test_what_an_example_gives_is_remembered(monkeypatch):
    service._run_of_example.cache_clear()
    example = example_files()[0]
    first = service.run_file(example, service.Settings(model="listing"))
    monkeypatch.setattr(service, "restore", lambda *_, **__: 1 / 0)
    assert service.run_file(example, service.Settings(model="listing")) is first


def test_another_photo_of_an_examples_name_is_not_taken_for_it(tmp_path, dark_file):
    named = tmp_path / example_files()[0].name
    save_photo(Image.open(dark_file), named)
    done = service.run_file(named, service.Settings())
    assert done.photo.size == (320, 240)


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (200, 200), (240, 320)], ids=str)
@pytest.mark.parametrize("raw", [True, False])
def test_previews_have_the_proportions_of_the_photo(size, raw):
    photo = Photo(np.zeros((size[1], size[0], 3), np.uint8))
    square = Photo(np.zeros((200, 200, 3), np.uint8))
    shown = service.preview(square if raw else photo, photo)
    assert shown.width <= service.PREVIEW_PX and shown.height <= service.PREVIEW_PX
    if max(size) / min(size) < 10:
        assert shown.width / shown.height == pytest.approx(size[0] / size[1], rel=0.01)
