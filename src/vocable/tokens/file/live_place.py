"""Keep count of the frames of a live stream, of which some are lost and the first may be missed."""

from __future__ import annotations

from . import short_chunk
from .track import Track

MAX_GAP_SECONDS = 60


class LivePlace:
    """Where a reader is in a stream.

    origin      the frame at which it joined
    next        the frame that should come next; None before the first
    skipped     how often the stream jumped by more than MAX_GAP_SECONDS
    known       whether both count from the beginning of the stream. Until a live record says where
                it is, a late reader knows only the numbers of chunks, modulo 128 steps
    """

    def __init__(self) -> None:
        self.origin = 0
        self.next: int | None = None
        self.known = False
        self.skipped = 0

    @property
    def frames(self) -> int:
        """Frames since the reader joined."""
        return 0 if self.next is None else self.next - self.origin

    def meet(self, frames: int, track: Track) -> None:
        """Take a live record: so many frames come before it."""
        if self.next is None:
            self.origin = self.next = frames
        elif self.known:
            self._reach(frames, track)
        else:
            number = frames // track.unit % short_chunk.NUMBERS
            moved = frames - short_chunk.start_of(track, number, self.next)
            self.origin += moved
            self.next += moved
            self._reach(frames, track)
        self.known = True

    def restart(self, frames: int) -> None:
        """Go on with another stream, which is at this frame, as if nothing lay between."""
        self.origin, self.next, self.known = frames - self.frames, frames, True

    def move_to(self, start: int, frames: int, track: Track) -> int:
        """Take a chunk of so many frames; return where it begins, from where the reader joined."""
        if self.next is None:
            self.origin = self.next = start
        self._reach(start, track)
        self.next = start + frames
        return start - self.origin

    def _reach(self, frames: int, track: Track) -> None:
        """Come to a frame: those between are lost, unless they are too many to be filled."""
        assert self.next is not None
        if frames - self.next > MAX_GAP_SECONDS * track.spec.frame_rate:
            self.origin += frames - self.next
            self.skipped += 1
        self.next = max(self.next, frames)
