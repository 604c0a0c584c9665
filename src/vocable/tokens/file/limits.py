"""State what a token file may hold. A reader allocates no more than these allow."""

MAX_FRAMES = 1 << 16  # base frames in a chunk
MAX_PAYLOAD = 4 << 20  # bytes of a record
MAX_HEADER = 1 << 20  # bytes of the header
MAX_SYMBOLS = 1 << 20  # codes in a chunk
SYMBOLS_PER_BYTE = 64  # codes in a chunk, for each byte of it: bounds what a small file can claim
MAX_TRACKS = 64
MAX_INDEX = 1 << 15  # entries in the index of the trailer
ENTRY_BYTES = 1 << 14  # the writer puts records of up to this many bytes into one index entry
