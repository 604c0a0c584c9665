"""Open a codec for a command, and refuse a wrong name, folder, device or number of levels."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from vocable.cli.errors import Refusal, message_of
from vocable.errors import ModelError, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vocable.codecs import Codec, Tokenizer
    from vocable.codecs.bundle import Bundle
    from vocable.conditions import Conditioner, Embeds
    from vocable.language.coder import ModelCoder
    from vocable.separation import BySpeaker
    from vocable.tokens import TokenSpec, Track
    from vocable.units import UnitTokenizer


def open_codec(
    name: str, device: str | None, threads: int | None, vocoder: str | None = None
) -> Codec:
    """Return the codec of a name or folder, on a device (None: the CPU), and set CPU threads.

    vocoder: decodes its tokens in place of its own decoder.
    """
    set_up(device, threads)
    from vocable.load import load_codec

    try:
        return load_codec(name, device=device, vocoder=vocoder)
    except (ModelError, OSError) as error:
        raise Refusal(message_of(error)) from error


def open_tokenizer(
    name: str, device: str | None, threads: int | None
) -> Tokenizer | UnitTokenizer | Bundle:
    """Return what encodes: a codec, a tokenizer of units, or several whose names + joins."""
    set_up(device, threads)
    import vocable
    from vocable.codecs import Tokenizer
    from vocable.codecs.bundle import Bundle
    from vocable.units import UnitTokenizer

    try:
        found = vocable.load(name, device=device)
    except (ModelError, OSError) as error:
        raise Refusal(message_of(error)) from error
    if not isinstance(found, Tokenizer | UnitTokenizer | Bundle):
        raise Refusal(f"{name} {_not_tokens(found)}")
    return found


def _not_tokens(found: object) -> str:
    """Return what a model does that gives no tokens, and what to do with it."""
    from vocable.separation import Separator
    from vocable.units.tokenizer import Encodes

    if isinstance(found, Separator):
        return "parts speakers and gives no tokens; name it as --separator"
    if isinstance(found, Encodes):
        return "gives features and no tokens; fit units to it: vocable units fit"
    return "encodes nothing; take a codec, or a tokenizer of units"


def open_bundle(name: str, device: str | None, threads: int | None) -> Bundle:
    """Return what encodes to tracks: one tokenizer, or several whose names + joins."""
    from vocable.codecs.bundle import Bundle

    found = open_tokenizer(name, device, threads)
    return found if isinstance(found, Bundle) else Bundle([found])


def by_speaker(
    speakers: int, separator: str, tokenizer: Tokenizer | UnitTokenizer | Bundle, device: str | None
) -> BySpeaker:
    """Return what encodes each of so many speakers by a tokenizer, parted by a separator."""
    from vocable.load import load_separator
    from vocable.separation import BySpeaker

    try:
        found = load_separator(separator, device)
    except (ModelError, OSError) as error:
        raise Refusal(f"--separator: {message_of(error)}") from error
    if found.speakers != speakers:
        raise Refusal(
            f"--speakers {speakers}: {separator} parts {found.speakers}; ask for these, or name "
            "another --separator"
        )
    try:
        return BySpeaker(found, tokenizer)
    except ModelError as error:
        raise Refusal(f"--speakers: {message_of(error)}") from error


def open_condition(name: str, device: str | None, threads: int | None) -> Conditioner | Embeds:
    """Return what a set of tokens has as its condition, or a model, or an embedding to fit it."""
    set_up(device, threads)
    from vocable.load import load_conditioner, load_embedding
    from vocable.load.conditions import condition_file

    try:
        if condition_file(name):
            return load_conditioner(name, device)
        return load_embedding(name, device)
    except (ModelError, OSError) as error:
        raise Refusal(f"--condition: {message_of(error)}") from error


def open_coder(name: str) -> ModelCoder:
    """Return a language model to code token files by; those that it coded can be read then."""
    _torch()
    from vocable.load import load_coder

    try:
        return load_coder(name)
    except (ModelError, OSError) as error:
        raise Refusal(f"--lm: {message_of(error)}") from error


def set_up(device: str | None, threads: int | None) -> None:
    """Check the device, and set the CPU threads."""
    torch = _torch()
    if device is not None:
        check_device(device)
    if threads is not None:
        torch.set_num_threads(threads)


def _torch() -> Any:
    """Import torch, with OpenMP threads that sleep while they wait.

    By default they spin. Beside other work, two spinning threads encode at 5 × real time, two
    sleeping ones at 55 ×, a single thread at 60 ×.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is imported
    import torch

    return torch


