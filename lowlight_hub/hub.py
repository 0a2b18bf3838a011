"""load_model: a trained model by the name of an attempt, a folder, or a repository of the Hub."""

import os
from pathlib import Path
from typing import Literal

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.durable import expanded, is_folder
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import CONFIG_FILE, check_attempt, load_bundled, load_folder
from lowlight_hub.networks import LowlightModel
from lowlight_hub.remote import namespace, pull, repository_of

Source = Literal["bundled", "hub"]


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
    Hub, "user/lowlight-vae", at `revision` (a branch, tag or commit; None is its main branch), which
    may as well follow its name, "user/lowlight-vae@v1.0"; or a folder written by train.py. With `source="hub"` an attempt's name means the repository of
    LOWLIGHT_HUB_NAMESPACE. `token` is for private repositories; None takes that of `hf auth login`.
    `cache_dir`, `force_download` and `local_files_only` are those of hf_hub_download.
    The module takes and gives B 3 H W, float, RGB in 0..1; its `config` says how it was trained,
    its `revision` which commit of the Hub it is.
    Raises LowlightError for an unknown name and for weights that are missing, damaged, of another
    network, or not within the limits; for a Hub that cannot be reached where nothing is cached.
    """
    repository = _repository(name, source)
    if repository is not None:
        repository, at, of_name = repository.partition("@")
        if at and revision is not None:
            raise LowlightError(f"{name} names a revision: leave out revision={revision!r}")
        revision = of_name if at else revision
        try:
            folder = pull(
                repository,
                revision=revision,
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


def _repository(name: str | Path, source: Source | None) -> str | None:
    """The repository of the Hub that is meant; None where it is a bundled model or a folder."""
    if source not in (None, "bundled", "hub"):
        raise LowlightError(f"source is {source!r}, and must be 'bundled' or 'hub'")
    if source == "hub" and name in ATTEMPTS:
        return repository_of(namespace(), str(name))
    is_repository = not _is_path(name) and _slashes_in(str(name)) == 1
    if source == "hub" and not is_repository:
        raise LowlightError(f"{name} is not a repository of the Hub: expected USER/NAME[@REVISION]")
    return str(name) if is_repository and source != "bundled" else None


def _is_path(name: object) -> bool:
    """Whether a folder is meant: by how it is written, or since it is there."""
    if isinstance(name, Path):
        return True
    if not isinstance(name, str) or name in ATTEMPTS:
        return False
    is_written_so = name.startswith((".", "/", "~")) or _slashes_in(name) > 1
    # A folder that is not trained yet is no repository either.
    is_there = is_folder(name) and "/" in name
    # Path's own raises for long names.
    return is_written_so or is_there or os.path.isfile(Path(name) / CONFIG_FILE)  # noqa: PTH113


def _slashes_in(name: str) -> int:
    """Those of a repository's name; its revision may have some, too."""
    return name.partition("@")[0].count("/")
