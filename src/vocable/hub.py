"""Fetch files from the model hub, once, and say what is not there and what cannot be reached.

What is here is taken as it is: the hub is asked for a file that is not, once and for seconds, where
its client would ask again for minutes.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from vocable.errors import ModelError

_TIMEOUT = 10.0  # seconds that the hub has to answer
_TRUE = ("1", "on", "yes", "true")


class NoFile(ModelError):
    """The hub has the repository, and no such file in it."""


class NoRepository(ModelError):
    """The hub has no such repository, or shows it to its members only."""


class NoClient(ModelError):
    """The extra `hub` is not installed."""


class Unreachable(ModelError):
    """The hub does not answer, or may not be asked."""


def fetch(repository: str, file: str, revision: str | None = None) -> Path:
    """Return the local copy of a file on the model hub, downloaded if it is not here yet.

    repository: `owner/name`; revision: a branch, tag or commit, default the main branch. A
    connection that breaks off is taken up again near where it stopped, a few times within this
    call; after a call that failed, the next begins anew. Raises NoFile,
    NoRepository, Unreachable (see `offline`), and ModelError for a repository or revision that is
    closed or missing, for a download that breaks off for good, and without the extra `hub`.
    """
    client = _client(repository)
    if found := local(repository, file, revision):
        return found
    what = f"{file} of {repository}" + (f" at {revision}" if revision else "")
    if offline():
        raise Unreachable(f"{what} is not here, and the hub may not be asked (offline)")
    _ask(client, what, repository, file, revision)
    try:
        return Path(client.hf_hub_download(repository, file, revision=revision, **_places()))
    except Exception as error:  # the hub's client raises what its transport raises
        raise ModelError(f"{what} was not fetched whole ({_reason(error)}); try again") from error


def local(repository: str, file: str, revision: str | None = None) -> Path | None:
    """Return the copy of a file that is here already; None without one, or without the client."""
    try:
        import huggingface_hub as client
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ImportError:
        return None
    try:
        found = client.hf_hub_download(
            repository, file, revision=revision, local_files_only=True, **_places()
        )
    except LocalEntryNotFoundError:
        return None
    except Exception as error:  # a name that cannot be a repository's
        raise ModelError(f"{repository}: {_reason(error)}") from error
    return Path(found)


def file_hash(path: str | Path) -> str:
    """Return the SHA-256 of a file, 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def offline() -> bool:
    """Return whether the environment forbids to ask the hub."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in _TRUE


def page(repository: str) -> str:
    """Return the address of a repository's page."""
    return f"{os.environ.get('HF_ENDPOINT', 'https://huggingface.co').rstrip('/')}/{repository}"


def cache_folder() -> Path:
    """Return the folder that vocable's own files are kept in.

    `VOCABLE_CACHE` where that is set, else `vocable` in `HF_HOME`, which is huggingface's folder in
    the user's cache unless it is set.
    """
    if chosen := os.environ.get("VOCABLE_CACHE"):
        return Path(chosen).expanduser()
    return _home() / "vocable"


def _home() -> Path:
    user = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("HF_HOME") or f"{user}/huggingface").expanduser()


def _places() -> dict[str, Any]:
    """Return where files are kept and asked for, read anew each time: a program may set it late."""
    chosen = os.environ.get("VOCABLE_CACHE")
    return {
        "cache_dir": Path(chosen).expanduser() / "hub" if chosen else None,
        "endpoint": os.environ.get("HF_ENDPOINT") or None,
    }


def _client(repository: str) -> Any:
    try:
        import huggingface_hub as client
    except ImportError as error:
        raise NoClient(
            f'fetching {repository} from the model hub needs an extra: pip install "vocable[hub]"'
        ) from error
    return client


def _ask(client: Any, what: str, repository: str, file: str, revision: str | None) -> None:
    """Ask once whether the hub has a file: hf_hub_download asks a hub that is away for minutes."""
    from huggingface_hub import errors

    endpoint = _places()["endpoint"]
    url = client.hf_hub_url(repository, file, revision=revision, endpoint=endpoint)
    try:
        client.get_hf_file_metadata(url, timeout=_TIMEOUT)
    except errors.GatedRepoError as error:
        raise ModelError(
            f"{repository} asks for a login and consent to its terms; give it on "
            f"{page(repository)}, then run `hf auth login`"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise NoRepository(f"the model hub has no repository {repository}") from error
    except errors.RevisionNotFoundError as error:
        raise ModelError(f"{repository} has no revision {revision}") from error
    except errors.EntryNotFoundError as error:
        raise NoFile(f"{repository} has no file {file}") from error
    except Exception as error:  # the hub's client raises what its transport raises
        raise Unreachable(
            f"{what} is not here, and the model hub cannot be reached ({_reason(error)})"
        ) from error


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
