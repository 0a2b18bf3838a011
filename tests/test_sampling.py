"""Pairs are split by scene and dealt in batches as promised."""

from dataclasses import replace

import pytest
import torch

from lowlight_hub import LowlightError
from lowlight_hub.data import CROP, WHOLE
from lowlight_hub.sampling import batch_at, repeated, split_by_scene, steps_per_epoch


def test_split_keeps_scenes_together_and_does_not_change(pairs):
    training, validation = split_by_scene(pairs)
    assert not set(training.scenes) & set(validation.scenes)
    assert sorted(training.names + validation.names) == sorted(pairs.names)
    assert split_by_scene(pairs)[1].names == validation.names
    # another order of the files is the same split
    assert set(split_by_scene(pairs.at([5, 4, 3, 2, 1, 0]))[1].names) == set(validation.names)


def test_one_scene_cannot_be_split(pairs):
    with pytest.raises(LowlightError, match="at least two"):
        split_by_scene(pairs.at([0, 1]))


def test_a_batch_depends_on_seed_and_step_only(pairs):
    settings = {"batch_size": 2, "whole_share": 0.5}
    first = [batch_at(pairs, step, seed=3, **settings)[0] for step in range(6)]
    again = [batch_at(pairs, step, seed=3, **settings)[0] for step in reversed(range(6))]
    assert all(torch.equal(a, b) for a, b in zip(first, reversed(again), strict=True))
    other = [batch_at(pairs, step, seed=4, **settings)[0] for step in range(6)]
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_an_epoch_deals_every_pair_once_in_both_halves_alike(pairs):
    dealt = []
    for step in range(steps_per_epoch(pairs, 2)):
        dark, bright = batch_at(pairs, step, seed=0, batch_size=2, whole_share=0.5)
        assert torch.equal((dark * 255).round(), (bright * 255).round() // 8)
        dealt += [photo.mean().item() for photo in bright]
    assert len(set(dealt)) == len(pairs)


@pytest.mark.parametrize(("share", "view"), [(0.0, CROP), (1.0, WHOLE)])
def test_whole_share_chooses_the_view(pairs, share, view):
    _, bright = batch_at(pairs, 0, seed=0, batch_size=6, whole_share=share)
    expected = pairs.bright[:, view].float() / 255
    assert sorted(bright.mean(dim=(1, 2, 3)).tolist()) == pytest.approx(
        sorted(expected.mean(dim=(1, 2, 3)).tolist())
    )


def test_an_epoch_deals_pairs_that_were_taken_oftener_than_simulated_ones(pairs):
    mixed = replace(pairs, simulated=(False, True, True, False, True, True))
    dealt = repeated(mixed, 3)
    assert dealt.names == ("a", "d") * 3 + ("b", "c", "e", "f")
    assert sorted(dealt.rows) == [0, 0, 0, 1, 2, 3, 3, 3, 4, 5]  # photos are in memory once
    assert repeated(pairs, 1).names == pairs.names
    # All of it is seen, in batches, before any of it is seen anew.
    seen = [
        photo.mean().item()
        for step in range(steps_per_epoch(dealt, 2))
        for photo in batch_at(dealt, step, seed=0, batch_size=2, whole_share=0)[1]
    ]
    assert sorted(seen.count(it) for it in set(seen)) == [1, 1, 1, 1, 3, 3]


def test_a_batch_larger_than_the_data_is_refused(pairs):
    with pytest.raises(LowlightError, match="take --batch-size 6 or less"):
        steps_per_epoch(pairs, 7)


def test_parts_of_a_batch_make_the_batch(pairs):
    settings = {"seed": 0, "batch_size": 4, "whole_share": 0.5}
    whole = batch_at(pairs, 3, **settings)
    parts = [batch_at(pairs, 3, part=(number, 2), **settings) for number in (0, 1)]
    for side in (0, 1):
        assert torch.equal(torch.cat([part[side] for part in parts]), whole[side])
