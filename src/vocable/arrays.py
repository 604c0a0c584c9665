"""Take arrays of any library as numpy's; torch is not imported for it."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_numpy(data: Any) -> np.ndarray:
    """Return an array, list or tensor (of any device, with or without gradient) as an array.

    Floats that numpy lacks, as bfloat16, become float32. Raises ValueError for rows of unequal
    length, and TypeError for memory that cannot be reached, in one line.
    """
    if hasattr(data, "detach"):  # a tensor of torch
        data = data.detach().cpu()
        data = data.float() if data.is_floating_point() else data
    try:
        array = np.asarray(data)
    except (TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise type(error)(reason) from error
    # `name` takes longer than all else here, and floats that numpy lacks are of no kind of its own
    lacked = array.dtype.kind == "V" and array.dtype.name == "bfloat16"
    return array.astype(np.float32) if lacked else array
