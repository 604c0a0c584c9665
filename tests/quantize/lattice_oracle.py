"""Quantize without a codebook by loops over scalars, in doubles: slow, and easy to believe."""

import math


def place(x, steps, bound, times=1):
    """Return where a number lies among its steps, the lowest at 0."""
    if bound == "symmetric":
        return (steps - 1) * (math.tanh(x) + 1) / 2
    offset = 0.5 if steps % 2 == 0 else 0.0
    reach = (steps - 1) / 2 * (0.999 if bound == "tan" else 1.001)
    shift = math.tan(offset / reach) if bound == "tan" else math.atanh(offset / reach)
    for _ in range(times):
        x = reach * math.tanh(x + shift) - offset
    return x + steps // 2


def value(digit, steps, bound):
    """Return what a step is decoded to."""
    if bound == "symmetric":
        return 2 * digit / (steps - 1) - 1
    return (digit - steps // 2) / (steps // 2)


def encode(frame, steps, bound, times=1):
    """Return the code of a frame, and how far its nearest number is from the next step."""
    code, weight, margin = 0, 1, 1.0
    for x, count in zip(frame, steps, strict=True):
        where = place(float(x), count, bound, times)
        digit = math.floor(where + 0.5)
        margin = min(margin, abs(where + 0.5 - round(where + 0.5)))
        code, weight = code + digit * weight, weight * count
    return code, margin


def decode(code, steps, bound):
    """Return the values of a code."""
    values = []
    for count in steps:
        values.append(value(code % count, count, bound))
        code //= count
    return values


def signs(frame):
    """Return the code of the signs of a frame, the first the highest bit."""
    code = 0
    for x in frame:
        code = 2 * code + (1 if x > 0 else 0)
    return code


def entropies(frames, reach, sharpness):
    """Return the mean entropy of each frame's chances of all corners, and that of the mean chances.

    Corner by corner: softmax of twice the sharpness times the product of frame and corner.
    """
    count = 2 ** len(frames[0])
    mean, each = [0.0] * count, 0.0
    for frame in frames:
        scores = []
        for corner in range(count):
            bits = [corner >> place & 1 for place in range(len(frame))]
            product = sum(
                x * (reach if bit else -reach) for x, bit in zip(frame, bits, strict=True)
            )
            scores.append(2 * sharpness * product)
        top = max(scores)
        weights = [math.exp(score - top) for score in scores]
        chances = [weight / sum(weights) for weight in weights]
        each += entropy(chances) / len(frames)
        mean = [total + chance / len(frames) for total, chance in zip(mean, chances, strict=True)]
    return each, entropy(mean)


def entropy(chances):
    return -sum(chance * math.log(chance) for chance in chances if chance > 0)
