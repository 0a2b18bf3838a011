"""load_model: a trained model by the name of an attempt, a folder, or a repository of the Hub."""

import os
import re
from pathlib import Path
from typing import Literal

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.durable import expanded, is_folder
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import CONFIG_FILE, check_attempt, load_bundled, load_folder
from lowlight_hub.networks import LowlightModel
from lowlight_hub.remote import namespace, pull, repository_of

Source = Literal["bundled", "hub"]
# USER/NAME[@REVISION]; a revision may have slashes, too.
_REPOSITORY = re.compile(r"([^/@]+/[^/@]+)(?:@(.*))?", re.DOTALL)


def load_model(
    name: str | Path,
    *,
    revision: str | None = None,
    source: Source | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
) -> LowlightModel:
    """A trained model, in eval mode, on the CPU, in float32.

    `name` is an attempt (see list_models), whose weights come with the package; a repository of the
    Hub, "user/lowlight-vae", at `revision` (a branch, tag or commit; None is its main branch),
    which may follow its name instead, "user/lowlight-vae@v1.0"; or a folder written by train.py.
    With `source="hub"` an attempt's name means the repository of LOWLIGHT_HUB_NAMESPACE. `token` is
    for private repositories; None takes that of `hf auth login`.
    `cache_dir`, `force_download` and `local_files_only` are those of hf_hub_download.
    The module takes and gives B 3 H W, float, RGB in 0..1; its `config` says how it was trained,
    its `revision` which commit of the Hub it is.
    Raises LowlightError for an unknown name and for weights that are missing, damaged, of another
    network, or not within the limits; for a Hub that cannot be reached where nothing is cached.
    """
    meant = on_the_hub(name, source)
    if meant is not None:
        repository, of_name = meant
        if of_name is not None and revision is not None:
            raise LowlightError(f"{name} names a revision: leave out revision={revision!r}")
        try:
            folder = pull(
                repository,
                revision=revision if of_name is None else of_name,
                token=token,
                cache_dir=cache_dir,
                force_download=force_download,
                local_files_only=local_files_only,
            )
        except LowlightError as error:
            if source == "hub":
                raise
            # It may have been meant as one, from another working folder.
            raise type(error)(f"{error}; nor is there a folder {name} here") from None
        model = load_folder(folder)
        model.revision = folder.name
        # Where an attempt was asked for, and not a repository, it must be that attempt.
        return check_attempt(model, str(name), repository) if name in ATTEMPTS else model
    if revision is not None:
        raise LowlightError(f"{name} has no revisions: only repositories of the Hub have them")
    if isinstance(name, Path) or _is_path(name):
        return load_folder(expanded(name))
    return load_bundled(name)


def on_the_hub(name: str | Path, source: Source | None = None) -> tuple[str, str | None] | None:
    """The repository that is meant and its revision; None for a bundled model or a folder."""
    if source not in (None, "bundled", "hub"):
        raise LowlightError(f"source is {source!r}, and must be 'bundled' or 'hub'")
    if source == "hub" and name in ATTEMPTS:
        return repository_of(namespace(), str(name)), None
    named = None if _is_path(name) else _REPOSITORY.fullmatch(str(name))
    if source == "hub" and not named:
        raise LowlightError(f"{name} is not a repository of the Hub: expected USER/NAME[@REVISION]")
    return (named[1], named[2]) if named and source != "bundled" else None


def _is_path(name: object) -> bool:
    """Whether a folder is meant: by how it is written, or since it is there."""
    if isinstance(name, Path):
        return True
    if not isinstance(name, str) or name in ATTEMPTS:
        return False
    is_no_repository = "/" in name and not _REPOSITORY.fullmatch(name)
    is_written_so = name.startswith((".", "/", "~")) or is_no_repository
    # A folder that is not trained yet is no repository either.
    is_there = is_folder(name) and "/" in name
    # Path's own raises for long names.
    return is_written_so or is_there or os.path.isfile(Path(name) / CONFIG_FILE)  # noqa: PTH113