def check_device(name: str) -> None:
    """Refuse a device that torch cannot use here."""
    _torch()
    from vocable.load import check_device as check

    try:
        check(name)
    except ModelError as error:
        raise Refusal(f"--{message_of(error)}") from error


class CodecCache:
    """The codecs that token files name, each opened once; or for all the one of --codec.

    vocoder: what decodes the tokens of --codec, if not the codec itself.
    """

    def __init__(
        self,
        named: str | None,
        device: str | None,
        threads: int | None,
        vocoder: str | None = None,
    ) -> None:
        if device is not None:
            check_device(device)
        self._settings = device, threads
        self.named = open_codec(named, *self._settings, vocoder) if named is not None else None
        self._by_name: dict[str, Codec] = {}

    def for_file(self, path: str, track: str | None) -> Codec:
        """Return the codec for a track of a token file, None: the only one that can be heard.

        ModelError if it does not come with vocable.
        """
        from vocable.tokens import TokenFile
        from vocable.tokens.array_files import latents_in

        if self.named is not None:
            return self.named
        if (latents := latents_in(path)) is not None:
            return self.for_spec(latents.spec)
        with TokenFile(path) as file:
            return self.for_spec(file.tracks[heard_track(file.name, file.tracks, track)].spec)

    def for_spec(self, spec: TokenSpec) -> Codec:
        """Return the codec for tokens: that of --codec, else the one that the tokens name."""
        if self.named is not None:
            return self.named
        name = spec.space.partition(":")[0]
        if name not in self._by_name:
            self._by_name[name] = self._bundled(name, spec)
        return self._by_name[name]

    def _bundled(self, name: str, spec: TokenSpec) -> Codec:
        """Open the model that tokens name, if it is one that comes with the package.

        Others need --codec: a token file, which may come from anyone, must not decide which folder
        of this machine is opened or which repository is fetched.
        """
        from vocable.codecs.published import PUBLISHED
        from vocable.load.bundled import describe_bundled, is_bundled

        if is_bundled(name):
            describe_bundled(name)  # ModelError for a version that is not here
            return open_codec(name, *self._settings)
        known = [entry.name for entry in PUBLISHED if entry.on_hub and entry.model == spec.name]
        hint = f", as --codec {known[0]}" if known else ""
        raise ModelError(
            f"tokens come from {spec.space}, which does not come with vocable; give its name or "
            f"folder with --codec{hint}"
        )


def heard_track(where: str, tracks: Mapping[str, Track], track: str | None) -> str:
    """Return the name of a track: as asked, else the only one whose tokens say how it sounds.

    Where all only say what is said it is the first, which no codec decodes. TokenError otherwise.
    """
    from vocable.tokens.file.one_track import chosen_track

    if track is None and all(_is_semantic(each.spec) for each in tracks.values()):
        return next(iter(tracks))
    return chosen_track(where, tracks, track, lambda spec: not _is_semantic(spec), "can be heard")


def _is_semantic(spec: TokenSpec) -> bool:
    return all(level.role == "semantic" for level in spec.levels)


def chosen_levels(spec: TokenSpec, levels: int | None, kbps: float | None) -> int | None:
    """Return the number of levels that --levels or --kbps asks for; None for all.

    Refuses one with which the codec's tokens cannot be decoded, and a bit rate that it has not.
    """
    if levels is not None and kbps is not None:
        raise Refusal("--levels and --kbps both choose the levels; give one of them")
    try:
        if kbps is not None:
            return spec.levels_at(kbps)
        spec.check_levels(levels)
    except TokenError as error:
        name = "kbps: " if kbps is not None else ""
        raise Refusal(f"--{name}{message_of(error)}") from error
    return levels
