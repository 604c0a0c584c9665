"""Language models in checkpoints of others: recognised, and read into ours at each load.

Nothing is kept of them: tensors are renamed and joined, and computed from nothing. Beside the
weights may lie a tokenizer of text, and among them the codec whose tokens the model models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from vocable.codecs.keys.checkpoint import Checkpoint, open_checkpoint
from vocable.errors import ModelError, VocableError
from vocable.load.entries import check_entry
from vocable.load.kind import Kind, Place, Rows, Wanted

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from vocable.codecs import Codec
    from vocable.codecs.published import Entry
    from vocable.language.abilities import Abilities
    from vocable.language.generator import Generator
    from vocable.language.keys import Layout, Recognised


class KnownLanguage(NamedTuple):
    """A checkpoint, the module that reads it, and what it turned out to be."""

    checkpoint: Checkpoint
    layout: Layout
    found: Recognised


@dataclass(frozen=True)
class LanguageDescription:
    """What a checkpoint says of a language model. layout: whose keys it has."""

    kind: ClassVar[str] = "language model"
    name: str
    path: Path
    architecture: str
    layout: str
    abilities: Abilities
    licence: str

    @property
    def facts(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {**asdict(self), "path": str(self.path)}

    @property
    def rows(self) -> Rows:
        """All of it as lines."""
        what = f"of language, {self.architecture}, {self.layout} layout"
        rows = [("model", what), *self.abilities.rows]
        return rows + ([("licence", self.licence)] if self.licence else [])


def recognise_language(weights: Path) -> KnownLanguage | None:
    """Return what a checkpoint is read by, or None if no language model's layout knows it."""
    from vocable.language.registry import layouts

    checkpoint = open_checkpoint(weights)
    for layout in layouts():
        try:
            found = layout.recognise(checkpoint.shapes, checkpoint.config)
        except ModelError as error:
            raise ModelError(f"{checkpoint.path}: {error}") from error
        if found:
            return KnownLanguage(checkpoint, layout, found)
    return None


def describe_language(known: KnownLanguage, licence: str = "") -> LanguageDescription:
    """Return what a checkpoint says of its model, whose weights are not read."""
    from vocable.language.registry import abilities

    path, found = known.checkpoint.path, known.found
    with _refusing(known):
        able = abilities(found)
    return LanguageDescription(found.name, path, found.architecture, found.layout, able, licence)


def read_language(
    known: KnownLanguage,
    licence: str = "",
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    weights: torch.dtype | None = None,
) -> Generator:
    """Return the model in a checkpoint, with the codec that lies inside.

    dtype: what it computes in; None: as it is stored. weights: see `Generator.pack`.
    ModelError where keys or shapes do not fit.
    """
    import torch

    from vocable.language import registry
    from vocable.nn.settings import plain_settings

    if dtype not in (None, torch.float32, torch.bfloat16, torch.float16):
        raise ModelError(
            f"dtype is {dtype}; a language model computes in torch.float32, torch.bfloat16 or "
            "torch.float16"
        )
    with plain_settings(), torch.random.fork_rng(devices=[]):
        tensors, inside = _split(known)
        with _refusing(known):
            network = registry.build(known.found, known.layout.read(tensors, known.found))
        tensors.clear()
        network.to(device or "cpu", dtype)
        folder = known.checkpoint.path.parent
        made = registry.generator(known.found, network, folder, licence)
        if weights is not None:
            made.pack(weights)
        if inside:
            made.attach(_codec_inside(known, inside, device))
    return made


def fetch_beside(name: str, known: KnownLanguage) -> None:
    """Fetch the small files of a model of the hub that its family has beside the weights."""
    from vocable import hub
    from vocable.language import registry

    repository, _, revision = name.partition("@")
    for file in registry.files_beside(known.found):
        with suppress(hub.NoFile, hub.Unreachable):
            hub.fetch(repository, file, revision or None)


def _split(known: KnownLanguage) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the tensors of the language model, and those of the codec without their prefix."""
    from vocable.codecs.keys.stored import tensors_of

    prefix = known.found.inside
    tensors, inside = tensors_of(known.checkpoint.path), {}
    if prefix is not None:
        for key in [key for key in tensors if key.startswith(prefix)]:
            inside[key.removeprefix(prefix)] = tensors.pop(key)
    return tensors, inside


@dataclass(frozen=True)
class _Inside(Checkpoint):
    """A checkpoint that lies in another."""

    held: Mapping[str, Tensor] = field(default_factory=dict)

    def tensors(self, below: str = "") -> dict[str, Tensor]:
        """Return its tensors whose keys begin so; floats as fp32."""
        held = {key: value for key, value in self.held.items() if key.startswith(below)}
        return {k: v.float() if v.is_floating_point() else v for k, v in held.items()}


def _codec_inside(
    known: KnownLanguage, held: Mapping[str, Tensor], device: str | torch.device | None
) -> Codec:
    from vocable.codecs import Codec, CodecModel
    from vocable.codecs.identity import stored_digest
    from vocable.load.converting import convert, recognise

    shapes = {key: tuple(value.shape) for key, value in held.items()}
    config = known.found.codec or {}
    checkpoint = _Inside(known.checkpoint.path, shapes, config, held=held)
    layout, found = recognise(checkpoint)
    model = convert(layout, checkpoint, found)
    assert isinstance(model, CodecModel), "language models model tokens that decode"
    model.space = f"{found.name}@1:{stored_digest(model)}"
    return Codec(model.to(device or "cpu").eval().requires_grad_(False))


@contextmanager
def _refusing(known: KnownLanguage) -> Iterator[None]:
    """Say in one line which checkpoint it is that makes no model."""
    try:
        yield
    except (VocableError, RuntimeError, LookupError, ValueError, TypeError) as error:
        found, path = known.found, known.checkpoint.path
        reason = str(error).partition("\n")[0].rstrip(".")
        if reason.startswith(str(path)):
            raise
        raise ModelError(
            f"{path} looks like {found.name} ({found.layout} layout): {reason}"
        ) from error


class _Located(NamedTuple):
    """A checkpoint, its entry if it is published, and its name on the hub if it was fetched."""

    known: KnownLanguage
    entry: Entry | None
    fetched: str


def _recognise(place: Place) -> _Located | None:
    source = place.theirs
    if source is None or (known := recognise_language(source.weights)) is None:
        return None
    return _Located(known, source.entry, str(place.name) if source.hashes else "")


def _open(located: _Located, wanted: Wanted) -> Generator:
    known, entry, fetched = located
    licence = check_entry(known.found, entry)
    if fetched:
        fetch_beside(fetched, known)
    return read_language(known, licence, wanted.device, wanted.dtype, wanted.weights)


def _describe(located: _Located) -> LanguageDescription:
    known, entry, _ = located
    return describe_language(known, check_entry(known.found, entry))


KIND = Kind(_recognise, _open, _describe)
