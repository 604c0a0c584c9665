"""Open what `vocable evaluate likelihood` asks: models, n-grams beside them, what encodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import open_bundle, open_tokenizer, set_up
from vocable.errors import ModelError, TokenError

if TYPE_CHECKING:
    from vocable.audio import Audio
    from vocable.evaluate.likelihood import Likely, System
    from vocable.language.lessons import Asked
    from vocable.language.likelihood import NetworkLikelihood, NGramLikelihood
    from vocable.tokens import AudioTokens, TokenSpec

STAGES = ("semantic", "coarse")  # of AudioLM: the fine one says little of what pairs ask


@dataclass(frozen=True)
class Opened:
    """Systems, and what encodes for them: a tokenizer for each space."""

    systems: list[System]
    tokenizers: Mapping[str, Any]

    def encode(self, audio: Audio) -> dict[str, AudioTokens]:
        """Return the tokens of a recording by their space; channels are mixed."""
        mixed = audio.mono()
        return {space: each.encode(mixed) for space, each in self.tokenizers.items()}


@dataclass(frozen=True, eq=False)
class _OfSpaces:
    """A likelihood of tracks, which takes tokens by their space."""

    likelihood: NetworkLikelihood | NGramLikelihood

    def __call__(self, tokens: Mapping[str, AudioTokens]) -> Likely:
        reads = self.likelihood.reads
        return self.likelihood({track: tokens[spec.space] for track, spec in reads.items()})


def open_systems(
    names: Sequence[str], ngrams: str | None, codec: str | None, device: str | None,
    threads: int | None,
) -> Opened:  # fmt: skip
    """Return models as systems, with n-grams of what they are asked for; Refusal for others."""
    set_up(device, threads)
    from vocable.evaluate.likelihood import System

    wholes = [whole for name in names for whole in _wholes(name, device)]
    for part in (part for _, parts in wholes for part in parts):
        _check(part)
    specs = {
        spec.space: spec for _, parts in wholes for part in parts for spec in part.reads.values()
    }
    opened = {part: _OfSpaces(part) for _, parts in wholes for part in parts}
    systems = [System(name, tuple(opened[part] for part in parts)) for name, parts in wholes]
    if ngrams is not None:
        parts = list(dict.fromkeys(opened))
        systems += [System(name, (_OfSpaces(each),)) for name, each in _counted(ngrams, parts)]
    return Opened(systems, _tokenizers(specs, codec, device, threads))


def _wholes(name: str, device: str | None) -> list[tuple[str, tuple[NetworkLikelihood, ...]]]:
    """Return what a model is asked as, by its name: one network, or stages and both together."""
    import vocable
    from vocable.language.audiolm import AudioLM
    from vocable.language.home import HomeGenerator
    from vocable.language.likelihood import NetworkLikelihood, Reads

    try:
        found = vocable.load(name, device=device)
    except (ModelError, OSError) as error:
        raise Refusal(message_of(error)) from error
    if isinstance(found, AudioLM):
        stages = [
            NetworkLikelihood(f"{name} {stage}", found.stages[stage].network) for stage in STAGES
        ]
        return [*((each.name, (each,)) for each in stages), (f"{name} both", tuple(stages))]
    if not isinstance(found, HomeGenerator) or not isinstance(found.network, Reads):
        raise Refusal(
            f"{name} does not say how likely a recording is by itself; give models of frames, "
            "AudioLM's stages or SoundStorm, trained at home"
        )
    return [(name, (NetworkLikelihood(name, found.network),))]


def _check(part: NetworkLikelihood) -> None:
    """Refuse what pairs, of one channel and nothing beside, cannot be judged by."""
    if (streams := part.network.asked.streams) > 1:
        raise Refusal(f"{part.name} models {streams} streams, and pairs have one; give one of one")
    if any(spec.whole for spec in part.reads.values()):
        raise Refusal(
            f"{part.name} reads what its sound is to be like, which pairs do not say; give a model "
            "without a condition"
        )


def _counted(folder: str, parts: Sequence[NetworkLikelihood]) -> list[tuple[str, NGramLikelihood]]:
    """Return n-grams of each order of what networks are asked for, counted in a set of tokens."""
    from vocable.language.likelihood import NGramLikelihood
    from vocable.language.ngrams import ORDERS
    from vocable.tokens.sets import TokenSet
    from vocable.train.language.held_out import count_ngrams

    tokens = TokenSet(folder)
    train = tokens.of_split("train")
    found: dict[str, NGramLikelihood] = {}
    for part in parts:
        asked = part.network.asked
        spec = part.reads[asked.track]
        if asked.track not in tokens.specs or not tokens.specs[asked.track].same_codes(spec):
            raise TokenError(
                f"--ngrams {folder} has no track {asked.track} of {spec.space}, which {part.name} "
                "models; give the set that it was trained on"
            )
        names = [f"{order}-grams of {_spoken(asked, spec)}" for order in ORDERS]
        if names[0] not in found:
            counted = count_ngrams(tokens, asked, train)
            for order, name in zip(ORDERS, names, strict=True):
                found[name] = NGramLikelihood(counted, asked, spec, order)
    return list(found.items())


def _spoken(asked: Asked, spec: TokenSpec) -> str:
    """Return what is foretold, in words, as `speech-16k level 0-3`."""
    if asked.dedup:
        return f"{spec.name} without repetition"
    levels = (
        str(asked.first) if asked.last == asked.first + 1 else f"{asked.first}-{asked.last - 1}"
    )
    return f"{spec.name} level {levels}"


def _tokenizers(
    specs: Mapping[str, TokenSpec], codec: str | None, device: str | None, threads: int | None
) -> dict[str, Any]:
    """Return what encodes to each space: one of --codec, else the model that the space names."""
    given = [] if codec is None else list(open_bundle(codec, device, threads).tokenizers.values())
    for each in given:
        if not any(each.spec.same_codes(spec) for spec in specs.values()):
            raise Refusal(
                f"--codec: {each.name} gives tokens of {each.spec.space}, and the models read "
                f"{' and '.join(specs)}; give what they were trained with"
            )
    found = {}
    for space, spec in specs.items():
        own = [each for each in given if each.spec.same_codes(spec)]
        made = own[0] if own else _named(space, device, threads)
        if not made.spec.same_codes(spec):
            raise Refusal(
                f"the models read tokens of {space}, and {made.name} that is here gives "
                f"{made.spec.space}; give their own with --codec"
            )
        found[space] = made
    return found


def _named(space: str, device: str | None, threads: int | None) -> Any:
    try:
        return open_tokenizer(space.partition(":")[0], device, threads)
    except Refusal as error:
        raise Refusal(
            f"what encodes to {space} is not here; give it with --codec NAME_OR_FOLDER"
        ) from error
