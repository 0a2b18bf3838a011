"""A photo of any size comes back in that size, sharp, with its bits and its transparency."""

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.ExifTags import Base
from stand_ins import AsItIs, Brighter, noise

from lowlight_hub import (
    LowlightError,
    enhance,
    enhance_file,
    list_models,
    load_model,
    restoring,
)
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.look import DETAILS, Look
from lowlight_hub.networks import Autoencoder, ListingAutoencoder, TwoStageAutoencoder
from lowlight_hub.photos import Photo, open_photo, to_picture, to_tensor
from lowlight_hub.restoring import restore


class Watching(AsItIs):
    """Remembers what it was shown."""

    def forward(self, photos):
        self.seen = photos
        return photos


def sharpness(picture: Image.Image) -> float:
    values = np.asarray(picture, float)
    return np.abs(np.diff(values, axis=1)).mean() / values.mean()


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 700), (1500, 3), (640, 480)], ids=str)
@pytest.mark.parametrize("detail", DETAILS)
def test_every_size_comes_back(size, detail):
    for model in (Brighter(), ListingAutoencoder(), load_model(DEFAULT)):
        restored = enhance(model, Image.new("RGB", size, (20, 30, 40)), detail=detail)
        assert (restored.mode, restored.size) == ("RGB", (200, 200) if detail == "raw" else size)


@pytest.mark.parametrize("name", list_models())
def test_every_model_brightens_a_dark_photo(name, dark_file):
    model, before = load_model(name), to_picture(open_photo(dark_file))
    restored = enhance(model, dark_file)
    assert restored.size == before.size
    if name not in ("attempt-2", "attempt-5"):  # these have only ever seen bright photos
        assert np.mean(restored) > 2 * np.mean(before)


def test_transfer_keeps_the_detail_that_the_network_loses(dark_file):
    model = load_model("attempt-4b")
    fine = to_tensor(open_photo(dark_file))
    fine[..., ::4] *= 0.5
    dark = to_picture(fine)
    transferred, answer = (enhance(model, dark, detail=it) for it in ("transfer", "network"))
    assert sharpness(answer) < 0.2 * sharpness(dark)
    assert sharpness(transferred) > 0.5 * sharpness(dark)


def test_bits_alpha_and_camera_come_back():
    before = noise(50, 40, 16, alpha=True)
    before.alpha[:10] = 0
    before = Photo(before.pixels, before.alpha, b"camera")
    after = restore(Brighter(), before)
    assert after.pixels.dtype == np.uint16 and after.camera == b"camera"
    assert restore(AsItIs(), before, Look("raw")).camera == b"camera"
    assert np.array_equal(after.alpha, before.alpha)
    assert (after.pixels[:10] == 65535).all()
    assert to_picture(after).mode == "RGBA"


def test_photos_that_are_bright_already_are_left_bright(photo):
    bright = to_picture(photo * 0.6 + 0.3)
    for name in list_models():
        assert np.mean(enhance(load_model(name), bright)) > 0.98 * np.mean(bright), name


# PyTorch's own, about itself.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_wrapped_model_answers_as_it_does_itself(photo):
    model, dark = load_model("attempt-7"), to_picture(photo * 0.1)
    expected = np.asarray(enhance(model, dark))
    for wrapped in (torch.nn.DataParallel(model), torch.compile(model)):
        assert np.array_equal(np.asarray(enhance(wrapped, dark)), expected)


def test_a_model_in_training_answers_as_in_use_and_learns_nothing(photo):
    model, dark = load_model("vae"), to_picture(photo * 0.15)
    expected, before = enhance(model, dark), {k: v.clone() for k, v in model.state_dict().items()}
    model.train()
    frozen = next(it for it in model.modules() if isinstance(it, torch.nn.BatchNorm2d)).eval()
    assert np.array_equal(enhance(model, dark), expected)
    assert model.training and not frozen.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_a_photo_is_not_replaced_by_its_result_under_any_of_its_names(dark_file, tmp_path):
    before = dark_file.read_bytes()
    (tmp_path / "DARK.png").hardlink_to(dark_file)  # as where case is not told apart
    for target in (dark_file, tmp_path / "DARK.png"):
        with pytest.raises(LowlightError, match="is the photo itself"):
            enhance_file(load_model("listing"), dark_file, target)
    assert dark_file.read_bytes() == (tmp_path / "DARK.png").read_bytes() == before


