"""Check published encoders of units, and published units: files, laws, references, golden values.

`verify` in testing/verify.py comes here for these.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from vocable.audio import Audio
from vocable.hub import file_hash
from vocable.load import load_encoder
from vocable.load.encoders import Known
from vocable.load.finding import Source
from vocable.load.published_units import UnitFiles, encoder_in, files_of_units, tokenizer_of
from vocable.testing.check import Check, hash_check, tried
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.testing.encoder_reference import compare_layers
from vocable.testing.golden_checks import check_features, check_units
from vocable.testing.golden_units import FEATURES, UNITS, GoldenRecording
from vocable.units import Centres, FeatureEncoder
from vocable.units.published import published_encoder

Folder = str | os.PathLike[str]


def verify_encoder(source: Source, known: Known, audio: Audio) -> Iterator[Check]:
    """Yield what is checked of an encoder, on its last layer."""
    path = source.weights
    entry = source.entry or published_encoder(path.name)
    yield hash_check(path, source.hashes.get(path) or file_hash(path), entry)
    encoder = load_encoder(path)
    assert isinstance(encoder, FeatureEncoder)
    yield _keys(known, encoder)
    yield from _laws(encoder, encoder.layers, audio)
    name = entry.name if entry else ""
    yield from _features(name, encoder, audio, path.parent)
    yield _reference(known, encoder, audio)


def verify_units(name: str, folder: Folder, audio: Audio) -> Iterator[Check]:
    """Yield what is checked of published units, whose files lie in a folder."""
    files = files_of_units(name, folder)
    encoder_hash = hash_check(files.encoder_file, file_hash(files.encoder_file), files.encoder)
    yield replace(encoder_hash, what="hash of encoder")
    yield _centres_hash(files)
    known = encoder_in(files)
    tokenizer = tokenizer_of(files, known)
    encoder, centres = tokenizer.encoder, tokenizer.centres
    assert isinstance(encoder, FeatureEncoder)
    yield _keys(known, encoder)
    yield tried("centres", lambda: _check_size(centres, files.units.size), f"space {centres.space}")
    yield from _laws(encoder, files.units.layer, audio)
    yield from _features(files.encoder.name, encoder, audio, folder)
    yield _units(name, encoder, centres, audio, folder)


def _keys(known: Known, encoder: FeatureEncoder) -> Check:
    checkpoint, _, found = known
    details = f"{len(checkpoint.shapes)} of {found.name}, {found.layout} layout, all met"
    return Check("keys", "ok", f"{details}; space {encoder.space}")


def _centres_hash(files: UnitFiles) -> Check:
    sha256, wanted = file_hash(files.centres_file), files.units.sha256
    if sha256 == wanted:
        return Check("hash of centres", "ok", f"SHA-256 {sha256}, pinned for {files.units.name}")
    return Check("hash of centres", "failed", f"SHA-256 {sha256} should be {wanted}")


def _check_size(centres: Centres, size: int) -> None:
    if centres.sizes != (size,):
        raise AssertionError(f"{centres.sizes[0]} centres, should be {size}")


def _laws(encoder: FeatureEncoder, layer: int, audio: Audio) -> Iterator[Check]:
    piece = _mono(audio, encoder.rate)
    parts = [piece, piece[: len(piece) // 3], piece[: encoder.window - 1]]
    laws: Mapping[str, Callable[[], None]] = {
        "frames": lambda: _check_frames(encoder, layer, parts),
        "batch equals singles": lambda: _check_batch(encoder, layer, parts),
    }
    for what, check in laws.items():
        yield tried(what, check, f"layer {layer}, on {len(piece) / encoder.rate:.1f} s")


def _mono(audio: Audio, rate: int) -> np.ndarray:
    """Return the first 3 s, one channel at a rate."""
    piece = Audio(audio.samples[:, : 3 * audio.rate], audio.rate).mono().resample(rate)
    return np.array(piece.samples[0])


def _check_frames(encoder: FeatureEncoder, layer: int, parts: list[np.ndarray]) -> None:
    """Frames follow from samples; less than a frame gives none."""
    for part in parts:
        wanted = max(0, (len(part) - encoder.window) // encoder.frame + 1)
        (rows,) = encoder.features(part, encoder.rate, layer=layer)
        if rows.shape != (wanted, encoder.channels(layer)):
            raise AssertionError(f"{len(part)} samples give {rows.shape}, wanted {wanted} frames")


def _check_batch(encoder: FeatureEncoder, layer: int, parts: list[np.ndarray]) -> None:
    together = encoder.features(parts, encoder.rate, layer=layer)
    for got, part in zip(together, parts, strict=True):
        (alone,) = encoder.features(part, encoder.rate, layer=layer)
        check_rows_equal(
            "features", torch.from_numpy(got), torch.from_numpy(alone), atol=WHOLE_CODEC, axis=0
        )


def _features(name: str, encoder: FeatureEncoder, audio: Audio, folder: Folder) -> Iterator[Check]:
    """Compare features with the published ones, where there are any."""
    golden = FEATURES.get(name)
    if golden is None:
        return
    recording = golden.recording.found(audio, folder)
    if recording is None:
        yield _without(golden.recording, "features", folder)
        return
    yield tried("features", lambda: check_features(encoder, recording, golden))


def _units(
    name: str, encoder: FeatureEncoder, centres: Centres, audio: Audio, folder: Folder
) -> Check:
    golden = UNITS.get(name)
    if golden is None:
        return Check("units", "not checked", "none were published to compare with")
    recording = golden.recording.found(audio, folder)
    if recording is None:
        return _without(golden.recording, "units", folder)
    return tried("units", lambda: check_units(encoder, centres, recording, golden))


def _without(recording: GoldenRecording, what: str, folder: Folder) -> Check:
    where = f"download {recording.url} into {Path(folder)}, or give it as --audio"
    return Check(what, "not checked", f"needs {recording.file}; {where}")


def _reference(known: Known, encoder: FeatureEncoder, audio: Audio) -> Check:
    what, (checkpoint, _, found) = "reference", known
    if found.layout != "transformers":
        return Check(what, "not checked", f"files of {found.layout} have none that installs here")
    x = torch.from_numpy(_mono(audio, encoder.rate))
    try:
        details = compare_layers(encoder, checkpoint.path.parent, x)
    except ImportError as error:
        return Check(what, "not checked", f"{error.name or error} is not installed")
    except AssertionError as error:
        return Check(what, "failed", str(error))
    except Exception as error:  # of other versions of the peer, whatever they raise
        return Check(what, "not checked", f"it does not run here ({type(error).__name__}: {error})")
    return Check(what, "ok", details)
