"""From a photo of any size through a network to a photo of that size."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from lowlight_hub.devices import cpu_computes_in_bfloat16
from lowlight_hub.durable import expanded, file_id
from lowlight_hub.errors import LowlightError
from lowlight_hub.look import Detail, Look
from lowlight_hub.networks.model import LowlightModel, TileNetwork, as_weights
from lowlight_hub.networks.sizes import SIDE_PX, resize
from lowlight_hub.photos import (
    Photo,
    check_saved_suffix,
    open_photo,
    photo_of,
    save_photo,
    to_picture,
)
from lowlight_hub.photos.photo import over_its_mean
from lowlight_hub.transfer import (
    NOISE_BLOCKS,
    adjusted,
    apply_maps,
    colour_maps,
    enlarged_at,
    noise_of,
    relit,
    ridge_of,
)

# The size, in pixels of the longer side and up to twice that, at which noise is judged: how it
# looks when the whole photo is seen.
OVERVIEW_PX = 600
# As many in each direction as noise_of() looks at blocks, and a multiple of what it looks at in the
# means of 2×2 pixels, so that no seam lies within what is compared.
CLOSEUPS, CLOSEUP_PX = NOISE_BLOCKS, 64
# What is worked on at once: intermediate results stay small however large the photo is, and a
# square has the least around it that a network looks at as well.
TILE_PX = 1024

# Rows and columns of a photo.
_Place = tuple[slice, slice]
# From a place and the photo's pixels there, 1 3 h w in 0..1, to what they become.
_Tile = Callable[[_Place, Tensor], Tensor]
# What is told, before each tile, how many are done and how many there are; what it raises ends the
# work.
Step = Callable[[int, int], None]


def enhance(
    model: nn.Module,
    photo: Image.Image | str | Path,
    *,
    detail: Detail = "transfer",
    strength: float = 1.0,
    brightness: float = 0.0,
    shadows: float = 0.0,
) -> Image.Image:
    """The photo as the model would have it, upright and in its full size, 8-bit RGB or RGBA.

    `photo` is a picture or a path, from 1×1 pixels up; `model` maps B 3 H W, RGB in 0..1, to the
    same, as load_model gives it, and is in eval mode meanwhile. `detail` says what becomes of the
    photo's edges:

    - "transfer": the network sees the whole photo at 200×200; its light and colours are carried to
      the photo itself (see lowlight_hub.transfer), which keeps its sharpness; attempt-7 sees more
      and does the carrying itself, by a second network that also takes the noise away;
    - "network": the network's own answer at full size: what it says of each pixel where it works in
      full size, else its answer at 200×200 enlarged;
    - "raw": the answer at 200×200 as it is, whatever the photo's shape, without transparency.

    `strength` goes from 0, the photo as it was, to 1, the model's answer. `brightness` is light
    beyond that answer, from -2 to 2 in stops: how bright a scene should be no photo tells.
    `shadows`, from -3 to 3 in stops, lifts what is dark in the answer and leaves the rest: people
    before a bright sky, streets by night. Below 0 it deepens that: night skies.
    Raises LowlightError for a file that is not a photo and for an unknown detail, strength,
    brightness or shadows.
    """
    look = Look(detail, strength, brightness, shadows)
    if not isinstance(photo, Image.Image | str | Path):
        raise LowlightError(
            f"expected a PIL image or a path, not a {_kind(photo)}: Image.fromarray makes an image "
            "of an array"
        )
    if isinstance(photo, Image.Image):
        opened = photo_of(photo)
    else:
        opened = open_photo(expanded(photo), str(Path(photo)))
    return to_picture(restore(model, opened, look))


def enhance_file(
    model: nn.Module,
    source: str | Path,
    target: str | Path,
    *,
    detail: Detail = "transfer",
    strength: float = 1.0,
    brightness: float = 0.0,
    shadows: float = 0.0,
    keep_metadata: bool = False,
) -> None:
    """As enhance, from file to file: .png, .jpg or .webp by the target's suffix, replacing it.

    A PNG has 16 bits where the source has more than 8, but for "raw". With `keep_metadata`, what
    the source's EXIF says of camera, lens, exposure and date is kept, never the place or the
    thumbnail.
    Raises LowlightError as enhance does, and where the target cannot be written.
    """
    look = Look(detail, strength, brightness, shadows)
    for path in (source, target):
        if not isinstance(path, str | Path):
            raise LowlightError(f"expected a path, not a {_kind(path)}")
    source, target = expanded(source), expanded(target)
    if file_id(source) and file_id(source) == file_id(target):
        raise LowlightError(f"{target} is the photo itself: name another file for the result")
    check_saved_suffix(target)  # not found out after half a minute of work
    opened = open_photo(source, str(source))
    save_photo(restore(model, opened, look), target, keep_metadata=keep_metadata)


def restore(
    model: nn.Module,
    photo: Photo,
    look: Look = Look(),  # noqa: B008 - it cannot be changed
    *,
    step: Step | None = None,
) -> Photo:
    """As enhance, for an opened photo: in as many bits as it has, with its alpha and camera."""
    (restored,) = _in_looks(model, photo, [look], step)
    return restored


def restore_each(model: nn.Module, photo: Photo, looks: Sequence[Look]) -> list[Photo]:
    """As restore, in several looks of one detail: what the network says in small is asked once."""
    return _in_looks(model, photo, looks, None)


def _in_looks(
    model: nn.Module, photo: Photo, looks: Sequence[Look], step: Step | None
) -> list[Photo]:
    if not isinstance(model, nn.Module):
        raise LowlightError(f"expected a model, as load_model gives it, not a {_kind(model)}")
    model = _unwrapped(model)
    with _in_use(model), torch.inference_mode():
        return _restored(model, photo, looks, step)


@contextmanager
def _in_use(model: nn.Module) -> Iterator[None]:
    """One that is being trained would answer differently each time, and learn from the photo."""
    trained = [part for part in model.modules() if part.training]
    for part in trained:
        part.training = False
    try:
        yield
    finally:
        for part in trained:
            part.training = True


def _unwrapped(model: nn.Module) -> nn.Module:
    """One of this package's within torch.compile's or a data parallel wrapper, which hides it."""
    inner = getattr(model, "_orig_mod", getattr(model, "module", model))
    return inner if isinstance(inner, LowlightModel) else model


def _kind(value: object) -> str:
    return type(value).__name__


def _restored(
    model: nn.Module, photo: Photo, looks: Sequence[Look], step: Step | None
) -> list[Photo]:
    (detail,) = {look.detail for look in looks}
    seen = Photo(over_its_mean(photo))
    overview = overview_of(seen)
    size = (photo.size[1], photo.size[0])
    if isinstance(model, LowlightModel) and detail in model.details_by_tiles:
        networks = model.tiles_of(overview, closeups_of(photo), size, looks)
        answers = [_with_surroundings(network, seen) for network in networks]
    else:
        small = resize(overview, (SIDE_PX, SIDE_PX))
        answer = model(as_weights(model, small)).float().cpu().clamp(0, 1)
        if detail == "transfer":
            if (small == small[:, :1]).all():  # a grey photo stays one
                answer = answer.mean(dim=1, keepdim=True).expand_as(answer)
            answer = relit(small, answer)
        lit = [adjusted(answer, small.to(answer), look) for look in looks]
        if detail == "transfer":
            ridge = ridge_of(noise_of(overview))
            answers = [_transferred(colour_maps(small, it, ridge), size) for it in lit]
        elif detail == "network":
            answers = [_enlarged(it, size) for it in lit]
        else:
            answers = [_cut_from(it) for it in lit]
            pixels = (small[0].permute(1, 2, 0) * 255).round().byte().numpy()
            photo = Photo(pixels, camera=photo.camera)
    return [
        _by_tiles(photo, answer, look.strength, step)
        for answer, look in zip(answers, looks, strict=True)
    ]


def _transferred(maps: Tensor, size: tuple[int, int]) -> _Tile:
    return lambda place, pixels: apply_maps(enlarged_at(maps, place, size), pixels)


def _enlarged(answer: Tensor, size: tuple[int, int]) -> _Tile:
    return lambda place, _: enlarged_at(answer, place, size)


def _cut_from(answer: Tensor) -> _Tile:
    return lambda place, _: answer[:, :, place[0], place[1]]


def overview_of(photo: Photo) -> Tensor:
    """The photo, 1 3 h w in 0..1, its longer side under twice OVERVIEW_PX, by means over boxes."""
    width, height = photo.size
    box = max(1, max(width, height) // OVERVIEW_PX)
    # Never so large that a side has fewer boxes than the network sees: what is left over at its
    # end, less than a box, is cut off.
    down, right = (min(box, max(1, side // SIDE_PX)) for side in (height, width))
    rows, columns = height // down, width // right
    pixels = photo.pixels[: rows * down, : columns * right]
    sums = pixels.reshape(rows, down, columns * right * 3).sum(axis=1, dtype=np.uint32)
    means = sums.reshape(rows, columns, right, 3).mean(axis=2) / (down * photo.white)
    return torch.from_numpy(means.astype(np.float32)).permute(2, 0, 1)[None]


def closeups_of(photo: Photo) -> Tensor:
    """Crops from all over the photo side by side, in its own size: 1 3 h w in 0..1.

    CLOSEUPS in each direction, each CLOSEUP_PX wide; where a side has fewer pixels, all of it. What
    is transparent is black, in which noise_of() looks for no noise.
    """
    width, height = photo.size
    places = np.ix_(*(_closeups(side) for side in (height, width)))
    pixels = photo.pixels[places].astype(np.float32) / photo.white
    if photo.alpha is not None:
        pixels[photo.alpha[places] == 0] = 0
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def _closeups(side: int) -> np.ndarray:
    """Which pixels of a side lie in close-ups: the middles of equal parts."""
    if side <= CLOSEUPS * CLOSEUP_PX:
        return np.arange(side)
    middles = (np.arange(CLOSEUPS) + 0.5) * side / CLOSEUPS
    starts = (middles - CLOSEUP_PX / 2).astype(int)
    return (starts[:, None] + np.arange(CLOSEUP_PX)).ravel()


def _with_surroundings(network: TileNetwork, seen: Photo) -> _Tile:
    """A network on a place with as much around it as its answer depends on."""
    width, height = seen.size
    stride, reach = network.stride_px, network.reach_px
    # Its convolutions take half the time so. Of 16 bits the last ones would be lost.
    in_bfloat16 = network.in_bfloat16 and seen.white == 255 and cpu_computes_in_bfloat16()

    def restored(place: _Place, _: Tensor) -> Tensor:
        top, left = (max(0, it.start - reach) // stride * stride for it in place)
        bottom, right = (
            min(side, it.stop + reach) for it, side in zip(place, (height, width), strict=True)
        )
        around = _floats(seen, (slice(top, bottom), slice(left, right)))
        down, across = (
            slice(it.start - first, it.stop - first)
            for it, first in zip(place, (top, left), strict=True)
        )
        with torch.autocast("cpu", torch.bfloat16, enabled=in_bfloat16):
            answer = network.restored(around, top, left)
        return answer[:, :, down, across].float().cpu()

    return restored


def _floats(photo: Photo, place: _Place) -> Tensor:
    pixels = torch.from_numpy(photo.pixels[place]).permute(2, 0, 1)[None]
    return pixels.to(torch.float32, memory_format=torch.contiguous_format) / photo.white


def tiles(height: int, width: int) -> Iterator[_Place]:
    """Rows and columns of tiles that cover a photo: about square, of TILE_PX² pixels at most.

    A narrow photo has tiles as wide as it is, and as much longer.
    """
    across = max(1, round(width / TILE_PX))
    columns = -(-width // across)
    rows = TILE_PX**2 // columns
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            yield slice(top, min(top + rows, height)), slice(left, min(left + columns, width))


def _by_tiles(photo: Photo, restored: _Tile, strength: float, step: Step | None) -> Photo:
    """The photo with every tile replaced by its restoration, blended and rounded."""
    pixels = np.empty_like(photo.pixels)
    width, height = photo.size
    places = list(tiles(height, width))
    for done, place in enumerate(places):
        if step is not None:
            step(done, len(places))
        before = _floats(photo, place)
        after = torch.lerp(before, restored(place, before).clamp_(0, 1), strength)
        values = after.mul_(photo.white).round_()[0].permute(1, 2, 0)
        pixels[place] = values.numpy()
    if photo.alpha is not None:
        # What is transparent stays white, hidden.
        pixels[photo.alpha == 0] = photo.white
    return Photo(pixels, photo.alpha, photo.camera)
