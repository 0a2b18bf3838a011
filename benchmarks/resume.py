"""Kills trainings at random moments, goes on with --resume, and compares the final weights.

    python benchmarks/resume.py [--kills 20] [--attempt attempt-1] [--epochs 40] [--seed 0]

One training runs to its end undisturbed. Then the same command is started again and again, and ends
by kill -9 at a moment drawn evenly from the time that the first one took: while it starts, learns,
validates, saves or writes its outcome. Whenever one comes to its end, its files are compared with
those of the first, and the next begins from nothing. On the CPU and the free photos.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from lowlight_hub.checkpoints import checkpoints  # noqa: E402
from lowlight_hub.durable import PARTIAL_FILES  # noqa: E402
from lowlight_hub.folders import CONFIG_FILE, HISTORY_FILE, WEIGHTS_FILE, fingerprint  # noqa: E402

COMPARED = (WEIGHTS_FILE, CONFIG_FILE, HISTORY_FILE)


def run(command: list[str], kill_after_s: float | None = None) -> bool:
    """Whether the command came to its end before it was to be killed. Raises for a failure."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, errors = process.communicate(timeout=kill_after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    if process.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"training failed: {errors.strip().splitlines()[-1]}")
    return process.returncode == 0


def state(folder: Path) -> str:
    """What a kill left behind, in words."""
    steps = [path.stem.split("-")[-1].lstrip("0") for path in checkpoints(folder)]
    partial = ", in the middle of writing a file" if list(folder.glob(PARTIAL_FILES)) else ""
    return f"checkpoints: {', '.join(steps) or 'none'}{partial}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--attempt", default="attempt-1", help="default: %(default)s")
    parser.add_argument("--epochs", type=int, default=40, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the moments; default: %(default)s")
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    # Threads change the order of sums, so all trainings have the same number of them.
    os.environ["OMP_NUM_THREADS"] = "1"

    def command(out: Path) -> list[str]:
        script = [sys.executable, str(ROOT / "train.py"), arguments.attempt]
        options = ["--epochs", str(arguments.epochs), "--device", "cpu", "--resume"]
        return [*script, *options, "--out", str(out)]

    with tempfile.TemporaryDirectory() as place:
        start = time.monotonic()
        run(command(Path(place, "whole")))
        took_s = time.monotonic() - start
        whole = Path(place, "whole", arguments.attempt)
        print(f"undisturbed: {took_s:.0f} s, weights of SHA-256 {fingerprint(whole)}", flush=True)
        kills = trainings = 0
        out = Path(place, "0")
        ended = True
        while kills < arguments.kills or not ended:
            last = kills == arguments.kills
            ended = run(command(out), None if last else moments.uniform(0, took_s))
            folder = out / arguments.attempt
            if not ended:
                kills += 1
                print(f"kill {kills}: {state(folder)}", flush=True)
                continue
            for name in COMPARED:
                if (folder / name).read_bytes() != (whole / name).read_bytes():
                    raise SystemExit(f"after {kills} kills {name} differs")
            trainings += 1
            out = Path(place, str(trainings))
    print(f"{kills} kills in {trainings} trainings: {', '.join(COMPARED)} the same in each")


if __name__ == "__main__":
    main()
