"""Write the checkpoint of a codec in another layout: ours, transformers' or its own package's.

The steps that read a layout (`codecs/keys/steps.py`) lead back to it as well. Of two layouts of
others only the steps that they do not share are taken, so that what both keep and ours has not
(halves of weight norm, statistics of codebooks, half precision) goes over as it is. What was
written is read again before it gets its name: it must be the same model, bit for bit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocable.atomic import new_folder
from vocable.codecs.keys import layout_of, own
from vocable.codecs.keys.checkpoint import Checkpoint, holds_checkpoint, open_checkpoint
from vocable.codecs.keys.description import Description
from vocable.codecs.registry import architecture, outline
from vocable.errors import ModelError
from vocable.fitting import fit
from vocable.load.converting import recognise
from vocable.load.finding import found_in, locate
from vocable.load.found import Found
from vocable.load.saving import Stored
from vocable.nearest import listed

if TYPE_CHECKING:
    from torch import Tensor, nn

    from vocable.codecs.keys.form import Form
    from vocable.codecs.keys.steps import Step

OWN = "vocable"  # our own layout
_OF_TRAINING = ("dropout", "scale")  # values of configs that matter to training alone


@dataclass(frozen=True)
class Rewritten:
    """What was written: the files with their bytes, and the layouts it went from and to."""

    folder: Path
    name: str
    was: str
    layout: str
    files: dict[str, int]


def convert_checkpoint(
    source: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    to: str = OWN,
    overwrite: bool = False,
) -> Rewritten:
    """Write a codec's checkpoint into a new folder in another layout, with its config.

    source: what `load` takes, a name, a folder or a file. to: "vocable", "transformers", or the
    name of the codec's own package; docs/published.md says which a family has, and what each keeps.
    Read again, it is the same model: names, tensors, codes and sound. overwrite: replace a folder
    that holds a checkpoint. Raises ModelError for a layout that it is in already or that the family
    does not have, for what that layout cannot say, and for what `load` refuses; FileExistsError for
    a folder that is there. Nothing is left half-written, and nothing in the source's files is run.
    """
    target = Path(folder)
    where = locate(source)
    _check_target(target, where.folder if isinstance(where, Description) else where.weights.parent)
    _check_free(target, overwrite=overwrite)
    came = None if isinstance(where, Description) else open_checkpoint(where.weights)
    was = OWN if came is None else recognise(came)[1].layout
    found = found_in(where)
    about = found.description
    forms = _forms(about.architecture)
    _check_layout(about, was, to, [OWN, *(name for name, form in forms.items() if form.files)])
    with new_folder(target, overwrite=overwrite) as fresh:
        if to == OWN:
            _write_own(found, fresh)
        else:
            _write(found, forms[to], fresh, came, forms.get(was) if came else None)
            (_check_same if forms[to].whole else _check_part)(found, fresh, to, forms[to])
        written = sorted(path for path in fresh.rglob("*") if path.is_file())
        files = {path.relative_to(fresh).as_posix(): path.stat().st_size for path in written}
    return Rewritten(target, about.name, was, to, files)


# ---- what is refused ----------------------------------------------------------------------------


def _check_target(target: Path, source: Path) -> None:
    if target.resolve() == source.resolve():
        raise ModelError(f"{target} is where the checkpoint lies itself; name another folder")
    if not target.resolve().parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no folder {target.parent}; make it first")


def _check_free(target: Path, *, overwrite: bool) -> None:
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise FileExistsError(
            f"{target} exists; take another name, or overwrite=True (--force) to replace it"
        )
    if not (target.is_dir() and (own.recognise(target) or holds_checkpoint(target))):
        raise FileExistsError(f"{target} is not a folder with a checkpoint; take another name")


def _forms(architecture: str) -> Mapping[str, Form]:
    """Return the layouts of others that a model's family is written in, and most it is read in."""
    forms: Mapping[str, Form] = getattr(layout_of(architecture), "FORMS", {})
    return forms


