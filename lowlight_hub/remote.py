"""Models on the Hugging Face Hub: pulled at one commit, pushed in one commit."""

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi, constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError

from lowlight_hub.attempts import get_attempt
from lowlight_hub.cards import model_card
from lowlight_hub.errors import LowlightError
from lowlight_hub.finding import LEAK_FREE, LEAK_FREE_SUFFIX, is_of
from lowlight_hub.folders import (
    CARD_FILE,
    CONFIG_FILE,
    MAX_CONFIG_BYTES,
    MODEL_FILES,
    load_whole,
    read_card_config,
    read_config,
)
from lowlight_hub.records import trained_in_words
from lowlight_hub.refusals import (
    RefusedAsAskedError,
    check_login,
    check_revision,
    check_token,
    check_user,
    explained,
    make_repository,
)
from lowlight_hub.results import rows_of
from lowlight_hub.weights import MAX_FILE_BYTES, WEIGHTS_FILE

NAMESPACE_VARIABLE = "LOWLIGHT_HUB_NAMESPACE"
PREFIX = "lowlight-"
COLLECTION_TITLE = "lowlight-hub: autoencoders for dark photos"


def namespace() -> str:
    """The user or organisation whose models an attempt's name means on the Hub.

    Raises LowlightError where LOWLIGHT_HUB_NAMESPACE is not set.
    """
    name = os.environ.get(NAMESPACE_VARIABLE, "")
    if not name:
        raise LowlightError(
            f"whose models are meant? Set {NAMESPACE_VARIABLE} to a user of the Hub, or name a "
            f"repository such as USER/{PREFIX}vae"
        )
    return name


def repository_of(user: str, attempt: str) -> str:
    """The name of an attempt's repository: user/lowlight-ATTEMPT."""
    return f"{user}/{PREFIX}{attempt}"


def pull(
    repository: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
) -> Path:
    """The folder in the Hub's cache with config and weights of one commit of a repository.

    Cache, offline mode and tokens are those of huggingface_hub, and so is what the keywords mean.
    The commit is the folder's name.
    Raises LowlightError where there is no such model or revision, it may not be seen, is too large,
    or the Hub cannot be reached and the model is not cached.
    """
    check_revision(revision)
    check_token(token)
    if force_download and local_files_only:
        raise LowlightError("force_download and local_files_only exclude each other")
    wanted: dict[str, Any] = {
        "repo_id": repository,
        "token": token,
        "cache_dir": cache_dir,
        "force_download": force_download,
        "local_files_only": local_files_only,
    }
    with explained(repository, revision):
        config = _fetch(CONFIG_FILE, MAX_CONFIG_BYTES, {**wanted, "revision": revision})
        # The weights of that very commit, whatever is pushed in between.
        _fetch(WEIGHTS_FILE, MAX_FILE_BYTES, {**wanted, "revision": config.parent.name})
    return config.parent


def _fetch(file: str, limit_bytes: int, wanted: dict[str, Any]) -> Path:
    announced = hf_hub_download(filename=file, dry_run=True, **wanted)
    if announced.file_size is None or announced.file_size > limit_bytes:
        raise LowlightError(
            f"{file} of {wanted['repo_id']} has {announced.file_size} bytes, more than the "
            f"{limit_bytes} that are read: it was not downloaded"
        )
    return Path(hf_hub_download(filename=file, **wanted))


def push(
    folder: Path,
    user: str,
    *,
    private: bool | None = None,
    tag: str | None = None,
    token: str | None = None,
    results: Path | None = None,
) -> str:
    """Puts a model's folder on the Hub as user/lowlight-ATTEMPT, and gives that name.

    Leak-free weights get a repository of their own, user/lowlight-ATTEMPT-leak-free.

    The repository is made where there is none; all files go in one commit, tagged `tag` or v1.0,
    v1.1 and so on. What is there already is not uploaded again. `results` holds the figures of its
    card, as `lowlight-hub evaluate --json` writes them; None takes those of the package.
    Raises LowlightError for a folder that holds no whole model, a public repository that was to be
    private, and where the Hub refuses or cannot be reached; the folder stays as it is, and the
    message names the command that tries again.
    """
    check_revision(tag)
    check_token(token)
    repository, files = what_is_pushed(folder, user, results)
    config = read_config(folder)
    title = f"{get_attempt(config['attempt']).title}: {trained_in_words(config)}".replace("*", "")
    api = HfApi(token=token, library_name="lowlight_hub")
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    options = [*(["--private"] if private else []), *(["--revision", tag] if tag else [])]
    options += ["--results", str(results)] if results else []
    command = ["python", "-m", "lowlight_hub", "push"]
    retry = shlex.join([*command, *options, str(folder), user])
    with _safe(retry), explained(repository):
        check_login(token)
        make_repository(api, repository, private=private)
        if tag and tag in {it.name for it in api.list_repo_refs(repository).tags}:
            if _is_other(api, repository, tag, files):
                raise RefusedAsAskedError(f"{repository} has a version {tag} already: name another")
            return repository
        commit = api.create_commit(repository, operations, commit_message=title).oid
        tags = {it.name: it.target_commit for it in api.list_repo_refs(repository).tags}
        if tag or commit not in tags.values():
            api.create_tag(repository, tag=tag or _next_version(tags), revision=commit)
    return repository


