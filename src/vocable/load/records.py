"""What came from the model hub at the first download: the hashes that later ones must have.

One small JSON file for each repository and revision, in `records` of `hub.cache_folder()`:

    {"repository": "owner/name", "revision": "main", "commit": "89…", "files": {"NAME": "SHA-256"}}
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from vocable.atomic import replacing
from vocable.errors import ModelError
from vocable.hub import cache_folder

MAIN = "main"
_log = logging.getLogger("vocable")


@dataclass(frozen=True)
class Record:
    """The files of a model as they first came. commit: empty where it is not known."""

    repository: str
    revision: str
    commit: str
    files: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return _path(self.repository, self.revision)

    def keep(self) -> None:
        """Write it; where that cannot be, say so and go on."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.path, overwrite=True) as fresh:
                fresh.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        except FileExistsError:
            _log.info("%s is being fetched by another process as well", self.repository)
        except OSError as error:
            _log.warning(
                "the hashes of %s cannot be kept in %s (%s), so later downloads cannot be checked",
                self.repository, self.path.parent, error.strerror or error,
            )  # fmt: skip

    def check(self, now: Mapping[str, str], where: Path) -> None:
        """Refuse files that hash to something else than at the first download."""
        for name, before in self.files.items():
            if name in now and now[name] != before:
                raise ModelError(
                    f"{name} of {self.repository} has SHA-256 {now[name]}, but {before} was "
                    f"recorded when it was first downloaded; remove {(where / name).resolve()} to "
                    f"fetch it again, or {self.path} if its publishers changed it"
                )


def recorded(repository: str, revision: str | None = None) -> Record | None:
    """Return what is recorded of a repository at a revision, default its main branch."""
    path = _path(repository, revision or MAIN)
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        files = {str(name): str(hash) for name, hash in held["files"].items()}
        return Record(repository, revision or MAIN, str(held.get("commit", "")), files)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path} is damaged ({error}); remove it, and check what is fetched again: "
            f"vocable verify {repository}"
        ) from error


def _path(repository: str, revision: str) -> Path:
    name = f"{repository}@{revision}".replace("/", "--")
    return cache_folder() / "records" / f"{name}.json"
