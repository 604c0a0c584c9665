"""Make of the options of `vocable evaluate codec` what is to be judged."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import CodecCache, open_codec
from vocable.errors import MeasureError, TokenError
from vocable.evaluate.systems import System, codec_systems
from vocable.evaluate.systems.anchors import anchors
from vocable.evaluate.systems.controls import controls
from vocable.evaluate.systems.external import External
from vocable.evaluate.systems.named_files import DecodedFiles, TokenFiles

if TYPE_CHECKING:
    from vocable.codecs import Codec
    from vocable.tokens import TokenSpec


@dataclass(frozen=True)
class Options:
    """The options that name systems."""

    codecs: tuple[str, ...]
    levels: str | None
    anchors: bool
    external: tuple[str, ...]
    tokens: tuple[str, ...]
    decoded: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """The systems of a call: controls, codecs, anchors, and what vocable did not make.

    missing   what would have to be installed for other anchors, one line each
    """

    codecs: Sequence[System]
    others: Sequence[System]
    anchors: Mapping[bool, Sequence[System]]
    missing: Sequence[str]

    def __call__(self, speech: bool) -> Sequence[System]:
        """Return those for speech, or for other sound."""
        return [*controls(), *self.codecs, *self.others, *self.anchors[speech]]


def systems_of(options: Options) -> Chosen:
    """Return what is to be judged; Refusal for what cannot be opened."""
    found = {name: open_codec(name, None, None) for name in options.codecs}
    specs = {name: codec.spec for name, codec in found.items()}
    codecs = [each for name in found for each in _levels(name, found, options.levels)]
    try:
        others = _others(options, specs)
    except MeasureError as error:
        raise Refusal(message_of(error)) from error
    known = {speech: anchors(speech) if options.anchors else ([], []) for speech in (True, False)}
    missing = list(dict.fromkeys(line for _, lines in known.values() for line in lines))
    return Chosen(codecs, others, {speech: some for speech, (some, _) in known.items()}, missing)


def _levels(name: str, codecs: Mapping[str, Codec], levels: str | None) -> Sequence[System]:
    """Return a codec at the numbers of levels that are asked for."""
    codec = codecs[name]
    alike = sum(other.name == codec.name for other in codecs.values()) > 1
    label = os.path.basename(os.path.normpath(name)) if alike else ""
    numbers = _numbers(levels, codec.spec)
    try:
        return codec_systems(opened, (name,), codec.spec, numbers, _weights(codec), label)
    except TokenError as error:
        raise Refusal(f"--levels: {name}: {message_of(error)}") from error


def _weights(codec: Codec) -> str:
    """Return the hash of all weights and the config: a space does not know the decoder."""
    from vocable.weights import digest

    return digest(codec.model.state_dict(), repr(codec.model.config))


def _numbers(levels: str | None, spec: TokenSpec) -> Sequence[int] | None:
    if levels is None:
        return None
    if levels == "all":
        return spec.prefixes
    try:
        return [int(each) for each in levels.split(",")]
    except ValueError as error:
        raise Refusal(f'--levels is "all" or numbers, as in 1,4,8; got "{levels}"') from error


def _others(options: Options, specs: Mapping[str, TokenSpec]) -> list[System]:
    decoder = partial(decoder_of, {spec.space: name for name, spec in specs.items()})
    return [
        *(External.of(each) for each in options.external),
        *(TokenFiles.at(*_named("--tokens", each), decoder) for each in options.tokens),
        *(DecodedFiles.at(*_named("--decoded", each)) for each in options.decoded),
    ]


def _named(option: str, given: str) -> tuple[str, str]:
    name, equals, folder = given.partition("=")
    if not (name and equals and folder):
        raise Refusal(f'{option} is NAME=FOLDER, got "{given}"')
    return name, folder


# ---- called in the processes that judge ----------------------------------------------------------


def opened(name: str) -> Codec:
    """Open a codec."""
    from vocable.load import load_codec

    return load_codec(name)


def decoder_of(names: Mapping[str, str], spec: TokenSpec) -> Codec:
    """Open the codec of tokens: one of those that are judged, by space, or one of the package."""
    if spec.space in names:
        return opened(names[spec.space])
    return CodecCache(None, None, None).for_spec(spec)
