"""Figures on LOL's test set, by the standard protocol, and the baselines beside them.

Each of the 15 pairs of eval15 at the article's top-left 200×200 crop; the output is rounded to 8
bits; PSNR and SSIM are scikit-image's, on RGB, SSIM with the Gaussian window of its authors (Wang
et al., IEEE TIP 2004). `psnr_gt_mean` first scales the output to the reference's mean brightness:
another protocol, which adds several dB, never to be compared with the first.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.data import CROP, Pairs, find_pairs, find_test_pairs, load_pairs
from lowlight_hub.hub import load_model
from lowlight_hub.results import BASELINES, Figures, Row

# Photos B 3 H W in 0..1 to the same.
Restorer = Callable[[Tensor], Tensor]


def psnr_and_ssim(restored: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Both figures for two RGB photos H W 3, uint8."""
    ssim = structural_similarity(
        reference,
        restored,
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    with np.errstate(divide="ignore"):  # a perfect photo has an infinite PSNR
        psnr = peak_signal_noise_ratio(reference, restored, data_range=255)
    return float(psnr), float(ssim)


def measure(restored: Tensor, reference: Tensor) -> Figures:
    """The figures of photos B 3 H W in 0..1 against references B 3 H W, uint8."""
    figures = []
    for photo, target in zip(restored.clamp(0, 1), reference, strict=True):
        goal = target.permute(1, 2, 0).numpy()
        gain = goal.mean() / 255 / max(photo.mean().item(), 1e-6)
        psnr, ssim = psnr_and_ssim(_rounded(photo), goal)
        figures.append((psnr, ssim, psnr_and_ssim(_rounded(photo * gain), goal)[0]))
    psnr, ssim, psnr_gt_mean = (float(value) for value in np.mean(figures, axis=0))
    return {"psnr": psnr, "ssim": ssim, "psnr_gt_mean": psnr_gt_mean}


def _rounded(photo: Tensor) -> np.ndarray:
    return (photo.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def evaluate(data: Path, models: Sequence[str]) -> list[Row]:
    """Figures for the baselines and then for each model, on LOL in the folder `data`.

    Raises LowlightError for an unknown model, missing weights, or a folder without LOL.
    """
    restorers: list[tuple[str, Restorer]] = [(name, load_model(name)) for name in models]
    test = load_pairs(find_test_pairs(data), "eval15")
    training = load_pairs(find_pairs(data), "our485")
    return evaluate_pairs(test, training, restorers)


@torch.inference_mode()
def evaluate_pairs(
    test: Pairs, training: Pairs, restorers: Sequence[tuple[str, Restorer]]
) -> list[Row]:
    """As evaluate, for pairs and models at hand; `training` gives the mean bright photo."""
    dark = test.dark[:, CROP].float() / 255
    bright = test.bright[:, CROP].float() / 255
    reference = test.bright[:, CROP]
    mean_bright = training.bright[:, CROP].float().mean(dim=0).expand_as(dark) / 255

    def row(model: str, source: str, restored: Tensor) -> Row:
        figures = measure(restored, reference)
        return {
            "model": model,
            "input": source,
            "size": "crop200",
            "protocol": "standard",
            **figures,
        }

    baselines = (dark, mean_bright, dark**0.4)
    rows = [row(name, "dark", it) for name, it in zip(BASELINES, baselines, strict=True)]
    for name, restore in restorers:
        rows.append(row(name, "dark", restore(dark)))
        if ATTEMPTS[name].reads_bright:
            rows.append(row(name, "bright", restore(bright)))
    return rows
