"""One track of a token file: which of several is meant, and its tokens as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ...errors import TokenError
from ..spec import TokenSpec
from ..values import AudioTokens
from .token_file import TokenFile
from .track import Track


def track_for(file: TokenFile, own: TokenSpec, track: str | None = None) -> tuple[str, Track]:
    """Return the track that is named, the only one, or of several the only of a decoder's space."""
    fits, what = own.same_codes, f"are of {own.space}"
    name = chosen_track(file.name, file.tracks, track, fits, what)
    return name, file.tracks[name]


def chosen_track(
    where: str,
    tracks: Mapping[str, Track],
    track: str | None,
    fits: Callable[[TokenSpec], bool],
    what: str,
) -> str:
    """Return the name of a track: as asked, else the only one, or of several the only that fits.

    where: the file, and what: what of its tracks fit ("can be heard"), for the TokenError of a name
    that it has not, and of several tracks of which none fits, or more than one.
    """
    names = ", ".join(map(repr, tracks))
    if track is not None and track not in tracks:
        if set(tracks) == {""}:
            raise TokenError(f"{where} holds one track, which has no name; leave track out")
        raise TokenError(f"{where} has no track {track!r}; it holds {names}")
    if track is not None:
        return track
    fitting = [name for name, each in tracks.items() if fits(each.spec)]
    found = list(tracks) if len(tracks) == 1 else fitting
    if len(found) != 1:
        todo = "name one by track=" if found else "take the codec of one"
        raise TokenError(f"{where} holds the tracks {names}, of which {len(found)} {what}; {todo}")
    return found[0]


def counted_chunks(
    file: TokenFile, track: str, progress: Callable[[float], None] | None
) -> Iterator[AudioTokens]:
    """Yield a track chunk by chunk; progress is given the share that has been read."""
    done, frames = 0, file.frames(track)
    for tokens in file.chunks(track):
        done += tokens.frames
        if progress:
            progress(done / frames)
        yield tokens
