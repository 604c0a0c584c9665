"""A recogniser and an embedding that can be worked out by hand."""

import numpy as np

from vocable.measures import EMBEDDINGS, RECOGNISERS


class Ear:
    """Hears whether sound is loud."""

    def __call__(self, samples, rate) -> str:
        return "loud" if np.std(samples) > 0.075 else "quiet"


class Mind:
    """Remembers how much sound there is in eight bands."""

    def __call__(self, samples, rate):
        power = np.abs(np.fft.rfft(samples)) ** 2
        return np.sqrt([part.sum() for part in np.array_split(power, 8)])


def here() -> None:
    """Make them known in this process."""
    RECOGNISERS["ear"] = Ear
    EMBEDDINGS["mind"] = Mind
