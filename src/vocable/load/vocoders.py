"""Vocoders of units: in our own layout, and in checkpoints of others, read at each load."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from vocable.codecs.keys import own
from vocable.codecs.keys.checkpoint import Checkpoint, Recognised, open_checkpoint
from vocable.codecs.keys.description import Description
from vocable.errors import ModelError, VocableError
from vocable.fitting import fit
from vocable.load.hearing import Hearing
from vocable.load.kind import Rows, Wanted, ours, theirs
from vocable.load.saving import stored

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from vocable.conditions import Embeds
    from vocable.unit_vocoder import UnitVocoder
    from vocable.units.vocoder.codec import UnitCodec
    from vocable.units.vocoder.hifigan import UnitHifiGan
    from vocable.units.vocoder.vocoder import Vocoder

ARCHITECTURE = "unit-hifigan"
Known = tuple[Checkpoint, Recognised]


@dataclass(frozen=True)
class VocoderDescription:
    """What a checkpoint of others says of a vocoder: whose layout it has, and its sizes.

    rate: Hz that it writes. frame: samples that a frame becomes. speakers, languages: how many it
    has; 0: one. durations: whether it foretells them.
    """

    kind: ClassVar[str] = "vocoder"
    name: str
    path: Path
    layout: str
    units: int
    rate: int
    frame: int
    speakers: int
    languages: int
    durations: bool

    @property
    def facts(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self) | {"path": str(self.path)}

    @property
    def rows(self) -> Rows:
        """All of it as lines."""
        return [
            ("vocoder", f"of {self.units} units, {self.layout} layout"),
            ("frames", f"{self.rate / self.frame:g}/s, to {self.rate} Hz"),
            ("speakers", str(self.speakers or "one, or vectors")),
            ("languages", str(self.languages or "one")),
            ("durations", "foretold" if self.durations else "not foretold"),
        ]


def is_vocoder(description: Any) -> bool:
    """Return whether a model in our own layout is a vocoder."""
    return isinstance(description, Description) and description.architecture == ARCHITECTURE


def recognise_vocoder(weights: Path) -> Known | None:
    """Return what a checkpoint of others is read by, or None if it holds no vocoder of units."""
    from vocable.units.vocoder import keys

    checkpoint = open_checkpoint(weights)
    try:
        found = keys.recognise(checkpoint)
    except ModelError as error:
        raise ModelError(f"{checkpoint.path}: {error}") from error
    return (checkpoint, found) if found else None


def describe_vocoder(known: Known) -> VocoderDescription:
    """Return what a checkpoint of others says of its vocoder; its weights are not read."""
    from vocable.units.vocoder.hifigan import UnitHifiGanConfig

    checkpoint, found = known
    config = fit(UnitHifiGanConfig, found.config, str(checkpoint.path), ModelError)
    return VocoderDescription(
        found.name, checkpoint.path, found.layout, config.units, config.rate, config.frame,
        config.speakers, config.languages, config.durations is not None,
    )  # fmt: skip


def read_vocoder(known: Known, device: str | torch.device | None = None) -> Vocoder:
    """Return the vocoder in a checkpoint of others, which names no units; see `Vocoder.bound`."""
    from vocable.units.vocoder import keys
    from vocable.units.vocoder.vocoder import Vocoder

    checkpoint, found = known
    try:
        network = _network(found.config, keys.read(checkpoint, found))
    except (VocableError, RuntimeError, LookupError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ModelError(
            f"{checkpoint.path} looks like {found.name} ({found.layout} layout): {reason}"
        ) from error
    return Vocoder(network.to(device or "cpu"), name=found.name)


def open_vocoder(
    description: Description,
    open_embedding: Callable[[str], Embeds],
    device: str | torch.device | None = None,
) -> Vocoder:
    """Return a vocoder in our own layout, bound to the units that it was made for.

    open_embedding: opens what hears voices, by its name.
    """
    from vocable import weights
    from vocable.units.vocoder.vocoder import Vocoder

    network = _network(description.config, weights.restored(own.read(description)))
    name = f"{description.name}@{description.version}"
    space = network.config.embedding
    return Vocoder(
        network.to(device or "cpu"), description.spec, name=name,
        speakers=description.facts.get("speakers", ()), licence=description.licence,
        hears=Hearing(name, space, open_embedding) if space else None,
    )  # fmt: skip


def with_vocoder(name: str | os.PathLike[str], tokenizer: Any, vocoder: UnitVocoder) -> UnitCodec:
    """Return a tokenizer of units as a codec by its vocoder; ModelError for another model."""
    from vocable.codecs import Codec, Tokenizer
    from vocable.units import UnitTokenizer
    from vocable.units.vocoder.codec import UnitCodec

    if not isinstance(tokenizer, Tokenizer | UnitTokenizer) or isinstance(tokenizer, Codec):
        raise ModelError(f"{name} is not a tokenizer of units; vocoder= is for these alone")
    return UnitCodec(tokenizer, vocoder)


def save_vocoder(
    vocoder: Vocoder, folder: str | os.PathLike[str], name: str, *, version: str = "1",
    card: str = "", facts: Mapping[str, Any] | None = None, dtype: torch.dtype | None = None,
) -> str:  # fmt: skip
    """Write a vocoder to a folder that `load` reads; return its name.

    dtype: what the file holds weights in, fp16 by default. facts: more entries for config.json, as
    licence and training. Files that are there are replaced, the description last. ModelError for a
    vocoder that names no units, and for weights that are not finite.
    """
    import torch

    spec = vocoder.spec
    stated = {
        "name": name,
        "version": version,
        "architecture": ARCHITECTURE,
        "config": asdict(vocoder.network.config),
        "space": spec.space,
        "spec": replace(spec, out_rate=None).to_dict(),
        "speakers": list(vocoder.speakers),
    }
    licence = {"licence": vocoder.licence} if vocoder.licence else {}
    made = stored(vocoder.network, dtype or torch.float16, stated, {**licence, **(facts or {})})
    made.write(Path(folder), card)
    return f"{name}@{version}"


def _network(config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> UnitHifiGan:
    from vocable import weights
    from vocable.nn.settings import plain_settings, without_memory
    from vocable.units.vocoder.hifigan import UnitHifiGan, UnitHifiGanConfig

    values = fit(UnitHifiGanConfig, config, "config", ModelError, "config.")
    with without_memory():
        network = UnitHifiGan(values)
    with plain_settings():
        weights.check_finite(tensors, "fetch it again")
        weights.load_tensors(network, tensors)
    return network.eval().requires_grad_(False)


def _device(wanted: Wanted) -> str | torch.device | None:
    """Return where a vocoder is wanted; ModelError for a dtype that cannot be."""
    if wanted.dtype is not None and str(wanted.dtype) != "torch.float32":
        raise ModelError(f"a vocoder computes in torch.float32; leave {wanted.dtype} out")
    return wanted.device


def _rows(description: Description) -> Rows:
    return [("speakers", ", ".join(description.facts.get("speakers", ())) or "numbers, or one")]


KINDS = (
    ours(
        (ARCHITECTURE,),
        lambda description, wanted: open_vocoder(description, wanted.embedding_of, _device(wanted)),
        rows=_rows,
        does="decodes units and encodes nothing",
        instead="give it beside their tokenizer, vocable.load(…, vocoder=…)",
    ),
    theirs(
        recognise_vocoder,
        lambda known, wanted: read_vocoder(known, _device(wanted)),
        describe_vocoder,
    ),
)
