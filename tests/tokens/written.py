"""Tokens of speech, and the bytes of a token file."""

import io

from tests.tokens.strategies import made
from tests.tokens.test_spec import SPEECH
from vocable.tokens import write_tokens


def written(some, **kind):
    """Return the bytes of a token file."""
    file = io.BytesIO()
    write_tokens(file, some, **kind)
    return file.getvalue()


def speech(frames=60, **kind):
    return made(SPEECH, 2, 1, frames, **kind)
