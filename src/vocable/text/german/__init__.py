"""German words as sounds."""

from vocable.text.german.word import german, pronounce_german

__all__ = ["german", "pronounce_german"]
