"""What training attempt-3 takes in memory, with its remedy and without.

    python benchmarks/memory.py [--into docs/attempts.md]

Each line is one forward and backward pass in a process of its own: the peak of the process less
what it held before the pass. Activations grow with the batch, so larger batches are computed from
the slope.
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BATCHES = (1, 2, 4, 8)
COMPUTED_BATCH = 64
BUDGET_MIB = 1024


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_pass(batch: int, remedy: bool) -> float:
    """Peak memory, in MiB, that one training step of attempt-3 adds to the process."""
    import torch

    from lowlight_hub.attempts import get_attempt
    from lowlight_hub.networks.reversed_mnist import PhotoByPhoto

    PhotoByPhoto.remedy = remedy
    attempt = get_attempt("attempt-3")
    model = attempt.network().train()
    photos = torch.rand(batch, 3, 200, 200)
    before = _peak_mib()
    attempt.loss(model, photos, photos).backward()
    return _peak_mib() - before


def _in_a_process(batch: int, remedy: bool) -> float:
    command = [sys.executable, __file__, "--one", str(batch), str(int(remedy))]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(page: Path | None) -> None:
    """Prints the table, and puts it into a page where one is named."""
    from lowlight_hub.tables import markdown_table, put_table, read_table

    if page:
        read_table(page, "benchmarks/memory.py")  # it is there, or all would be for nothing
    taken = [[_in_a_process(batch, remedy) for remedy in (False, True)] for batch in BATCHES]
    further = (COMPUTED_BATCH - BATCHES[-1]) / (BATCHES[-1] - BATCHES[0])
    computed = [
        last + further * (last - first) for first, last in zip(taken[0], taken[-1], strict=True)
    ]
    heads = [*map(str, BATCHES), f"{COMPUTED_BATCH}, computed"]
    lines = [
        [head, *(f"{mib:.0f} MiB" for mib in both)]
        for head, both in zip(heads, [*taken, computed], strict=True)
    ]
    table = markdown_table(["batch", "without the remedy", "with it"], lines, text=1)
    print(table)
    if page:
        put_table(page, "benchmarks/memory.py", table)
    verdict = "within" if taken[-1][1] <= BUDGET_MIB else "OVER"
    print(
        f"\nWith the remedy a batch of {BATCHES[-1]} is {verdict} the budget of {BUDGET_MIB} MiB."
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, metavar="FILE", help="whose table is written")
    parser.add_argument("--one", nargs=2, type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(one_pass(arguments.one[0], bool(arguments.one[1])))
    else:
        measure(arguments.into)
