"""The demo as a Space of the Hugging Face Hub: exactly the files that it needs."""

import re
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants
from huggingface_hub.utils import validate_repo_id

from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import MODEL_FILES
from lowlight_hub.refusals import (
    check_login,
    check_token,
    check_user,
    explained,
    make_repository,
)

CHECKOUT = Path(__file__).parent.parent
PARTS = ("app.py", "README.md", "LICENSE", "requirements.txt", "lowlight_hub", "weights", "docs")
# Of what lies in a folder; the rest may be anything, a secret too.
CODE = (".py", ".html", ".css", ".js")
SUFFIXES = (*CODE, ".md", ".csv", ".sha256", ".webp", ".png", ".json", ".jsonl", ".safetensors")
# What ZeroGPU Spaces have: no newer torch, one of two Pythons, `spaces` in a version of theirs.
ZERO_GPU_PINS = {"torch": "2.11.0", "torchvision": "0.26.0"}
ZERO_GPU_SPACES = "spaces>=0.40,<1"
ZERO_GPU_PYTHON = "3.12"


def space_files(checkout: Path, *, zero_gpu: bool) -> dict[str, bytes]:
    """What a Space is made of, by path, from a checkout of this project.

    With `zero_gpu`, torch, torchvision and Python are those of ZeroGPU, and `spaces` is asked for.
    Raises LowlightError where the folder is no checkout.
    """
    files = {}
    for part in PARTS:
        path = checkout / part
        if not path.exists():
            raise LowlightError(f"{checkout} lacks {part}: run this in a checkout of the project")
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            name = file.relative_to(checkout).as_posix()
            wanted = file == path or file.suffix in SUFFIXES
            hidden = any(it.startswith((".", "__pycache__")) for it in Path(name).parts)
            if part == "weights" and file.parent != path:
                # A training may have left sheets of somebody's photos there.
                wanted = file.name in MODEL_FILES
            if wanted and not hidden and file.is_file() and not file.is_symlink():
                files[name] = file.read_bytes()
    if zero_gpu:
        pins = files["requirements.txt"].decode()
        for package, version in ZERO_GPU_PINS.items():
            pins = re.sub(rf"(?m)^{package}==.*$", f"{package}=={version}", pins)
        files["requirements.txt"] = f"{pins.rstrip()}\n{ZERO_GPU_SPACES}\n".encode()
        card = files["README.md"].decode()
        python = f'python_version: "{ZERO_GPU_PYTHON}"'
        files["README.md"] = re.sub(r"(?m)^python_version: .*$", python, card, count=1).encode()
    return files


def check_space_name(name: str) -> None:
    """Raises LowlightError for what cannot be the name of a Space."""
    user, _, rest = name.partition("/")
    check_user(user)
    with explained(name):
        validate_repo_id(f"{user}/{rest}")


def push_space(
    name: str,
    *,
    zero_gpu: bool = False,
    private: bool | None = None,
    token: str | None = None,
    checkout: Path = CHECKOUT,
) -> str:
    """Makes the Space `name`, user/name, hold the demo and nothing else, and says its address.

    Raises LowlightError where the folder is no checkout, nobody is logged in, a Space that was to
    be private is public, and where the Hub refuses or cannot be reached.
    """
    check_space_name(name)
    check_token(token)
    check_login(token)
    files = space_files(checkout, zero_gpu=zero_gpu)
    api = HfApi(token=token, library_name="lowlight_hub")
    with explained(name):
        make_repository(api, name, private=private, repo_type="space", space_sdk="gradio")
        there = set(api.list_repo_files(name, repo_type="space")) - {".gitattributes"}
        if there - {"README.md"} and "lowlight_hub/__init__.py" not in there:
            raise LowlightError(f"{name} is another Space: name a new one, or empty it first")
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(path, content) for path, content in files.items()
        ]
        operations += [CommitOperationDelete(path) for path in sorted(there - files.keys())]
        api.create_commit(name, operations, repo_type="space", commit_message="The demo")
    return f"{constants.ENDPOINT}/spaces/{name}"
