"""Fetch, read, check, rename, hash and write tensors. Knows files and tables of keys, not models.

Files are safetensors only: reading one never runs code from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import safetensors
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from vocable import hub
from vocable.atomic import replacing
from vocable.eight_bits import restored as restored
from vocable.eight_bits import rounded
from vocable.errors import ModelError
from vocable.hub import file_hash as file_hash

ROUNDING = 2.0**-24  # of a number that fp32 holds, at most
SHOWN = 3  # keys named in an error before the count takes over
WEIGHTS = "model.safetensors"


def fetch(
    repository: str,
    revision: str | None = None,
    sha256: str | None = None,
    *,
    file: str = WEIGHTS,
) -> Path:
    """Return the local copy of a file on the model hub, downloaded if it is not here yet.

    repository: `owner/name`; revision: a branch, tag or commit, default the main one. sha256: what
    the file must hash to, 64 hex digits. The copy lies below `VOCABLE_CACHE` where that is set,
    else in `HF_HOME`; `HF_HUB_OFFLINE=1` takes only what is there. Raises ModelError for a file
    that cannot be fetched, or has another hash, and without the extra `hub`.
    """
    found = hub.fetch(repository, file, revision)
    if sha256 is not None:
        check_hash(found, sha256)
    return found


def check_hash(path: str | Path, sha256: str) -> None:
    """Refuse a file that does not hash to `sha256`."""
    found = file_hash(path)
    if found != sha256:
        raise ModelError(
            f"{path}: SHA-256 is {found[:16]}… but {sha256[:16]}… was published; fetch it again"
        )


def read(path: str | Path, *, sha256: str | None = None, below: str = "") -> dict[str, Tensor]:
    """Read the tensors of a safetensors file, as stored, on the CPU.

    `below` is what the keys begin with of those that are wanted. `sha256` is what the whole file
    must hash to. A file that does not, or that is damaged, is a `ModelError`; one that is missing
    stays a `FileNotFoundError`.
    """
    if sha256 is not None:
        check_hash(path, sha256)
    try:
        if not below:
            return load_file(str(path))
        with safetensors.safe_open(str(path), framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(below)]  # noqa: SIM118
            return {name: file.get_tensor(name) for name in names}
    except safetensors.SafetensorError as error:
        raise ModelError(f"{path} is damaged ({error}); fetch it again") from error


def write(path: str | Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors as one safetensors file, whole or not at all, over what is there."""
    with replacing(path, overwrite=True) as fresh:
        # save_file would leave it readable to its owner only
        fresh.write_bytes(serialised(tensors))


def serialised(tensors: Mapping[str, Tensor]) -> bytes:
    """Return the bytes of a safetensors file."""
    flat = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    data: bytes = save(flat)
    return data


