"""Checkpoints of others: recognised, converted in memory, and kept in our own layout.

What is kept lies in `converted/KEY` of `hub.cache_folder()`. KEY is the SHA-256 of the source files
and of the version of all layouts, so a file that changes, or a map of keys that does, is converted
anew; the description names the source. Without a place to keep it, it is converted at every load.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vocable.codecs.keys import VERSION, families, layouts, own
from vocable.codecs.keys.checkpoint import (
    PARTS,
    YAML,
    Checkpoint,
    Layout,
    Recognised,
    holds_checkpoint,
    open_checkpoint,
    weights_in,
)
from vocable.codecs.keys.config import CONFIG
from vocable.codecs.keys.description import Description
from vocable.codecs.keys.stored import files_of
from vocable.codecs.registry import build_for
from vocable.errors import ModelError, VocableError
from vocable.hub import cache_folder, file_hash
from vocable.load.found import Found
from vocable.load.saving import Stored, stored_form
from vocable.nearest import listed
from vocable.units.keys import families as encoder_families
from vocable.units.keys import layouts as encoders

if TYPE_CHECKING:
    from torch import Tensor

    from vocable.codecs import TokenizerModel

_SHOWN = 4  # keys of a checkpoint that nobody knows
# what torch raises for tensors of shapes that a layout does not expect
_OF_TENSORS = (RuntimeError, LookupError, ValueError, ArithmeticError, TypeError)
_log = logging.getLogger("vocable")


def source_hashes(weights: Path, known: Mapping[Path, str]) -> dict[str, str]:
    """Return the SHA-256 of the files that say what a model is, by name; some may be known."""
    return {
        file.relative_to(weights.parent).as_posix(): known.get(file) or file_hash(file)
        for file in _sources(weights)
    }


def open_converted(weights: Path, sources: Mapping[str, str]) -> Found:
    """Return the model in somebody else's checkpoint, converted to ours.

    Its space is born at the first conversion and kept with it. sources: what `source_hashes` says.
    Raises ModelError for a checkpoint that is damaged, that no layout knows, or that has not what
    its family needs.
    """
    folder = cache_folder() / "converted" / _key(sources)
    if kept := _kept(folder, weights, sources):
        return Found(kept, lambda: _read(kept, weights, sources))
    stored, tensors = _convert(weights, sources)
    description = _keep(stored, folder, weights)
    return Found(description, lambda: tensors)


def recognise(checkpoint: Checkpoint) -> tuple[Layout, Recognised]:
    """Return the layout that knows a checkpoint, and what it says; ModelError if none does."""
    from vocable.codecs.keys.vocos import holds_vocos
    from vocable.language.registry import families as language_families
    from vocable.language.registry import layouts as languages
    from vocable.units.vocoder import keys as vocoder_keys

    for layout in layouts():
        try:
            found = layout.recognise(checkpoint)
        except ModelError as error:
            if str(checkpoint.path) in str(error):
                raise
            raise ModelError(f"{checkpoint.path}: {error}") from error
        if found:
            return layout, found
    config = checkpoint.config
    if vocoder := vocoder_keys.recognise(checkpoint):
        raise ModelError(
            f"{checkpoint.path} is {vocoder.name}, a vocoder of units, which encodes nothing; give "
            "it beside their tokenizer, vocable.load(…, vocoder=…)"
        )
    if holds_vocos(checkpoint.shapes):
        raise ModelError(
            f"{checkpoint.path} is Vocos, which encodes nothing; it decodes EnCodec's tokens: give "
            "it beside that codec, vocable.load(…, vocoder=…)"
        )
    if encoder := next(
        (found for each in encoders() if (found := each.recognise(checkpoint))), None
    ):
        raise ModelError(
            f"{checkpoint.path} is {encoder.name}, an encoder of features, which has no tokens of "
            "its own; take vocable.load(…).features"
        )
    if language := next(
        (what for each in languages() if (what := each.recognise(checkpoint.shapes, config))),
        None,
    ):
        raise ModelError(
            f"{checkpoint.path} is {language.name}, a language model; take vocable.load(…).codec "
            "for the codec of its tokens"
        )
    keys = listed(sorted(checkpoint.shapes), _SHOWN)
    known = [*families(), *encoder_families(), *language_families()]
    raise ModelError(
        f"{checkpoint.path} is a checkpoint of a family that vocable does not know: it has {keys}; "
        f"known: {', '.join(known)}"
    )


def convert(layout: Layout, checkpoint: Checkpoint, recognised: Recognised) -> TokenizerModel:
    """Return the model of a checkpoint, in fp32, without learning aids; it carries no space yet."""
    import torch

    from vocable import weights
    from vocable.nn.settings import plain_settings

    with plain_settings(), torch.random.fork_rng(devices=[]):
        try:
            tensors = layout.read(checkpoint, recognised)
            model = build_for(recognised.architecture, recognised.config, tensors)
            model.quantizer.drop_learning()
            weights.check_finite(tensors, "fetch it again")
            weights.load_tensors(model, tensors)
        except (VocableError, *_OF_TENSORS) as error:
            raise ModelError(
                f"{checkpoint.path} looks like {recognised.name} ({recognised.layout} layout): "
                f"{_reason(error)}"
            ) from error
        return model


def _reason(error: Exception) -> str:
    if isinstance(error, VocableError):
        return str(error)
    first = str(error).partition("\n")[0].rstrip(".")
    return f"its tensors do not fit one another ({first}); fetch it again"


def _convert(weights: Path, sources: Mapping[str, str]) -> tuple[Stored, Mapping[str, Tensor]]:
    from vocable.codecs.identity import stored_digest

    checkpoint = open_checkpoint(weights)
    layout, recognised = recognise(checkpoint)
    model = convert(layout, checkpoint, recognised)
    name, version = recognised.name, "1"
    space = f"{name}@{version}:{stored_digest(model)}"
    about = {"layout": recognised.layout, "sha256": dict(sources)}
    return stored_form(model, space, name, version, {"source": about}), model.state_dict()


def _sources(weights: Path) -> list[Path]:
    """Return the files that say what a model is: weights, their index, its config, its parts."""
    folder = weights.parent
    files = {*files_of(weights), weights, folder / CONFIG, folder / YAML}
    for name in PARTS:
        if holds_checkpoint(folder / name):
            files |= {*_sources(weights_in(folder / name))}
    return sorted(file for file in files if file.is_file())


def _key(sources: Mapping[str, str]) -> str:
    text = json.dumps([VERSION, sorted(sources.values())])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _kept(folder: Path, weights: Path, sources: Mapping[str, str]) -> Description | None:
    """Return what was kept of these files, under whatever names they were then."""
    try:
        kept = own.recognise(folder)
        if kept is None or _hashes_in(kept) == sorted(sources.values()):
            return kept
    except (ModelError, OSError):
        pass
    _warn_of_damage(folder, weights)
    return None


def _hashes_in(kept: Description) -> list[str]:
    try:
        return sorted(kept.facts["source"]["sha256"].values())
    except (LookupError, TypeError, AttributeError):
        return []


def _read(kept: Description, weights: Path, sources: Mapping[str, str]) -> Mapping[str, Tensor]:
    """Return the tensors that were kept; convert anew if they are damaged."""
    try:
        return own.read(kept)
    except (ModelError, OSError):
        _warn_of_damage(kept.folder, weights)
    stored, tensors = _convert(weights, sources)
    _keep(stored, kept.folder, weights)
    return tensors


def _warn_of_damage(folder: Path, weights: Path) -> None:
    _log.warning(
        "the converted copy of %s in %s is damaged or unreadable; it is made anew", weights, folder
    )


def _keep(stored: Stored, folder: Path, weights: Path) -> Description:
    """Write what was converted; where that cannot be, say so and go on without."""
    try:
        stored.write(folder)
        return Description(folder, stored.facts)
    except FileExistsError:  # another process is writing the same
        _log.info("%s is being converted by another process as well", weights)
    except OSError as error:
        why = error.strerror or str(error)
        _log.warning(
            "the converted %s cannot be kept in %s (%s); it is converted at every load, unless "
            "VOCABLE_CACHE names a folder that can be written to", weights, folder.parent, why,
        )  # fmt: skip
    return Description(weights.parent, stored.facts)
