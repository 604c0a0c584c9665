"""Say the units of a recording in another voice."""

from __future__ import annotations

from typing import Any

from vocable.audio import Audio, Voice
from vocable.speak.conversion.sources import Progress, Target, on_the_way, one_channel, stage
from vocable.tokens import TokenFile
from vocable.unit_vocoder import UnitVocoder, check_frames
from vocable.units.vocoder.codec import Encodes, UnitCodec


class UnitConversion:
    """What is said and for how long is kept as units; a vocoder says them anew.

    options: of its `decode`, as the seed of one that draws. ModelError where it was made for other
    units than the tokenizer's.
    """

    def __init__(self, tokenizer: Encodes, vocoder: UnitVocoder, **options: Any) -> None:
        self.codec, self.options = UnitCodec(tokenizer, vocoder), options

    def convert(self, source: Any, voice: Voice) -> Audio:
        """Return a recording, mixed to one channel, as it is said in a voice."""
        units = self.codec.encode(one_channel(source))
        return self.codec.decode(units, speaker=voice, **self.options)

    def convert_to(
        self, source: Any, target: Target, voice: Voice, *, overwrite: bool = False,
        progress: Progress = None,
    ) -> None:  # fmt: skip
        """Convert a file of any length to an audio file, in bounded memory; as `convert` does."""
        with on_the_way(target, overwrite=overwrite) as folder:
            units = folder / "units.vcb"
            self.codec.encode_to(source, units, mix=True, progress=stage(progress, 0, 2))
            with TokenFile(units) as file:
                check_frames(file.frames(), self.codec.spec, "units of the recording")
            self.codec.decode_to(
                units, target, speaker=voice, overwrite=overwrite, progress=stage(progress, 1, 2),
                **self.options,
            )  # fmt: skip