def stored(tensors: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Return the tensors as a model stores them: floats in its dtype, integers as they are.

    In torch.int8, matrices are rounded row by row, see `eight_bits`, and other floats are fp16.
    """
    if dtype == torch.int8:
        return rounded(tensors)
    return {k: v.to(dtype) if v.is_floating_point() else v for k, v in tensors.items()}


def check_finite(tensors: Mapping[str, Tensor], repair: str = "train it anew") -> None:
    """Refuse tensors with NaN or infinity, which is what half precision makes of large values.

    repair: what the message advises.
    """
    bad = [key for key, value in tensors.items() if not bool(value.isfinite().all())]
    if bad:
        raise ModelError(f"{_named(bad)} hold values that are not finite; {repair}")


class Row(NamedTuple):
    """A line of a table of keys: a whole-key pattern, what it becomes, and what the tensor does."""

    pattern: str
    name: str | None  # a replacement, as in `re.sub`; None drops the key knowingly
    change: Callable[[Tensor], Tensor] | None = None  # to the layout of our own blocks


def rename(tensors: Mapping[str, Tensor], table: Sequence[Row]) -> dict[str, Tensor]:
    """Rename keys, and turn tensors, by a table; the first row whose pattern fits decides.

    A key that no pattern fits, or two keys that become one, are a `ModelError` that names them.
    """
    renamed: dict[str, Tensor] = {}
    unknown = []
    for key, value in tensors.items():
        fits = ((re.fullmatch(row.pattern, key), row) for row in table)
        match, row = next(((m, r) for m, r in fits if m), (None, None))
        if match is None or row is None:
            unknown.append(key)
        elif row.name is not None:
            name = match.expand(row.name)
            if name in renamed:
                raise ModelError(f"checkpoint has two keys for {name}, the second is {key}")
            renamed[name] = _changed(key, value, row.change) if row.change else value
    if unknown:
        raise ModelError(f"checkpoint has {_named(unknown)} that the key map does not know")
    return renamed


def _changed(key: str, value: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    try:
        return change(value)
    except (RuntimeError, LookupError, ValueError, ArithmeticError) as error:
        raise ModelError(
            f"checkpoint has {key} of shape {list(value.shape)}, which its place in a model cannot "
            "have; fetch it again"
        ) from error


def fuse_weight_norm(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return plain weights for weight-normed ones, `g · v / ‖v‖` over all axes but the first.

    Knows the old form, `X.weight_g` and `X.weight_v`, and the parametrised one,
    `X.parametrizations.weight.original0` and `original1`; computed in double precision, fp32 at
    least. A gain that is ‖v‖ as fp32 holds it gives v, bit for bit. Other keys stay. ModelError for
    one half without the other.
    """
    fused: dict[str, Tensor] = {}
    for key, value in tensors.items():
        found = _NORMED.fullmatch(key)
        if found is None:
            fused[key] = value
            continue
        name, old, _ = found.groups()
        gain, direction = (
            (f"{name}.weight_g", f"{name}.weight_v")
            if old
            else tuple(f"{name}.parametrizations.weight.original{i}" for i in (0, 1))
        )
        if gain not in tensors or direction not in tensors:
            raise ModelError(f"checkpoint has {key} without its other half; fetch it again")
        if key == direction:
            fused[f"{name}.weight"] = _fused(key, tensors[gain], value)
    return fused


_NORMED = re.compile(r"(.+)\.(?:(weight_[gv])|(parametrizations\.weight\.original[01]))")


def _fused(key: str, gain: Tensor, direction: Tensor) -> Tensor:
    if direction.dim() < 2 or gain.numel() != len(direction):
        raise ModelError(
            f"checkpoint has {key} of shape {list(direction.shape)} beside a gain of shape "
            f"{list(gain.shape)}; fetch it again"
        )
    v = direction.double()
    norm = torch.linalg.vector_norm(v, dim=tuple(range(1, v.dim())), keepdim=True)
    factor = gain.double().reshape(norm.shape)
    weight = torch.where((factor - norm).abs() <= ROUNDING * norm, v, factor * v / norm)
    return weight.to(torch.promote_types(direction.dtype, torch.float32))


def part_weight_norm(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return gain and direction of a weight in fp32, which `fuse_weight_norm` makes this weight.

    The direction is the weight, but for rows of zeros, which have none: theirs is any, with a gain
    of zero.
    """
    axes = tuple(range(1, weight.dim()))
    gain = torch.linalg.vector_norm(weight.double(), dim=axes, keepdim=True).float()
    return gain, torch.where(gain == 0, torch.ones_like(weight).copysign(weight), weight)


def load_tensors(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy tensors into a module, in the module's own dtypes; every key and shape must fit.

    A module whose weights hold no memory (accelerate's `init_empty_weights`) gets new ones.
    """
    own = module.state_dict()
    check_fits(own, tensors)
    for key, tensor in own.items():
        if tensor.is_meta:
            _put(module, key, torch.empty_like(tensor, device="cpu"))
    module.load_state_dict(dict(tensors))


def move_tensors(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Move tensors into a module whose weights hold no memory, as copies in the module's dtypes.

    Every key and shape must fit. `tensors` is empty after it: each is let go once it is copied, so
    that a large model is not in memory twice.
    """
    own = module.state_dict()
    check_fits(own, tensors)
    for key, empty in own.items():
        _put(module, key, tensors.pop(key).to("cpu", empty.dtype, copy=True))


def check_fits(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors whose keys or shapes are not those of a model's own."""
    extra = [key for key in tensors if key not in own]
    lacking = [key for key in own if key not in tensors]
    if extra or lacking:
        raise ModelError(
            f"checkpoint has {_named(extra)} this model lacks and lacks {_named(lacking)} it needs"
        )
    for key, value in tensors.items():
        if own[key].shape != value.shape:
            raise ModelError(
                f"checkpoint has {key} of shape {list(value.shape)}; "
                f"this model needs {list(own[key].shape)}"
            )


def _put(module: nn.Module, key: str, tensor: Tensor) -> None:
    """Put a tensor in the place of a parameter or buffer.

    Not by `setattr`: what keeps a module empty takes hold there too.
    """
    path, _, name = key.rpartition(".")
    part = module.get_submodule(path)
    old = part._parameters.get(name)
    if old is None:
        part._buffers[name] = tensor
    else:
        part._parameters[name] = nn.Parameter(tensor, requires_grad=old.requires_grad)


def digest(tensors: Mapping[str, Tensor], about: str = "") -> str:
    """Return 16 hex digits that name these tensors: SHA-256 over `about` and each in order of key.

    Name, dtype, shape and bytes count, so the order of a file and the device do not.
    """
    total = hashlib.sha256(about.encode())
    for key in sorted(tensors):
        value = tensors[key].detach().cpu().contiguous()
        total.update(f"\n{key} {value.dtype} {list(value.shape)}\n".encode())
        total.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()[:16]


def _named(keys: Iterable[str]) -> str:
    keys = list(keys)
    if not keys:
        return "no key"
    shown = ", ".join(keys[:SHOWN]) + (", …" if len(keys) > SHOWN else "")
    return f"{len(keys)} key{'s' if len(keys) > 1 else ''} ({shown})"