def _check_layout(about: Description, was: str, to: str, known: Sequence[str]) -> None:
    others = [name for name in known if name != was]
    if not others:
        raise ModelError(
            f"{about.name} is of the architecture {about.architecture}, which only vocable's own "
            "layout holds"
        )
    if to == was:
        raise ModelError(f"{about.name} is in the layout {to} already; others: {listed(others)}")
    if to not in known:
        raise ModelError(f"{about.name} is not written in a layout {to}; others: {listed(others)}")


# ---- what is written ----------------------------------------------------------------------------


def _write_own(found: Found, folder: Path) -> None:
    from vocable import weights

    data = weights.serialised(found.read())
    facts = {**found.description.facts, "sha256": hashlib.sha256(data).hexdigest()}
    Stored(facts, data).write(folder)


def _write(
    found: Found, form: Form, folder: Path, came: Checkpoint | None, was: Form | None
) -> None:
    """Write a model's files; came: somebody else's checkpoint that it was, in the layout `was`."""
    from vocable.codecs.keys import steps
    from vocable.codecs.keys.form import write_file
    from vocable.codecs.keys.stored import tensors_of

    about = found.description
    model, config = (
        outline(about.architecture, about.config),
        _values(about.architecture, about.config),
    )
    way = form.steps(config)
    tensors = steps.write(way, _in_fp32(found.read()), model)
    if came and was:
        kept = _not_through_ours(was.steps(config), way, tensors_of(came.path), model)
        tensors |= {key: value for key, value in kept.items() if key in tensors}
    assert form.files is not None, "a layout that is read only was not refused"
    for name, held in form.files(tensors, config).items():
        write_file(folder / name, held)


def _in_fp32(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}


def _not_through_ours(
    was: Sequence[Step], way: Sequence[Step], tensors: Mapping[str, Tensor], model: nn.Module
) -> dict[str, Tensor]:
    """Return the tensors of one layout in another without the steps that both share."""
    from vocable.codecs.keys import steps

    shared = 0
    while shared < min(len(was), len(way)) and was[-1 - shared] == way[-1 - shared]:
        shared += 1
    if not shared:
        return {}
    between = steps.read(was[: len(was) - shared], tensors)
    return steps.write(way[: len(way) - shared], between, model)


def _check_part(found: Found, folder: Path, layout: str, form: Form) -> None:
    """Read what was written of a part; ModelError where it is another part."""
    from vocable.codecs.keys import steps

    config = _values(found.description.architecture, found.description.config)
    _check_equal(found, layout, steps.read(form.steps(config), open_checkpoint(folder).tensors()))


def _check_same(found: Found, folder: Path, layout: str, form: Form) -> None:
    """Read what was written; ModelError where it is another model."""
    from vocable import weights

    about, checkpoint = found.description, open_checkpoint(folder)
    module, recognised = recognise(checkpoint)
    config = _values(recognised.architecture, recognised.config)
    for key, value in _values(about.architecture, about.config).items():
        stated = config.get(key)
        if stated != value and key not in _OF_TRAINING and not _any_prefix(key, value):
            raise ModelError(f"{about.name}: its {key} {value} cannot be said in {layout} files")
    tensors = module.read(checkpoint, recognised)
    weights.check_fits(found.read(), tensors)
    _check_equal(found, layout, tensors)


def _check_equal(found: Found, layout: str, tensors: Mapping[str, Tensor]) -> None:
    own_tensors = _in_fp32(found.read())
    unequal = [key for key in tensors if not _same_bits(tensors[key], own_tensors[key])]
    if unequal:
        raise ModelError(
            f"{found.description.name}: {listed(unequal, 3)} would not be the same in {layout} "
            "files"
        )


def _values(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return all values of an architecture's config, defaults included."""
    return asdict(fit(architecture(name).config, config, "config", ModelError, "config."))


def _any_prefix(key: str, value: Any) -> bool:
    """Say whether a value is that of a model whose every number of levels decodes."""
    return key == "prefixes" and not value


def _same_bits(one: Tensor, other: Tensor) -> bool:
    import torch

    if one.dtype != other.dtype:
        return False
    pair = (value.contiguous().reshape(-1).view(torch.uint8) for value in (one, other))
    return torch.equal(*pair)
