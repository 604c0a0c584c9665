"""Vector quantization by one codebook.

"Neural Discrete Representation Learning" (van den Oord et al. 2017). It is the residual quantizer
of one level, so it is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from vocable.quantize.codebook import Parametrisation, Plain
from vocable.quantize.learn.estimator import Estimator, straight_through
from vocable.quantize.learn.kmeans import KMeans
from vocable.quantize.learn.losses import CodebookLoss
from vocable.quantize.learn.revival import Expire, Revival
from vocable.quantize.learn.update import Ema, Update
from vocable.quantize.rvq import ResidualVQ


class VQ(ResidualVQ):
    """Quantize each frame to the nearest of ``size`` entries; codes are `[batch, 1, frames]`.

    ``encode(decode(codes)) == codes`` holds for plain codebooks whose entries differ.
    """

    def __init__(
        self,
        dim: int,
        size: int,
        *,
        codebook: Parametrisation = Plain(),  # noqa: B008 - frozen values
        update: Update | None = Ema(),  # noqa: B008
        revival: Revival | None = Expire(),  # noqa: B008
        estimator: Estimator = straight_through,
        initialise: KMeans | None = KMeans(),  # noqa: B008
        losses: Sequence[CodebookLoss] = (),
    ) -> None:
        super().__init__(
            dim,
            (size,),
            codebook=codebook,
            update=update,
            revival=revival,
            estimator=estimator,
            initialise=initialise,
            losses=losses,
        )
