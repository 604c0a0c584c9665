"""Give a file that is whole the id that follows from its content.

So the same recording, codec and options give the same bytes. A stream that grows cannot know its
content at its head, and keeps a random id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ...binary_streams import ChangeableFile
from .records import (
    CRC_BYTES,
    ID_BYTES,
    PREAMBLE_BYTES,
    checksum,
    preamble,
    read_preamble,
    read_record,
)


def stamp(file: ChangeableFile) -> None:
    """Replace the id of a finished file, and the checksums, which cover it; one record at a time.

    The id is the first 4 bytes of the SHA-256 of all records without their checksums.
    """
    file.seek(0)
    old = read_preamble(file.read(PREAMBLE_BYTES))
    digest = hashlib.sha256()
    for _, body in _bodies(file, old):
        digest.update(body)
    new = digest.digest()[:ID_BYTES]
    for end, body in _bodies(file, old):
        file.seek(end)
        file.write(checksum(new, body))
    file.seek(0)
    file.write(preamble(new))
    file.flush()


def _bodies(file: ChangeableFile, file_id: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each record without its checksum, and the byte at which that stands."""
    offset = PREAMBLE_BYTES
    while True:
        file.seek(offset)
        record = read_record(file, file_id, offset)
        if record is None:
            return
        file.seek(offset)
        size = record.size - CRC_BYTES
        yield offset + size, file.read(size)
        offset += record.size
