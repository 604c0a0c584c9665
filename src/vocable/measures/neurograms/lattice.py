"""The network that maps the similarity of speech to what listeners would say, by lattices.

Each of 60 lattices takes 12 of the features, each bent by a line of pieces to a place from 0 to 1,
and interpolates between values at the 4096 corners of a cube. Their weighted sum is bent once more
(Gupta et al. 2016, arXiv 1505.06378; You et al. 2017, arXiv 1709.06680).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float32, Float64

from vocable.measures.neurograms.features import Features
from vocable.measures.neurograms.mappings import MODELS

QUANTILE = 0.5  # of what listeners said: the median

Values = Float64[np.ndarray, " features"]
Places = Float32[np.ndarray, "cubes axes"]


def lattice(features: Features) -> float:
    """Return the score of speech, from 4.0 to 4.8 for equal recordings."""
    kinds = (features.means, features.worst, features.deviations, features.energies)
    return predict(np.append(np.concatenate(kinds), QUANTILE))


def predict(values: Values) -> float:
    """Return the network's output for 85 features: four kinds in 21 bands each, and the quantile.

    In float32, sums one by one as TFLite has them: small shares of a cube are lost in the sum, and
    published scores are lower by up to 8e-5 for it. A similarity of exactly 0.7 is not, as it is
    there, a missing one.
    """
    network = _network()
    gone = _steps(values.astype(np.float32)[:, None], network["starts"], network["slopes"])
    places = _sum(gone[network["inputs"]] * network["bends"])
    cubes = _sum(_shares(places) * network["cubes"])
    total = _sum(cubes * network["weights"])
    last = _steps(total[None], network["last_starts"], network["last_slopes"])
    return float(_sum(last * network["last_bend"]))


def _steps(values: np.ndarray, starts: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Return 1, and how far each piece of a line has been gone along, 0 to 1."""
    gone = np.clip((values - starts) * slopes, 0, 1)
    return np.concatenate([np.ones_like(gone[..., :1]), gone], axis=-1)


def _shares(places: Places) -> Float32[np.ndarray, "cubes corners"]:
    """Return what share each corner of a cube has in a place inside; the last axis goes fastest."""
    shares = np.ones((len(places), 1), dtype=np.float32)
    for place in np.clip(places, 0, 1).T:
        sides = np.stack([1 - place, place], axis=1)
        shares = (shares[:, :, None] * sides[:, None, :]).reshape(len(places), -1)
    return shares


def _sum(terms: np.ndarray) -> np.ndarray:
    """Return the sum over the last axis, one term after the other."""
    total: np.ndarray = np.cumsum(terms, axis=-1, dtype=np.float32)[..., -1]
    return total


@lru_cache(maxsize=1)
def _network() -> dict[str, np.ndarray]:
    with (MODELS / "lattice.npz").open("rb") as file, np.load(file) as stored:
        return {name: stored[name] for name in stored.files}
