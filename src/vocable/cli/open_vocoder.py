"""Open the vocoder of --vocoder, by which units of every file are decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vocable.cli.errors import Refusal, message_of
from vocable.cli.open_codec import set_up
from vocable.cli.shown_voice import named_or_shown
from vocable.errors import ModelError, VocableError

if TYPE_CHECKING:
    from vocable.tokens import TokenSpec


class OpenVocoder:
    """A vocoder that speaks as --speaker says, in the place of the codecs that files name."""

    def __init__(
        self,
        name: str,
        speaker: str | None,
        consent: str,
        predict: bool,
        device: str | None,
        threads: int | None,
    ) -> None:
        set_up(device, threads)
        from vocable.load import load_vocoder

        try:
            self._vocoder = load_vocoder(name, device)
        except (ModelError, OSError) as error:
            raise Refusal(f"--vocoder: {message_of(error)}") from error
        self._speaker, self._predict = self._meant(speaker, consent), predict

    def _meant(self, speaker: str | None, consent: str) -> Any:
        """Return a name or number of its own, or the vector of who speaks in a recording."""
        from vocable.audio import Voice

        if speaker is None or speaker in self._vocoder.speakers:
            return speaker
        if speaker.isdecimal():
            return int(speaker)
        try:
            meant = named_or_shown(speaker, "", consent)
            return self._vocoder.hear(meant) if isinstance(meant, Voice) else meant
        except (VocableError, OSError) as error:
            raise Refusal(f"--speaker: {message_of(error)}") from error

    def for_file(self, path: str, track: str | None) -> OpenVocoder:
        """Return what decodes a file: itself."""
        return self

    @property
    def spec(self) -> TokenSpec:
        """What it decodes."""
        return self._vocoder.spec

    @property
    def name(self) -> str:
        """The vocoder's name."""
        return self._vocoder.name

    def decode_to(self, source: Any, target: Any, **options: Any) -> None:
        """Decode a file of units; see `UnitVocoder.decode_to`."""
        self._vocoder.decode_to(
            source, target, speaker=self._speaker, predict=self._predict, **options
        )
