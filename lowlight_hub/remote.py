"""Models on the Hugging Face Hub: pulled at one commit, pushed in one commit."""

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi, constants, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import validate_repo_id

from lowlight_hub.attempts import get_attempt
from lowlight_hub.cards import model_card, trained_in_words
from lowlight_hub.errors import HubAwayError, LowlightError, shown
from lowlight_hub.folders import (
    CARD_FILE,
    CONFIG_FILE,
    MAX_CONFIG_BYTES,
    MODEL_FILES,
    check_card_config,
    check_whole,
    read_config,
)
from lowlight_hub.results import rows_of
from lowlight_hub.weights import MAX_FILE_BYTES, WEIGHTS_FILE

NAMESPACE_VARIABLE = "LOWLIGHT_HUB_NAMESPACE"
PREFIX = "lowlight-"
COLLECTION_TITLE = "lowlight-hub: autoencoders for dark photos"
# The base class of the client's transport errors: httpx's in 1.x, httpx2's in 2.x.
_TransportError: Any = HfHubHTTPError.__bases__[0]
# What the Hub answered, as opposed to not answering.
_ANSWERS = (HfHubHTTPError, HFValidationError)


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


def pull(repository: str, *, revision: str | None = None, token: str | None = None) -> Path:
    """The folder in the Hub's cache with config and weights of one commit of a repository.

    Cache, offline mode and tokens are those of huggingface_hub. The commit is the folder's name.
    Raises LowlightError where there is no such model or revision, it may not be seen, is too large,
    or the Hub cannot be reached and the model is not cached.
    """
    _check_revision(revision)
    _check_token(token)
    with explained(repository, revision):
        config = _fetch(repository, CONFIG_FILE, revision, token, MAX_CONFIG_BYTES)
        # The weights of that very commit, whatever is pushed in between.
        _fetch(repository, WEIGHTS_FILE, config.parent.name, token, MAX_FILE_BYTES)
    return config.parent


def _fetch(
    repository: str, file: str, revision: str | None, token: str | None, limit_bytes: int
) -> Path:
    wanted: dict[str, Any] = {
        "repo_id": repository,
        "filename": file,
        "revision": revision,
        "token": token,
    }
    announced = hf_hub_download(**wanted, dry_run=True)
    if announced.file_size is None or announced.file_size > limit_bytes:
        raise LowlightError(
            f"{file} of {repository} has {announced.file_size} bytes, more than the {limit_bytes} "
            "that are read: it was not downloaded"
        )
    return Path(hf_hub_download(**wanted))


def push(
    folder: Path,
    user: str,
    *,
    private: bool | None = None,
    tag: str | None = None,
    token: str | None = None,
) -> str:
    """Puts a model's folder on the Hub as user/lowlight-ATTEMPT, and gives that name.

    The repository is made where there is none; all files go in one commit, tagged `tag` or v1.0,
    v1.1 and so on. What is there already is not uploaded again.
    Raises LowlightError for a folder that holds no whole model, a public repository that was to be
    private, and where the Hub refuses or cannot be reached; the folder stays as it is, and the
    message names the command that tries again.
    """
    _check_revision(tag)
    _check_token(token)
    repository, files = what_is_pushed(folder, user)
    config = read_config(folder)
    title = f"{get_attempt(config['attempt']).title}: {trained_in_words(config)}".replace("*", "")
    api = HfApi(token=token, library_name="lowlight_hub")
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    options = [*(["--private"] if private else []), *(["--revision", tag] if tag else [])]
    retry = shlex.join(["lowlight-hub", "push", *options, str(folder), user])
    with _safe(retry), explained(repository):
        api.create_repo(repository, private=private, exist_ok=True)
        if private and not api.model_info(repository).private:
            raise LowlightError(f"{repository} is public already: nothing was pushed")
        commit = api.create_commit(repository, operations, commit_message=title).oid
        tags = {it.name: it.target_commit for it in api.list_repo_refs(repository).tags}
        if tag in tags and tags[tag] != commit:
            raise LowlightError(f"{repository} has a version {tag} already: name another")
        if commit not in tags.values() or (tag and tag not in tags):
            api.create_tag(repository, tag=tag or _next_version(tags), revision=commit)
    return repository