def push_all(
    folders: Sequence[Path],
    user: str,
    *,
    private: bool | None = None,
    tag: str | None = None,
    token: str | None = None,
    results: Path | None = None,
) -> tuple[list[str], list[str]]:
    """As push, for several: the addresses, the collection's too, and what was refused.

    One refusal does not keep back the others. Raises LowlightError where nobody is logged in, and
    where two folders are of one repository.
    """
    check_apart(folders, user)
    check_login(token)
    pushed, refusals = [], []
    for folder in folders:
        try:
            pushed.append(
                push(folder, user, private=private, tag=tag, token=token, results=results)
            )
        except LowlightError as error:
            refusals.append(str(error))
    addresses = [f"{constants.ENDPOINT}/{repository}" for repository in pushed]
    if len(pushed) > 1:
        try:
            addresses.append(_push_collection(user, pushed, private, token))
        except LowlightError as error:
            refusals.append(str(error))
    return addresses, refusals


def check_apart(folders: Sequence[Path], user: str) -> None:
    """Raises LowlightError where two folders would go to one repository, one over the other.

    And for what is no user's name, once instead of for each folder.
    """
    check_user(user)
    taken: dict[str, Path] = {}
    for folder in folders:
        try:
            repository = _repository_for(read_config(folder), user)
        except LowlightError:  # which the push of this folder says, and the others go on
            continue
        if taken.setdefault(repository, folder).resolve() != folder.resolve():
            raise LowlightError(
                f"{taken[repository]} and {folder} would both become {repository}: push one of them"
            )


def what_is_pushed(
    folder: Path, user: str, results: Path | None = None
) -> tuple[str, dict[str, bytes]]:
    """The name of a repository, and its files, for a model's folder; `results` as in push.

    Raises LowlightError where the folder is not a whole model that loads, and where `results` does
    not hold its figures.
    """
    check_user(user)
    load_whole(folder)
    config = read_card_config(folder)
    attempt = get_attempt(config["attempt"])
    repository = _repository_for(config, user)
    files = {file: (folder / file).read_bytes() for file in MODEL_FILES}
    rows = rows_of(attempt.name, folder, results)
    files[CARD_FILE] = model_card(attempt, config, rows, repository).encode()
    return repository, files


def _repository_for(config: Mapping[str, Any], user: str) -> str:
    """Where a model with this config goes."""
    leak_free = is_of(str(config.get("data")), LEAK_FREE)
    return repository_of(user, str(config.get("attempt"))) + LEAK_FREE_SUFFIX * leak_free


def _push_collection(
    user: str, repositories: Sequence[str], private: bool | None, token: str | None
) -> str:
    """Puts repositories into the user's collection of this project, and says its address."""
    api = HfApi(token=token, library_name="lowlight_hub")
    with explained(f"a collection of {user}"):
        collection = api.create_collection(
            COLLECTION_TITLE, namespace=user, private=bool(private), exists_ok=True
        )
        for repository in repositories:
            api.add_collection_item(collection.slug, repository, "model", exists_ok=True)
    return f"{constants.ENDPOINT}/collections/{collection.slug}"


def _is_other(api: HfApi, repository: str, tag: str, files: Mapping[str, bytes]) -> bool:
    """Whether the version of this name that a repository has holds other files."""
    try:
        held = {
            it: Path(hf_hub_download(repository, it, revision=tag, token=api.token)) for it in files
        }
    except EntryNotFoundError:
        return True
    return any(held[it].read_bytes() != content for it, content in files.items())


def _next_version(tags: Iterable[str]) -> str:
    numbers = [int(found[1]) for it in tags if (found := re.fullmatch(r"v1\.(\d+)", it))]
    return f"v1.{max(numbers, default=-1) + 1}"


@contextmanager
def _safe(retry: str) -> Iterator[None]:
    try:
        yield
    except RefusedAsAskedError:
        raise
    except LowlightError as error:
        raise type(error)(f"{error}. Nothing is lost: `{retry}` tries again") from error
