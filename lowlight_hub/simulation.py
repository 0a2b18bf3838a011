"""Dark photos made from bright ones, by what a sensor does: little light, shot and read noise."""

import torch
from torch import Tensor

from lowlight_hub.gaussian import filtered, reach_of


def to_linear(srgb: Tensor) -> Tensor:
    """sRGB values in 0..1 as linear light in 0..1 (IEC 61966-2-1)."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: Tensor) -> Tensor:
    """Linear light in 0..1 as sRGB values in 0..1 (IEC 61966-2-1)."""
    return torch.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(0) ** (1 / 2.4) - 0.055
    )


def darken(
    bright: Tensor,
    *,
    exposure: float | Tensor,
    electrons: float = 2000.0,
    read_noise: float = 3.0,
    grain_px: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The photo that a shorter exposure would have given, in 8-bit steps.

    `bright` and the result are ... H W, float, sRGB in 0..1. `exposure` in 0..1 is the share of
    the light that is left, of the whole photo or, H W, of every place; `electrons` fill a pixel at
    full light, `read_noise` is a standard deviation in electrons. `grain_px` is that of the blur by
    which a camera's processing makes the noise weaker and coarser, in pixels. Raises ValueError for
    an exposure outside 0..1.
    Source: Foi et al., "Practical Poissonian-Gaussian noise modeling", IEEE TIP 2008.
    """
    least, most = exposure.aminmax() if isinstance(exposure, Tensor) else (exposure, exposure)
    if not 0 < least <= most <= 1:
        raise ValueError(f"exposure is {exposure}, and must lie above 0 and not above 1")
    signal = to_linear(bright) * exposure * electrons
    # The source's normal approximation of shot noise: torch.poisson() takes ten times as long, and
    # where it would look different, the read noise is the stronger one.
    deviation = (signal + read_noise**2).sqrt()
    noise = _noise(signal, grain_px, generator)
    linear = ((signal + noise * deviation) / electrons).clamp(0, 1)
    return (to_srgb(linear) * 255).round() / 255


def _noise(signal: Tensor, grain_px: float, generator: torch.Generator | None) -> Tensor:
    """White noise of the signal's shape, blurred as if it went on beyond the borders."""
    if not grain_px:
        return torch.randn(signal.shape, generator=generator, device=signal.device)
    reach_px = reach_of(grain_px)
    size = [side + 2 * reach_px for side in signal.shape[-2:]]
    shape = (*signal.shape[:-2], *size)
    noise = torch.randn(shape, generator=generator, device=signal.device)
    return filtered(noise.view(1, -1, *size), grain_px, reach_px).view(signal.shape)
