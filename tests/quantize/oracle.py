"""Quantize by plain loops over scalars: slow, and easy to believe."""

import numpy as np


def nearest(x, entries):
    """Return the first index at the smallest squared distance to ``x``."""
    best, found = None, 0
    for index, entry in enumerate(entries):
        distance = sum((float(a) - float(b)) ** 2 for a, b in zip(x, entry, strict=True))
        if best is None or distance < best:
            best, found = distance, index
    return found


def margin(x, entries):
    """Return by how much the second nearest entry is farther than the nearest, squared."""
    distances = np.sort(((np.asarray(x, np.float64) - np.asarray(entries, np.float64)) ** 2).sum(1))
    return distances[1] - distances[0]


def encode(frames, codebooks):
    """Return codes `[levels][frames]`; the residual is a float32, as the quantizer's is."""
    codes = [[] for _ in codebooks]
    for frame in np.asarray(frames, np.float32):
        for level, entries in enumerate(codebooks):
            index = nearest(frame, entries)
            codes[level].append(index)
            frame = frame - np.asarray(entries[index], np.float32)
    return codes


def decode(codes, codebooks):
    """Return float32 frames: the entries added one level after the other."""
    frames = []
    for column in zip(*codes, strict=True):
        total = np.asarray(codebooks[0][column[0]], np.float32)
        for entries, index in zip(codebooks[1:], column[1:], strict=True):
            total = total + np.asarray(entries[index], np.float32)
        frames.append(total)
    return np.stack(frames)
