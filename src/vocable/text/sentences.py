"""Cut a text into what is said at one go."""

import re


def sentences(text: str, language: str = "en", longest: int = 200) -> list[str]:
    """Return the sentences."""
    return [each for each in re.split(r"(?<=[.!?])\s+", text) if re.search(r"\w", each)]
