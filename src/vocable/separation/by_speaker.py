"""Encode each speaker of a recording to a track of its own.

tracks = BySpeaker(separator, codec).encode("talk.flac")
tracks["speaker-1"], tracks["speaker-2"]; tracks.side_by_side().streams == 2
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from jaxtyping import Float32

from vocable.atomic import check_target
from vocable.codecs.bundle import Bundle, Encodes, token_parts
from vocable.codecs.files import token_file
from vocable.codecs.recording import Recording, open_recording
from vocable.errors import AudioError, ModelError, TokenError
from vocable.separation.separator import Separator
from vocable.tokens import TokenWriter, Track
from vocable.tokens.array_files import ENDINGS
from vocable.tokens.file.coding_model import CodingModel
from vocable.tokens.tracks import Tracks


class BySpeaker:
    """A separator before a tokenizer: `speaker-1`, `speaker-2` … in the order of their onsets.

    All tracks have one length, that of the recording. ModelError for a bundle of tokenizers, and
    for what parts no speakers.
    """

    def __init__(self, separator: Separator, tokenizer: Encodes | Bundle) -> None:
        if not isinstance(separator, Separator):
            raise ModelError(f"{separator!r} parts no speakers; take what load_separator gives")
        if isinstance(tokenizer, Bundle):
            raise ModelError("each speaker is encoded by one tokenizer, got a bundle; take one")
        self.separator, self.tokenizer = separator, tokenizer
        self.names = [f"speaker-{k + 1}" for k in range(separator.speakers)]

    def encode(
        self, source: Any, *, rate: int | None = None, mix: bool = False, allow_loud: bool = False
    ) -> Tracks:
        """Encode each speaker of a recording; see `Separator.separate`."""
        parts = self.separator.separate(source, rate=rate, mix=mix, allow_loud=allow_loud)
        tokens = (self.tokenizer.encode(part, allow_loud=True) for part in parts)
        return Tracks(dict(zip(self.names, tokens, strict=True)))

    def encode_to(
        self,
        source: Any,
        target: str | os.PathLike[str],
        *,
        mix: bool = False,
        allow_loud: bool = False,
        overwrite: bool = False,
        progress: Callable[[float], None] | None = None,
        model: CodingModel | None = None,
    ) -> None:
        """Encode a file of any length to one token file of all tracks, in bounded memory.

        The parts lie on the disk meanwhile, 4 bytes a sample of each. The same tokens as
        `encode(source).save(target)`; the target appears whole or not at all. progress: is given
        the share that is done, 0 to 1. model: codes the tracks that it models, see
        `vocable.load.load_coder`.
        """
        if Path(target).suffix.lower() in ENDINGS:
            raise TokenError(f"{target}: arrays are of one track; a .vcb file holds several")
        check_target(target, overwrite=overwrite)
        with ExitStack() as cleanup:
            folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="vocable-"))
            recording = open_recording(source, cleanup, allow_loud=allow_loud)
            files = [Path(folder, f"{name}.w64") for name in self.names]
            self._part(recording, files, mix, lambda share: progress and progress(share / 2))
            parts = [open_recording(file, cleanup, allow_loud=True) for file in files]
            track = Track(self.tokenizer.spec, rate=recording.rate, channels=1)
            done = 0.0
            with token_file(target, overwrite=overwrite, done=lambda: done) as file:
                writer = TokenWriter(file, dict.fromkeys(self.names, track), model=model)
                for number, (name, part) in enumerate(zip(self.names, parts, strict=True), 1):
                    for tokens in token_parts(self.tokenizer, part):
                        writer.write(tokens, name)
                        done += float(tokens.spec.seconds(tokens.frames)) / len(parts)
                    if progress:
                        progress(0.5 + number / len(parts) / 2)
                writer.finish(dict.fromkeys(self.names, recording.samples))

    def _part(
        self,
        recording: Recording,
        files: Sequence[Path],
        mix: bool,
        progress: Callable[[float], Any],
    ) -> None:
        """Write each speaker to a file, as floats."""
        with ExitStack() as opened:
            targets = [
                opened.enter_context(
                    soundfile.SoundFile(file, "w", recording.rate, 1, subtype="FLOAT", format="W64")
                )
                for file in files
            ]
            done = 0
            for block in self.separator.parts(recording, mix=mix):
                done += block.shape[1]
                for target, part in zip(targets, block, strict=True):
                    _append(target, part)
                if recording.stated:
                    progress(min(1.0, done / recording.stated))


def _append(file: soundfile.SoundFile, samples: Float32[np.ndarray, " samples"]) -> None:
    try:
        file.write(samples)
    except (AssertionError, soundfile.LibsndfileError) as error:
        folder = Path(file.name).parent.parent
        raise AudioError(
            f"{folder}: writing the parts of the recording failed ({error}); make room there"
        ) from error
