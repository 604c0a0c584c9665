"""Live streams as their writer sends them: a list of what each write puts on the wire."""

import io
from itertools import accumulate

from tests.tokens.strategies import made
from tests.tokens.test_spec import SPEECH
from vocable.tokens import AudioTokens, Source, TokenWriter, Track

STEPS = 300
SOME = made(SPEECH, 2, 1, STEPS, STEPS * 640 - 7, Source(STEPS * 640 - 7, 16_000))


def packets(tokens: AudioTokens = SOME, frames: int = 1) -> list[bytes]:
    """Return the head of a stream, chunks of `frames` frames (or one segment), and the trailer."""
    target, marks = io.BytesIO(), [0]
    starts = list(range(0, max(1, tokens.frames), frames))
    if tokens.spec.segment is not None:
        starts = [0, *accumulate(tokens.segments)][: max(1, len(tokens.segments))]
    with TokenWriter(target, Track.of(tokens), live=True) as file:
        marks.append(target.tell())
        for start, stop in zip(starts, [*starts[1:], tokens.frames], strict=True):
            if start == starts[-1] and tokens.source is not None:
                file.announce(tokens.source.samples)
            file.write(tokens[start:stop])
            marks.append(target.tell())
    data = target.getvalue()
    return [data[a:b] for a, b in zip(marks, [*marks[1:], len(data)], strict=True)]