def test_a_target_that_cannot_be_is_said_before_the_photo_is_read(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no photo")
    with pytest.raises(LowlightError, match=r"out\.tif: name it \.png"):
        enhance_file(AsItIs(), tmp_path / "broken.png", tmp_path / "out.tif")


def test_what_is_no_model_no_photo_or_no_path_is_said(tmp_path, dark_file):
    model = load_model("listing")
    for wrong in (
        lambda: enhance("listing", dark_file),
        lambda: enhance(model, dark_file.read_bytes()),
        lambda: enhance_file(model, dark_file.open("rb"), tmp_path / "out.png"),
        lambda: enhance_file(model, dark_file, None),
    ):
        with pytest.raises(LowlightError, match=r"expected a (model|PIL image or a path|path)"):
            wrong()


def test_where_light_stays_as_it_was_sharpness_does_too():
    class AnswersWithTheThumbnail(torch.nn.Module):
        def forward(self, small):
            return small

    model = TwoStageAutoencoder().eval()
    model.coarse = AnswersWithTheThumbnail()
    before = noise(200, 120)
    assert np.abs(restore(model, before).pixels.astype(int) - before.pixels).max() <= 1
    # Where it is lit, the fine stage is asked.
    lit = restore(model, before, Look(brightness=1)).pixels
    assert sharpness(Image.fromarray(lit)) < 0.9 * sharpness(to_picture(before))


def test_a_transparent_surround_takes_no_light(photo):
    dark = np.asarray(to_picture(photo * 0.15))
    around = np.zeros((*dark.shape[:2], 4), np.uint8)
    around[60:180, 80:240, :3], around[60:180, 80:240, 3] = dark[60:180, 80:240], 255
    restored = np.asarray(enhance(load_model("vae"), Image.fromarray(around)))
    opaque = np.asarray(enhance(load_model("vae"), Image.fromarray(dark[60:180, 80:240])))
    assert restored[60:180, 80:240, :3].mean() > 0.6 * opaque.mean()


def test_thin_panoramas_are_seen_whole():
    watching = Watching()
    pixels = np.zeros((39, 12_000, 3), np.uint8)
    pixels[20:] = 200
    restore(watching, Photo(pixels))
    assert watching.seen.mean() == pytest.approx(pixels.mean() / 255, abs=0.01)


def test_the_network_sees_what_is_transparent_in_the_mean_colour():
    watching = Watching()
    red = np.full((300, 400, 3), (200, 0, 0), np.uint8)
    red[:100] = 255
    restore(watching, Photo(red, np.where(red[..., 1] == 0, 255, 0).astype(np.uint8)))
    expected = torch.tensor([200 / 255, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 200, 200)
    assert torch.allclose(watching.seen, expected, atol=1e-6)


def test_faint_light_in_16_bits_reaches_the_network():
    watching = Watching()
    # All of it lies under the first step of 8 bits.
    ramp = np.linspace(0, 255, 200 * 200 * 3).astype(np.uint16).reshape(200, 200, 3)
    restore(watching, Photo(ramp))
    assert len(watching.seen.unique()) == 256


@pytest.mark.parametrize("detail", ["transfer", "network"])
@pytest.mark.parametrize(
    "model",
    [
        ListingAutoencoder(),
        Autoencoder(encoder="mnist", decoder="mnist", latent=8),
        load_model(DEFAULT),
    ],
    ids=["convolutional", "vector", DEFAULT],
)
def test_tiles_leave_no_seam(monkeypatch, model, detail):
    before = noise(130, 203)
    look = Look(detail, shadows=2)
    whole = restore(model.eval(), before, look)
    monkeypatch.setattr(restoring, "TILE_PX", 30)
    by_tiles = restore(model, before, look)
    assert np.abs(by_tiles.pixels.astype(int) - whole.pixels).max() <= 1


def test_bfloat16_costs_8_bit_photos_nothing_to_see_and_others_nothing(monkeypatch, dark_file):
    model, photo = load_model(DEFAULT), open_photo(dark_file)
    finer = Photo(photo.pixels.astype(np.uint16) * 257)
    found = []
    for computes in (False, True):
        monkeypatch.setattr(restoring, "cpu_computes_in_bfloat16", lambda it=computes: it)
        found.append([restore(model, it).pixels.astype(int) for it in (photo, finer)])
    (one, exact), (other, exact_too) = found
    assert np.array_equal(exact, exact_too)
    differences = np.abs(one - other)
    assert 0 < differences.mean() < 0.3
    assert differences.max() <= 3


@pytest.mark.parametrize(
    ("size", "count"),
    [((1, 1), 1), ((40, 60), 6), ((61, 97), 20), ((30, 29), 3), ((1, 500), 25), ((500, 1), 2)],
    ids=str,
)
def test_tiles_cover_a_photo_once_and_are_about_square(monkeypatch, size, count):
    monkeypatch.setattr(restoring, "TILE_PX", 20)
    covered = np.zeros(size, dtype=int)
    places = list(restoring.tiles(*size))
    for place in places:
        covered[place] += 1
        assert covered[place].size <= 20 * 20
    assert (covered == 1).all()
    assert len(places) == count


def test_a_convolutional_network_answers_at_full_size():
    model = ListingAutoencoder().eval()
    before = noise(301, 203)
    with torch.inference_mode():
        expected = to_picture(model(to_tensor(before)[None])[0])
    assert to_picture(restore(model, before, Look("network"))).tobytes() == expected.tobytes()


@pytest.mark.parametrize("shape", [(400, 400), (800, 130)], ids=str)
@pytest.mark.parametrize("name", ["attempt-4b", DEFAULT])
def test_the_answer_does_not_depend_on_the_resolution(name, shape):
    model, (width, height) = load_model(name), shape
    waves = torch.linspace(0, 12, 800).sin() * 0.1 + 0.12
    small = to_picture((waves[:height, None] * waves[:width]).expand(3, height, width) * 4)
    large = small.resize((3 * width, 3 * height), Image.Resampling.BICUBIC)
    one = np.asarray(enhance(model, small), float)
    other = np.asarray(enhance(model, large).resize(shape, Image.Resampling.BOX), float)
    assert np.abs(one - other).mean() < 2


@pytest.mark.parametrize("name", list_models())
def test_grey_photos_stay_grey(name, photo):
    model, grey = load_model(name), photo.mean(dim=0, keepdim=True) * 0.3
    levels = (grey[0] * 65535).round().numpy().astype(np.uint16)
    for picture in (to_picture(grey.expand(3, -1, -1)), Image.fromarray(levels)):
        restored = np.asarray(enhance(model, picture))
        assert (restored == restored[..., :1]).all()
        if name not in ("attempt-2", "attempt-5"):  # these have only ever seen bright photos
            assert restored.mean() > 1.5 * 255 * grey.mean().item()


def test_paths_are_opened_upright(tmp_path):
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "turned.jpg", exif=exif)
    assert enhance(AsItIs(), tmp_path / "turned.jpg").size == (20, 30)


def test_files_become_files_with_all_their_bits(tmp_path):
    from lowlight_hub.photos import save_photo

    before = noise(60, 40, 16)
    save_photo(before, tmp_path / "in.png")
    enhance_file(AsItIs(), tmp_path / "in.png", tmp_path / "out.png", strength=0)
    assert np.array_equal(open_photo(tmp_path / "out.png").pixels, before.pixels)


def test_what_is_no_photo_is_said(tmp_path):
    for wrong in (np.zeros((3, 3, 3)), b"bytes", None):
        with pytest.raises(LowlightError, match="expected a PIL image or a path, not a"):
            enhance(AsItIs(), wrong)
    with pytest.raises(LowlightError, match="has no pixels"):
        enhance(AsItIs(), Image.new("RGB", (0, 5)))
    path = tmp_path / "mine.png"
    Image.new("RGB", (3, 3)).save(path)
    with pytest.raises(LowlightError, match="is the photo itself"):
        enhance_file(AsItIs(), path, path)


def test_modules_of_any_kind_are_taken():
    grey = Image.new("RGB", (30, 20), (20, 20, 20))
    assert enhance(torch.nn.Identity(), grey).size == (30, 20)
    for model in (ListingAutoencoder(), TwoStageAutoencoder()):
        for kind in (torch.float16, torch.bfloat16, torch.float64):
            assert enhance(model.to(kind), grey).size == (30, 20)
