"""What a transcriber is made of: the tokens that it reads, an encoder, a decoder, letters."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.errors import ModelError
from vocable.language.config import TransformerConfig
from vocable.language.encoder_decoder import check_pair
from vocable.language.letters import ENGLISH, Letters
from vocable.language.stages.config import Part
from vocable.tokens import WhisperVocabulary


@dataclass(frozen=True)
class TranscriberConfig:
    """part: the levels that it reads. letters: the text ids of its sequences.

    language: of recordings that do not say theirs, by Whisper's name of it.
    """

    encoder: TransformerConfig
    decoder: TransformerConfig
    part: Part
    letters: str = ENGLISH
    language: str = "en"

    def __post_init__(self) -> None:
        check_pair(self.encoder, self.decoder)
        if self.part.first:
            raise ModelError(f"a transcriber reads levels from 0 on, not from {self.part.first}")
        Letters(self.letters)

    @property
    def vocabulary(self) -> WhisperVocabulary:
        """Its ids: letters, then Whisper's specials and times."""
        return WhisperVocabulary(len(self.letters))
