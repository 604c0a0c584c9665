"""German words as sounds."""

from vocable.text.german.word import german

__all__ = ["german"]
