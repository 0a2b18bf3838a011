"""What is drawn at random stays within its bounds, and reaches them."""

import torch

from lowlight_hub.chance import log_uniform, somewhere


def test_a_part_lies_anywhere_within_the_whole():
    torch.manual_seed(0)
    places = [somewhere((2, 5), (4, 5)) for _ in range(40)]
    assert {(rows.start, rows.stop) for rows, _ in places} == {(0, 2), (1, 3), (2, 4)}
    assert {(columns.start, columns.stop) for _, columns in places} == {(0, 5)}


def test_a_part_lies_where_it_is_said_to():
    assert somewhere((3, 4), (5, 10), at=(0.0, 0.5)) == (slice(0, 3), slice(3, 7))


def test_numbers_are_even_on_a_scale_of_stops():
    torch.manual_seed(0)
    numbers = sorted(log_uniform(0.01, 1) for _ in range(400))
    assert 0.01 <= numbers[0] < 0.012 and 0.85 < numbers[-1] <= 1
    assert 0.07 < numbers[200] < 0.14
