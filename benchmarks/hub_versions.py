"""Runs the tests that talk to a Hub with the oldest and the newest huggingface_hub we support.

    python benchmarks/hub_versions.py [VERSION ...]

Each version is installed into a temporary folder, before the others on the path.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSIONS = ("1.16.0", "2.4.0")
MODULES = ("hub_data", "own_verbs", "publishing", "remote", "shelf", "spaces", "weights")
TESTS = [f"tests/test_{module}.py" for module in MODULES]


def main(versions: list[str]) -> int:
    """0 where the tests pass with every version."""
    failed = []
    for version in versions:
        with tempfile.TemporaryDirectory() as folder:
            package = f"huggingface_hub=={version}"
            pip = [sys.executable, "-m", "pip", "install", "-q", "--target", folder, package]
            subprocess.run(pip, check=True)
            environment = {**os.environ, "PYTHONPATH": folder}
            tests = [sys.executable, "-m", "pytest", "-q", *TESTS]
            print(f"huggingface_hub {version}:", flush=True)
            if subprocess.run(tests, cwd=ROOT, env=environment).returncode:
                failed.append(version)
    print(f"failed with {', '.join(failed)}" if failed else "passed with every version")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(VERSIONS)))
