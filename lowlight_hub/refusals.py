"""What the Hub refuses, and what is refused before it is asked: in one sentence for users."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from huggingface_hub import HfApi, constants, get_token
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import validate_repo_id

from lowlight_hub.errors import HubAwayError, LowlightError, reason_of, shown
from lowlight_hub.folders import CONFIG_FILE
from lowlight_hub.weights import WEIGHTS_FILE

LOG_IN = "log in by `hf auth login`, or set HF_TOKEN"
NOT_LOGGED_IN = f"nobody is logged in at {constants.ENDPOINT}: {LOG_IN}"
NO_TOKEN = f"the token is not one: {LOG_IN}"
# The base class of the client's transport errors: httpx's in 1.x, httpx2's in 2.x.
_TransportError: Any = HfHubHTTPError.__bases__[0]


def check_revision(revision: str | None) -> None:
    """Raises LowlightError for what cannot be a branch, tag or commit."""
    if revision is None:
        return
    parts = revision.split("/") if isinstance(revision, str) else [""]
    if not all(re.fullmatch(r"[\w.-]+", it) and it.strip(".") for it in parts):
        raise LowlightError(
            f"{shown(revision)} is not a revision: expected a branch, tag or commit"
        )


def check_token(token: str | bool | None) -> None:
    """Raises LowlightError for what cannot be a token; the client's errors would show it."""
    is_text = isinstance(token, str) and re.fullmatch(r"[\x21-\x7e]+", token)
    if not (is_text or token is None or isinstance(token, bool)):
        raise LowlightError(NO_TOKEN)


def check_login(token: str | bool | None = None) -> None:
    """Raises LowlightError where there is no token to write with."""
    if not (token or get_token()):
        raise LowlightError(NOT_LOGGED_IN)


class RefusedAsAskedError(LowlightError):
    """What would be refused again, however often the same is asked for."""


def make_repository(api: HfApi, name: str, *, private: bool | None, **kind: Any) -> str:
    """Makes a repository where there is none, and says its whole name: "user/mine" of "mine".

    `kind` is as create_repo() takes it. Raises RefusedAsAskedError for one that was to be private,
    and is there and public: the client would leave it so.
    """
    made = api.create_repo(name, private=private, exist_ok=True, **kind).repo_id
    if private and not api.repo_info(made, repo_type=kind.get("repo_type")).private:
        raise RefusedAsAskedError(f"{made} is public already: nothing was pushed")
    return made


def check_may_push(user: str) -> None:
    """Asks the Hub whether it would take models for a user: before a training, not after it.

    Raises HubAwayError where it does not answer; LowlightError where nobody is logged in, the token
    is not taken or may only read, or `user` is somebody else.
    """
    check_login()
    with explained(user):
        known = HfApi(library_name="lowlight_hub").whoami()
    role = known.get("auth", {}).get("accessToken", {}).get("role")
    if role == "read":
        raise LowlightError(
            f"the token of {known['name']} may only read: make one that may write at "
            f"{constants.ENDPOINT}/settings/tokens"
        )
    names = [known["name"], *(it["name"] for it in known.get("orgs", []))]
    # A fine-grained token may be allowed to write where it is not told of.
    if role != "fineGrained" and user.lower() not in [name.lower() for name in names]:
        raise LowlightError(f"you may not push to {user}, only to {', '.join(names)}")


def check_user(user: str) -> None:
    """Raises LowlightError for what cannot be the name of a user or an organisation."""
    try:
        validate_repo_id(f"{user}/name")
    except HFValidationError:
        raise LowlightError(f"{shown(user)} is not a user of the Hub") from None


@contextmanager
def explained(name: str, revision: str | None = None) -> Iterator[None]:
    """Raises LowlightError, or HubAwayError, for what the client raises about `name`."""
    try:
        yield
    except UnicodeError:
        raise LowlightError(NO_TOKEN) from None
    except (_TransportError, OSError, RuntimeError, ValueError) as error:
        cause = _cause(error)
        number = getattr(cause, "errno", None)
        if number and not isinstance(cause, ConnectionError | TimeoutError):
            place = getattr(cause, "filename", None) or constants.HF_HUB_CACHE
            raise LowlightError(f"the Hub's cache, {place}: {os.strerror(number)}") from None
        kind = HubAwayError if _is_away(cause) else LowlightError
        raise kind(_sentence(cause, name, revision)) from None


def _cause(error: BaseException) -> BaseException:
    """What it was that the client wrapped."""
    cause = error.__cause__
    wraps = isinstance(error, RuntimeError | ValueError) and not isinstance(error, UnicodeError)
    # Where the Hub answered with an error, and nothing is cached.
    wraps |= isinstance(error, LocalEntryNotFoundError) and isinstance(cause, HfHubHTTPError)
    return cause if wraps and cause is not None else error


def _is_away(error: BaseException) -> bool:
    if isinstance(error, HFValidationError | LocalTokenNotFoundError):
        return False
    return not (isinstance(error, HfHubHTTPError) and error.response.status_code < 500)


def _sentence(error: BaseException, name: str, revision: str | None) -> str:
    hub = constants.ENDPOINT
    # From the special to the general: most of these are subclasses of later ones.
    if isinstance(error, HFValidationError):
        return f"{name!r} is not a name on the Hub: expected USER/NAME"
    if isinstance(error, LocalTokenNotFoundError):
        return NOT_LOGGED_IN
    if isinstance(error, GatedRepoError):
        return f"{name} is gated: ask for access at {hub}/{name}"
    if isinstance(error, RevisionNotFoundError):
        return f"{name} has no revision {revision!r}"
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"there is no {name} at {hub} that you may see: check the name, and for a private one "
            f"{LOG_IN}"
        )
    if isinstance(error, LocalEntryNotFoundError) and error.__cause__ is None:
        return f"{name} is not in the cache, and nothing is to be downloaded"
    # What 1.16 comes to when it asks a second time.
    is_closed = isinstance(error, RuntimeError) and "client has been closed" in str(error)
    if isinstance(error, LocalEntryNotFoundError) or is_closed:
        return (
            f"{hub} cannot be reached, and {name} is not in the cache: try again later, or take "
            "what is on this machine"
        )
    if isinstance(error, EntryNotFoundError):
        return f"{name} lacks {CONFIG_FILE} or {WEIGHTS_FILE}: only those are read, never pickles"
    if isinstance(error, HfHubHTTPError):
        return _answer(error.response.status_code, name)
    reason = reason_of(error)
    if "header value" in reason:  # which holds the token
        return NO_TOKEN
    return f"the connection to {hub} failed ({name}): {reason}"


def _answer(status: int, name: str) -> str:
    hub = constants.ENDPOINT
    known = {
        401: f"{hub} does not take the token: log in anew by `hf auth login`, or mend HF_TOKEN",
        403: f"{hub} does not let you do this with {name}: check the name and your token's rights",
        412: f"somebody else changed {name} at the same moment",
        413: f"{hub} takes nothing as large as what was sent to {name}",
        429: f"{hub} was asked too often: wait some minutes before you ask for {name} again",
    }
    later = ": try again later" if status >= 500 else ""
    return known.get(status, f"{hub} answers with an error ({status}) to {name}{later}")
