"""Figures on LOL's test set, by the standard protocol, or on other pairs; baselines beside them.

Each of the 15 pairs of eval15, once at the article's top-left 200×200 crop, which the network is
given as it is, and once in full, 600×400, as `enhance` restores it; other pairs in full, in their
own sizes. The output is rounded to 8 bits; PSNR and SSIM are scikit-image's, on RGB, SSIM with
the Gaussian window of its authors (Wang et al., IEEE TIP 2004). `psnr_gt_mean` first scales the
output to the reference's mean brightness: another protocol, which adds several dB, never to be
compared with the first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import skimage  # imports its parts, which take as long as torch does, once they are used
import torch
from torch import Tensor, nn
from tqdm import tqdm

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.data import CROP, Pairs, article_views, check_darker, load_pairs, open_pair
from lowlight_hub.errors import LowlightError
from lowlight_hub.finding import (
    LEAK_FREE,
    TEST,
    TRAINING,
    PhotoPair,
    find_pairs,
    find_test_pairs,
    is_of,
)
from lowlight_hub.networks.sizes import SIDE_PX
from lowlight_hub.photos import Photo, open_photo, to_tensor
from lowlight_hub.restoring import restore
from lowlight_hub.results import (
    BASELINES,
    CROP_SIZE,
    FULL_SIZE,
    LEAK_FREE_PROTOCOL,
    STANDARD,
    Figures,
    Row,
)

# Photos B 3 H W in 0..1 to the same.
Restorer = Callable[[Tensor], Tensor]
_SMALLEST_PX = 11  # the window of SSIM


def check_measurable(photo: Photo, name: str) -> None:
    """Raises LowlightError for a photo that is too small for SSIM; `name` is what it is called."""
    if min(photo.size) < _SMALLEST_PX:
        size = "{}×{}".format(*photo.size)
        raise LowlightError(f"{name} is {size} pixels: SSIM needs {_SMALLEST_PX} on each side")


def psnr_and_ssim(restored: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Both figures for two RGB photos H W 3, uint8."""
    ssim = skimage.metrics.structural_similarity(
        reference,
        restored,
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return psnr(restored, reference), float(ssim)


def psnr(restored: np.ndarray, reference: np.ndarray) -> float:
    """PSNR in dB of two RGB photos H W 3, uint8."""
    with np.errstate(divide="ignore"):  # a perfect photo has an infinite PSNR
        return float(skimage.metrics.peak_signal_noise_ratio(reference, restored, data_range=255))


def psnr_gt_mean(restored: Tensor, reference: np.ndarray) -> float:
    """PSNR in dB of a photo 3 H W in 0..1, scaled to the mean of a reference H W 3, uint8."""
    gain = reference.mean() / 255 / max(restored.mean().item(), 1e-6)
    return psnr(_rounded(restored * gain), reference)


def measure(photos: Iterable[tuple[Tensor, Tensor]]) -> Figures:
    """The mean figures of restored photos 3 H W, each beside its reference 3 H W, both in 0..1."""
    figures = []
    for restored, reference in photos:
        photo, goal = restored.clamp(0, 1), _rounded(reference)
        figures.append((*psnr_and_ssim(_rounded(photo), goal), psnr_gt_mean(photo, goal)))
    plain, ssim, gt_mean = np.mean(figures, axis=0).tolist()
    return {"psnr": plain, "ssim": ssim, "psnr_gt_mean": gt_mean}


def _rounded(photo: Tensor) -> np.ndarray:
    return (photo.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def evaluate(data: Path, models: Mapping[str, nn.Module]) -> list[Row]:
    """Figures for the baselines and then for each model, by its attempt, on eval15 in `data`.

    Without our485 there is no mean bright photo among the baselines.
    Raises LowlightError for a folder without eval15.
    """
    loaded = list(models.items())
    files = find_test_pairs(data)
    test = load_pairs(files, TEST)
    rows = evaluate_crops(test, _mean_bright(data), loaded) + evaluate_in_full(files, loaded)
    for row in rows:
        # Of a model that `train.py --leak-free` made.
        config = getattr(models.get(row["model"]), "config", {})
        if is_of(str(config.get("data")), LEAK_FREE):
            row["protocol"] = LEAK_FREE_PROTOCOL
    return rows


def _mean_bright(data: Path) -> Tensor | None:
    """LOL's mean bright training photo at the article's crop, 3 200 200; None without our485."""
    if not (data / TRAINING).is_dir():
        return None
    pairs = find_pairs(data)
    total = torch.zeros(3, SIDE_PX, SIDE_PX)
    for pair in tqdm(pairs, "mean bright photo", unit="photo", leave=False):
        total += article_views(to_tensor(open_photo(pair.bright, str(pair.bright))))[CROP]
    return total / len(pairs)


@torch.inference_mode()
def evaluate_crops(
    test: Pairs, mean_bright: Tensor | None, restorers: Sequence[tuple[str, Restorer]]
) -> list[Row]:
    """Figures at the article's crop; `mean_bright`, 3 200 200 in 0..1, is one of the baselines."""
    dark, bright = test.photos(range(len(test)), CROP)
    mean = None if mean_bright is None else mean_bright.expand_as(dark)
    rows = [
        _row(name, "dark", CROP_SIZE, measure(zip(it, bright, strict=True)))
        for name, it in zip(BASELINES, (dark, mean, dark**0.4), strict=True)
        if it is not None
    ]
    for name, restorer in restorers:
        given = {"dark": dark}
        if ATTEMPTS[name].reads_bright:
            given["bright"] = bright
        rows += [
            _row(name, source, CROP_SIZE, measure(zip(_answer(restorer, it), bright, strict=True)))
            for source, it in given.items()
        ]
    return rows


def _answer(restorer: Restorer, photos: Tensor) -> Tensor:
    """What a restorer makes of photos, wherever its weights are; on the CPU, as they are."""
    if isinstance(restorer, nn.Module):
        photos = photos.to(next(restorer.parameters(), photos).device)
    return restorer(photos).cpu()


def evaluate_in_full(
    pairs: Sequence[PhotoPair], models: Sequence[tuple[str, nn.Module]]
) -> list[Row]:
    """Figures of the whole photos as `enhance` restores them, and of two of the baselines.

    Raises LowlightError as open_pair does, for a photo too small to be measured, and where most of
    the dark photos are not darker.
    """
    # The baselines, which take no time, meet what cannot be measured before any model works.
    restorers: list[tuple[str, Callable[[Photo], Tensor]]] = [
        ("dark", to_tensor),
        ("gamma_0.4", lambda photo: to_tensor(photo) ** 0.4),
        *((name, partial(_restored, model)) for name, model in models),
    ]
    bar = tqdm(total=len(restorers) * len(pairs), desc="full size", unit="photo", leave=False)

    def photos(restorer: Callable[[Photo], Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        # Opened anew for each model: large ones would not all be in memory together.
        for pair in pairs:
            dark, bright = open_pair(pair)
            check_measurable(bright, str(pair.bright))
            restored, reference = restorer(dark), to_tensor(bright)
            if restorer is to_tensor:  # the dark photo itself, once
                are_darker.append(bool(restored.mean() < reference.mean()))
            yield restored, reference
            bar.update()

    rows: list[Row] = []
    are_darker: list[bool] = []
    with bar:
        for name, restorer in restorers:
            rows.append(_row(name, "dark", FULL_SIZE, measure(photos(restorer))))
            check_darker(are_darker, str(pairs[0].dark.parent))
    return rows


def _restored(model: nn.Module, photo: Photo) -> Tensor:
    return to_tensor(restore(model, photo))


def _row(model: str, source: str, size: str, figures: Figures) -> Row:
    return {"model": model, "input": source, "size": size, "protocol": STANDARD, **figures}
