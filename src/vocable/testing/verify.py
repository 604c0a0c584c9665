"""Check a published checkpoint: its hash, its keys, the laws, and its reference where that is here.

    for check in verify("kyutai/mimi"):
        print(check.verdict, check.what, check.details)

Parity was shown with random weights in the references' own files; this shows it with a real file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from vocable.audio import Audio
from vocable.codecs.keys import own
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.codecs.keys.description import Description
from vocable.hub import file_hash
from vocable.load import load_codec
from vocable.load.converting import recognise
from vocable.load.encoders import recognise_encoder
from vocable.load.finding import Source, locate
from vocable.testing.check import Check, hash_check, tried
from vocable.testing.codec_laws import (
    check_exact_length,
    check_identity,
    check_prefixes,
    check_recordings_equal_singles,
    check_streams_equal_whole,
)
from vocable.testing.references import compare, reference_of
from vocable.testing.verify_units import verify_encoder, verify_units
from vocable.units.published import published_units

if TYPE_CHECKING:
    from vocable.codecs import Codec

SECONDS = 3.0  # of a recording: the laws run it several times


def verify(
    name: str | os.PathLike[str], audio: Audio, folder: str | os.PathLike[str] = "."
) -> Iterator[Check]:
    """Yield what is checked of a checkpoint, one by one.

    name: as for `vocable.load`, of somebody else's checkpoint, or of published units, whose files
    lie in `folder`. audio: of which the first 3 s count; where it is the recording of which
    published features or units are known, these are compared. Raises ModelError for what cannot be
    loaded at all.
    """
    if not os.path.exists(name) and published_units(str(name)):
        yield from verify_units(str(name), folder, audio)
        return
    source = locate(name)
    if isinstance(source, Source) and (known := recognise_encoder(source.weights)):
        yield from verify_encoder(source, known, audio)
        return
    codec = load_codec(name)
    sound = piece(audio, codec)
    if isinstance(source, Description):
        yield _own_hash(source)
        yield Check("keys", "ok", f"all met; space {codec.spec.space}")
        yield from laws(codec, sound)
        yield Check("reference", "not checked", "it is in vocable's own layout, which has none")
        return
    sha256 = source.hashes.get(source.weights) or file_hash(source.weights)
    yield hash_check(source.weights, sha256, source.entry)
    checkpoint = open_checkpoint(source.weights)
    _, found = recognise(checkpoint)
    details = f"{len(checkpoint.shapes)} of {found.name}, {found.layout} layout, all met"
    yield Check("keys", "ok", f"{details}; space {codec.spec.space}")
    yield from laws(codec, sound)
    yield _reference(codec, sound, lambda x: compare(codec, reference_of(checkpoint, found), x))


def piece(audio: Audio, codec: Codec) -> Audio:
    """Return the beginning of a recording, at the rate and with the channels of a codec."""
    piece = Audio(audio.samples[:, : int(SECONDS * audio.rate)], audio.rate).resample(codec.rate)
    rows = piece.samples[np.arange(codec.spec.channels) % piece.channels]
    return Audio(rows, codec.rate)


def noise_and_tones() -> Audio:
    """Return 3 s of noise and tones in stereo, always the same, for who has no recording."""
    rate, samples = 48_000, int(SECONDS * 48_000)
    random = np.random.default_rng(0)
    time = np.arange(samples) / rate
    tones = [np.sin(2 * np.pi * hz * time * (1 + 0.1 * np.sin(time))) for hz in (180.0, 220.0)]
    loudness = 0.55 + 0.45 * np.sin(2 * np.pi * 3 * time)
    noise = random.normal(0, 0.1, (2, samples))
    return Audio(((0.3 * np.stack(tones) + noise) * loudness).astype(np.float32), rate)


def _own_hash(source: Description) -> Check:
    sha256 = source.facts.get("sha256")
    if not sha256:
        return Check("hash", "not checked", f"its {own.CONFIG} states none")
    return Check("hash", "ok", f"SHA-256 {sha256}, as its {own.CONFIG} says")


def laws(codec: Codec, audio: Audio) -> Iterator[Check]:
    """Check the laws of codecs on a recording at the codec's rate, with its channels."""
    x = torch.from_numpy(audio.samples.copy())[None]
    short = Audio(audio.samples[:, : len(audio) // 3], audio.rate)
    sizes = [codec.frame * codec.model.frames_together, 7]
    laws: dict[str, Callable[[], None]] = {
        "exact length": lambda: check_exact_length(codec, audio),
        "stream equals whole": lambda: check_streams_equal_whole(codec, x, sizes),
        "batch equals singles": lambda: check_recordings_equal_singles(codec, [audio, short]),
        "fewer levels": lambda: check_prefixes(codec, short),
        "identity": lambda: check_identity(codec, short),
    }
    for what, check in laws.items():
        yield tried(what, check, f"on {audio.seconds:.1f} s")


def _reference(codec: Codec, audio: Audio, compared: Callable[[torch.Tensor], object]) -> Check:
    """Compare with the reference, over whole steps and within one segment."""
    what = "reference"
    x = torch.from_numpy(audio.samples.copy())[None]
    step = codec.frame * codec.model.frames_together
    if codec.spec.segment is not None:  # the loudest
        length = min(codec.spec.segment.hop, x.shape[2])
        middle = int(x.abs().amax(1).argmax())
        x = x[..., max(0, min(middle - length // 2, x.shape[2] - length)) :][..., :length]
    x = x[..., : x.shape[2] // step * step]
    if not x.shape[2]:
        return Check(what, "not checked", f"the recording is shorter than a step of {step} samples")
    try:
        found = compared(x)
    except ImportError as error:
        return Check(what, "not checked", f"{error.name or error} is not installed")
    except AssertionError as error:
        return Check(what, "failed", str(error))
    except Exception as error:  # of other versions of the peer, whatever they raise
        return Check(what, "not checked", f"it does not run here ({type(error).__name__}: {error})")
    return Check(what, "ok", str(found))
