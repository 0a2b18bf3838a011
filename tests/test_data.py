"""Pairs are decoded and refused as promised."""

import builtins
import io
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

import train
from lowlight_hub import LowlightError, data
from lowlight_hub.bright_photos import find_bright_photos, simulated_pairs
from lowlight_hub.data import CROP, WHOLE, article_views, load_pairs, whole_view
from lowlight_hub.finding import find_pairs
from lowlight_hub.photos import Photo, open_photo, save_photo


def test_lol_layout_in_mixed_formats(lol):
    found = find_pairs(lol)
    assert [pair.name for pair in found] == ["2", "5", "6", "10"]
    assert all("our485" in pair.dark.parts and "our485" in pair.bright.parts for pair in found)
    loaded = load_pairs(found, "lol")
    assert loaded.dark.shape == loaded.bright.shape == (4, 2, 3, 200, 200)
    assert (
        loaded.dark.float().mean(dim=(1, 2, 3, 4)) * 5
        < loaded.bright.float().mean(dim=(1, 2, 3, 4))
    ).all()


def test_photos_that_do_not_fit_the_gpu_are_said_to_be_too_many(lol):
    def full(_):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 10.00 GiB")

    loaded = load_pairs(find_pairs(lol), "lol")
    many = SimpleNamespace(nbytes=10 * 2**30, to=full)
    with pytest.raises(LowlightError, match=r"take 20\.0 GiB, .*: name fewer of them"):
        replace(loaded, dark=many, bright=many).to("cuda")


def test_training_never_opens_eval15(lol, tmp_path, monkeypatch):
    for photo in (lol / "eval15").rglob("*.png"):
        photo.write_bytes(b"not a photo: reading it would fail")
    opened = []
    real_open = builtins.open

    def watched_open(file, *arguments, **settings):
        opened.append(str(file))
        return real_open(file, *arguments, **settings)

    # Path.open() takes it from io.
    monkeypatch.setattr(builtins, "open", watched_open)
    monkeypatch.setattr(io, "open", watched_open)
    command = ["listing", "--data", str(lol), "--epochs", "1", "--batch-size", "1"]
    assert train.main([*command, "--out", str(tmp_path / "runs")]) == 0
    assert len([name for name in opened if "our485" in name]) == 8
    assert not [name for name in opened if "eval15" in name]


def _no_folder(lol):
    return lol / "nowhere", "no folder"


def _unpaired(lol):
    (lol / "our485" / "low" / "6.jpg").unlink()
    return lol, "6: in only one of"


def _empty(lol):
    for side in ("low", "high"):
        for path in (lol / "our485" / side).iterdir():
            path.unlink()
    return lol, "holds no photo"


def _no_pairs(lol):
    return lol / "our485" / "low", "holds no pairs"


def _unequal(lol):
    photo = open_photo(lol / "our485" / "high" / "5.webp")
    save_photo(Photo(photo.pixels[:100, :100]), lol / "our485" / "high" / "5.webp")
    return lol, "pair 5 has unequal sizes, 320×240 and 100×100"