def push_all(
    folders: Sequence[Path],
    user: str,
    *,
    private: bool | None = None,
    tag: str | None = None,
    token: str | None = None,
) -> tuple[list[str], list[str]]:
    """As push, for several: the addresses, the collection's too, and what was refused.

    One refusal does not keep back the others.
    """
    pushed, refusals = [], []
    for folder in folders:
        try:
            pushed.append(push(folder, user, private=private, tag=tag, token=token))
        except LowlightError as error:
            refusals.append(str(error))
    addresses = [f"{constants.ENDPOINT}/{repository}" for repository in pushed]
    if len(pushed) > 1:
        try:
            addresses.append(_push_collection(user, pushed, private, token))
        except LowlightError as error:
            refusals.append(str(error))
    return addresses, refusals


def _check_revision(revision: str | None) -> None:
    if revision is None:
        return
    parts = revision.split("/") if isinstance(revision, str) else [""]
    if not all(re.fullmatch(r"[\w.-]+", it) and it.strip(".") for it in parts):
        raise LowlightError(
            f"{shown(revision)} is not a revision: expected a branch, tag or commit"
        )


def _check_token(token: str | None) -> None:
    if token is not None and not (isinstance(token, str) and re.fullmatch(r"[\x21-\x7e]+", token)):
        raise LowlightError("the token is not one: log in by `hf auth login`")


def what_is_pushed(folder: Path, user: str) -> tuple[str, dict[str, bytes]]:
    """The name of a repository, and its files, for a model's folder.

    Raises LowlightError where the folder is not a whole model that loads.
    """
    check_whole(folder)
    config = read_config(folder)
    check_card_config(config, str(folder))
    attempt = get_attempt(config["attempt"])
    repository = repository_of(user, attempt.name)
    with explained(repository):
        validate_repo_id(repository)
        if not user or "/" in user:
            raise HFValidationError
    files = {file: (folder / file).read_bytes() for file in MODEL_FILES}
    rows = rows_of(attempt.name, folder)
    files[CARD_FILE] = model_card(attempt, config, rows, repository).encode()
    return repository, files


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


def _next_version(tags: Iterable[str]) -> str:
    numbers = [int(found[1]) for it in tags if (found := re.fullmatch(r"v1\.(\d+)", it))]
    return f"v1.{max(numbers, default=-1) + 1}"


@contextmanager
def _safe(retry: str) -> Iterator[None]:
    try:
        yield
    except LowlightError as error:
        raise LowlightError(f"{error}. Nothing is lost: `{retry}` tries again") from error


@contextmanager
def explained(name: str, revision: str | None = None) -> Iterator[None]:
    """Turns what the Hub's client raises into one sentence for users."""
    try:
        yield
    except UnicodeError:
        raise LowlightError("the token is not one: log in by `hf auth login`") from None
    except (HFValidationError, _TransportError, OSError, RuntimeError) as error:
        # The client wraps what stops an upload.
        cause = error.__cause__ if isinstance(error, RuntimeError) else error
        cause = cause or error
        number = getattr(cause, "errno", None)
        if number and not isinstance(cause, ConnectionError | TimeoutError):
            place = constants.HF_HUB_CACHE
            raise LowlightError(f"{place}, the Hub's cache: {os.strerror(number)}") from None
        away = isinstance(cause, LocalEntryNotFoundError) or not isinstance(cause, _ANSWERS)
        kind = HubAwayError if away else LowlightError
        raise kind(_sentence(cause, name, revision)) from None


def _sentence(error: BaseException, name: str, revision: str | None) -> str:
    hub = constants.ENDPOINT
    # From the special to the general: most of these are subclasses of later ones.
    if isinstance(error, HFValidationError):
        return f"{name!r} is not a name on the Hub: expected USER/NAME"
    if isinstance(error, GatedRepoError):
        return f"{name} is gated: ask for access at {hub}/{name}"
    if isinstance(error, RevisionNotFoundError):
        return f"{name} has no revision {revision!r}"
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"there is no {name} at {hub} that you may see: check the name, and for a private one "
            "log in by `hf auth login`"
        )
    if isinstance(error, LocalEntryNotFoundError):
        return (
            f"{hub} cannot be reached, and {name} is not in the cache: try again later, or take a "
            "bundled model"
        )
    if isinstance(error, EntryNotFoundError):
        return f"{name} lacks {CONFIG_FILE} or {WEIGHTS_FILE}: only those are read, never pickles"
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        status = error.response.status_code
        if status == 401:
            return f"{hub} does not take the token: log in anew by `hf auth login`"
        if status == 403:
            return f"{hub} does not allow the owner of the token to write to {name}"
        return f"{hub} answers with an error ({status}) to {name}: try again later"
    reason = (str(error) or type(error).__name__).splitlines()[0]
    if "header value" in reason:  # which holds the token
        return "the token is not one: log in by `hf auth login`"
    return f"the connection to {hub} failed ({name}): {reason}"
