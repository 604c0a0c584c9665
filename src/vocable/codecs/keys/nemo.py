"""NVIDIA NeMo's archives: a tar that holds `model_config.yaml` and `model_weights.ckpt`.

It is read where it lies: nothing is unpacked, and one whose names lead out of it is refused.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from vocable.codecs.keys.block_yaml import read_block_yaml
from vocable.errors import ModelError

WEIGHTS, CONFIG = "model_weights.ckpt", "model_config.yaml"
_MOST = 1 << 20  # bytes of a config


def is_nemo(path: Path) -> bool:
    """Return whether a tar holds weights of NeMo; a broken one counts, for `nemo_parts` to say."""
    try:
        with tarfile.open(path, "r:") as archive:
            return any(PurePosixPath(name).name == WEIGHTS for name in archive.getnames())
    except tarfile.TarError:
        return True


@contextmanager
def nemo_parts(path: Path) -> Iterator[tuple[Any, IO[bytes]]]:
    """Open an archive for what its config states and for the bytes of its weights.

    Raises ModelError for one that is damaged, lacks either, or holds anything but files and folders
    inside of itself.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            members = _members(path, archive)
            text = _part(path, archive, members, CONFIG).read(_MOST).decode("utf-8-sig")
            config = read_block_yaml(text, f"{path}: {CONFIG}")
            yield config, _part(path, archive, members, WEIGHTS)
    except (tarfile.TarError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is damaged ({error}); fetch it again") from error


def _members(path: Path, archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """Return the files by name; none of it may lie, or lead, outside."""
    found: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        _check_inside(path, member)
        name = str(PurePosixPath(member.name))
        if member.isfile() and found.setdefault(name, member) is not member:
            raise ModelError(f"{path} holds {name[:80]!r} twice; fetch it again")
    return found


def _check_inside(path: Path, member: tarfile.TarInfo) -> None:
    windows = PureWindowsPath(member.name)
    if windows.anchor or ".." in windows.parts:
        raise ModelError(
            f"{path} holds {member.name[:80]!r}, which leads out of the archive; take it as NVIDIA "
            "publishes it"
        )
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise ModelError(
            f"{path} holds {member.name[:80]!r}, which is neither a file nor a folder; take it as "
            "NVIDIA publishes it"
        )


def _part(
    path: Path, archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str
) -> IO[bytes]:
    part = archive.extractfile(members[name]) if name in members else None
    if part is None:
        raise ModelError(f"{path} lacks {name}; take the archive as NVIDIA publishes it")
    return part


def write_nemo(path: Path, config: str, tensors: Mapping[str, Any]) -> None:
    """Write an archive of what its config says, as YAML, and of weights."""
    import torch

    weights = io.BytesIO()
    torch.save(tensors, weights)
    with tarfile.open(path, "w:") as archive:
        for name, content in ((CONFIG, config.encode()), (WEIGHTS, weights.getvalue())):
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
