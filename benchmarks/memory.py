"""What training attempt-3 takes in memory, with its remedy and without.

    python benchmarks/memory.py

Each line is one forward and backward pass in a process of its own: the peak of the process less
what it held before the pass. Activations grow with the batch, so larger batches are computed from
the slope.
"""

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
    command = [sys.executable, __file__, str(batch), str(int(remedy))]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Prints the table of the README."""
    print("| batch | without the remedy | with it |\n|--:|--:|--:|")
    without, remedied = [], []
    for batch in BATCHES:
        without.append(_in_a_process(batch, False))
        remedied.append(_in_a_process(batch, True))
        print(f"| {batch} | {without[-1]:.0f} MiB | {remedied[-1]:.0f} MiB |")
    span = BATCHES[-1] - BATCHES[0]
    computed = [
        values[-1] + (COMPUTED_BATCH - BATCHES[-1]) * (values[-1] - values[0]) / span
        for values in (without, remedied)
    ]
    print(f"| {COMPUTED_BATCH}, computed | {computed[0]:.0f} MiB | {computed[1]:.0f} MiB |")
    verdict = "within" if remedied[-1] <= BUDGET_MIB else "OVER"
    print(
        f"\nWith the remedy a batch of {BATCHES[-1]} is {verdict} the budget of {BUDGET_MIB} MiB."
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if len(sys.argv) == 3:
        print(one_pass(int(sys.argv[1]), sys.argv[2] == "1"))
    else:
        main()