def _unreadable(lol):
    (lol / "our485" / "low" / "10.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    return lol, "10.png cannot be read"


def _twice(lol):
    shutil.copy(lol / "our485" / "low" / "2.png", lol / "our485" / "low" / "2.bmp")
    return lol, "holds 2 twice"


@pytest.mark.parametrize(
    "spoil", [_no_folder, _unpaired, _empty, _no_pairs, _unequal, _unreadable, _twice]
)
def test_bad_data_is_named_in_one_line(lol, spoil):
    folder, message = spoil(lol)
    with pytest.raises(LowlightError) as caught:
        load_pairs(find_pairs(folder), "lol")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_dark_photos_that_are_not_the_darker_ones_are_refused(lol):
    low, high = (lol / "our485" / side for side in ("low", "high"))
    for folders in ((high, low), (low, low)):
        with pytest.raises(LowlightError, match="name the folder of the dark ones first"):
            load_pairs(find_pairs(*folders), "mine")


def test_pairs_with_one_bright_photo_are_of_one_scene(lol):
    low, high = (lol / "our485" / side for side in ("low", "high"))
    # A series of exposures has copies of the bright photo.
    mine = lol / "mine"
    for name, dark, bright in (
        ("a-1", "2.png", "2.png"),
        ("a-2", "2.png", "2.png"),
        ("c", "5.png", "5.webp"),
    ):
        for side, folder, file in (("low", low, dark), ("high", high, bright)):
            found = next(folder.glob(f"{Path(file).stem}.*"))
            (mine / side).mkdir(parents=True, exist_ok=True)
            shutil.copy(found, mine / side / f"{name}{found.suffix}")
    assert load_pairs(find_pairs(mine), "mine").scenes == ("photo c", "photo a-1", "photo a-1")


def test_more_pairs_than_there_is_memory_for_are_refused(lol, monkeypatch):
    little = SimpleNamespace(available=3 * 2 * 2 * 3 * 200 * 200)
    monkeypatch.setattr(data.psutil, "virtual_memory", lambda: little)
    with pytest.raises(LowlightError, match=r"4 pairs take .* name no more than 3"):
        load_pairs(find_pairs(lol), "lol")


def test_views_are_the_top_left_crop_and_the_whole(photo):
    both = article_views(photo)
    assert torch.equal(both[CROP], photo[:, :200, :200])
    assert both[WHOLE].mean().item() == pytest.approx(photo.mean().item(), abs=1e-3)


def test_a_small_photo_still_fills_its_views(photo):
    assert article_views(photo[:, :50, :120]).shape == (2, 3, 200, 200)


def test_a_whole_view_fills_lols_size_whatever_the_photo(photo):
    assert whole_view(photo).shape == (1, 3, 400, 600)
    lying = torch.rand(3, 400, 600)
    assert torch.equal(whole_view(lying)[0], lying)
    assert torch.equal(whole_view(lying.mT)[0], lying)
    assert whole_view(photo[:, :7, :200]).shape == (1, 3, 400, 600)


def test_simulated_pairs_are_the_same_every_time_and_dark():
    pairs = simulated_pairs([0.07])
    assert torch.equal(pairs.dark, simulated_pairs([0.07]).dark)
    assert len(pairs) >= 6
    dark = pairs.dark.float().mean(dim=(1, 2, 3, 4))
    bright = pairs.bright.float().mean(dim=(1, 2, 3, 4))
    assert (dark < 0.7 * bright).all()


def test_bright_photos_alone_are_darkened_evenly_each_with_its_own_noise(tmp_path):
    for number in range(8):
        place = tmp_path / ("one" if number % 2 else "two/deeper") / f"{number}.png"
        save_photo(Image.new("RGB", (210, 220), (180, 180, 180)), place)
    found = find_bright_photos(tmp_path)
    assert len({pair.scene for pair in found}) == len(found) == 8
    pairs = load_pairs(found, "mine")
    assert torch.equal(pairs.dark, load_pairs(found, "mine").dark)
    assert (pairs.bright == 180).all()
    means = pairs.dark.float().mean(dim=(1, 2, 3, 4))
    # Some hardly darker, some nearly black, and none like another.
    assert means.max() > 100
    assert means.min() < 40
    assert means.sort().values.diff().min() > 1
    # Noise, and not the same one: that would be learned as a pattern.
    noise = pairs.dark[:, WHOLE].float()
    noise = (noise - noise.mean(dim=(1, 2, 3), keepdim=True)).flatten(1)
    assert (noise.std(dim=1) > 0.5).all()
    assert (torch.corrcoef(noise) - torch.eye(8)).abs().max() < 0.1


def test_names_of_bright_photos_are_kept_to_ourselves_and_links_are_no_second_photo(tmp_path):
    photo = tmp_path / "mine" / os.fsdecode(b"Zo\xeb 2024.png")  # as old archives have it
    save_photo(Image.new("RGB", (30, 20), "white"), photo)
    (tmp_path / "mine" / "link.png").symlink_to(photo)
    (pair,) = find_bright_photos(tmp_path / "mine")
    assert "2024" not in pair.scene
    assert load_pairs([pair], "mine").fingerprint()


@pytest.mark.parametrize("below", [".", "our485/low", "eval15"])
def test_photos_of_lol_are_no_bright_photos(lol, below):
    with pytest.raises(LowlightError, match="is of LOL: name LOL with --data"):
        find_bright_photos(lol / below)


def test_a_folder_without_bright_photos_is_refused(tmp_path):
    with pytest.raises(LowlightError, match="no folder"):
        find_bright_photos(tmp_path / "missing")
    with pytest.raises(LowlightError, match="holds no photo"):
        find_bright_photos(tmp_path)


def test_photos_keep_their_order_of_channels(tmp_path):
    for side, colour in (("low", (10, 0, 0)), ("high", (250, 20, 0))):
        for name in "ab":
            save_photo(Image.new("RGB", (210, 220), colour), tmp_path / side / f"{name}.png")
    loaded = load_pairs(find_pairs(tmp_path), "red")
    assert loaded.bright[0, :, :, 0, 0].tolist() == [[250, 20, 0], [250, 20, 0]]
