"""What a transformer is made of, as a value that a file can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from vocable.errors import ModelError
from vocable.nn.rotary import Llama3Scaling


@dataclass(frozen=True)
class PositionsConfig:
    """How a model knows where a row stands; a table chooses by its `kind`."""

    kinds: ClassVar[dict[str, type[PositionsConfig]]] = {}


@dataclass(frozen=True)
class Rotary(PositionsConfig):
    """Queries and keys turn with their position; pairs are a half of the head apart."""

    kind: Literal["rotary"] = "rotary"
    base: float = 10_000.0
    scaling: Llama3Scaling | None = None


@dataclass(frozen=True)
class Alibi(PositionsConfig):
    """Scores fall with distance, by a slope of each head (Press et al. 2021, arXiv:2108.12409)."""

    kind: Literal["alibi"] = "alibi"


@dataclass(frozen=True)
class RelativeBias(PositionsConfig):
    """A learned number for each head and bucket of distances (T5, arXiv:1910.10683).

    Half of the buckets hold one distance each, the others grow up to `distance`. Scores are divided
    by the root of the head's width as everywhere here, which T5 itself does not do.
    """

    kind: Literal["relative"] = "relative"
    buckets: int = 32
    distance: int = 128  # rows from which on the last bucket stands for all


@dataclass(frozen=True)
class Sinusoidal(PositionsConfig):
    """Waves added to the input: all cosines, then all sines, as in MusicGen (tensor2tensor)."""

    kind: Literal["sinusoidal"] = "sinusoidal"
    base: float = 10_000.0


@dataclass(frozen=True)
class NoPositions(PositionsConfig):
    """Order is known by what each row may see alone."""

    kind: Literal["none"] = "none"


PositionsConfig.kinds.update(
    {
        "rotary": Rotary,
        "alibi": Alibi,
        "relative": RelativeBias,
        "sinusoidal": Sinusoidal,
        "none": NoPositions,
    }
)


@dataclass(frozen=True)
class TransformerConfig:
    """A decoder whose layers normalise in front: attention, cross-attention if any, MLP.

    context: positions that a stream may have. window: how many of the last ones a row sees, itself
    included; None: all. kv_heads: heads of keys and values, each shared by neighbouring heads;
    None: as many as `heads`. head_width: channels of a head; None: width / heads. hidden: channels
    of the MLP, of each half if it is gated. cross: channels of what cross-attention sees; None:
    there is none. sets: the maps of position p have weights of their own, set p of so many; None:
    all positions share theirs. dropout: share of what leaves attention and MLP, in training alone.
    causal: whether a row sees none behind it; if not, it sees all rows of its item, and the model
    runs whole and has no steps.
    """

    width: int
    layers: int
    heads: int
    hidden: int
    context: int
    kv_heads: int | None = None
    head_width: int | None = None
    window: int | None = None
    norm: Literal["rms", "layer"] = "rms"
    eps: float = 1e-5
    last_norm: bool = True
    activation: Literal["silu", "gelu", "relu"] = "silu"
    gated: bool = True
    positions: PositionsConfig = Rotary()
    input_bias: bool = False  # of queries, keys and values
    output_bias: bool = False  # of what leaves attention
    hidden_bias: bool = False  # of both maps of the MLP
    cross: int | None = None
    sets: int | None = None
    dropout: float = 0.0
    causal: bool = True

    def __post_init__(self) -> None:
        if not self.causal:
            self._check_both_sides()
        if not 0 <= self.dropout < 1:
            raise ModelError(f"dropout must be 0 or more and below 1 but is {self.dropout}")
        for name in ("width", "layers", "heads", "hidden", "context"):
            _check_positive(name, getattr(self, name))
        for name in ("kv_heads", "head_width", "window", "cross", "sets"):
            if getattr(self, name) is not None:
                _check_positive(name, getattr(self, name))
        if self.head_width is None and self.width % self.heads:
            raise ModelError(f"width {self.width} does not divide into {self.heads} heads")
        if self.heads % self.key_heads:
            raise ModelError(f"{self.heads} heads do not share {self.key_heads} kv_heads evenly")
        if isinstance(self.positions, Rotary) and self.channels % 2:
            raise ModelError(f"rotary heads need an even width but have {self.channels}")
        if self.sets is not None and self.sets < self.context:
            raise ModelError(f"{self.sets} sets of weights do not serve {self.context} positions")

    def _check_both_sides(self) -> None:
        if isinstance(self.positions, Alibi | RelativeBias) or self.window is not None:
            raise ModelError(
                "a model that sees both sides has no window, and positions that are rotary, "
                "sinusoidal or none"
            )
        if self.sets is not None:
            raise ModelError("a model that sees both sides has no sets of weights")

    @property
    def channels(self) -> int:
        """Channels of a head."""
        return self.width // self.heads if self.head_width is None else self.head_width

    @property
    def key_heads(self) -> int:
        """Heads of keys and values."""
        return self.heads if self.kv_heads is None else self.kv_heads


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ModelError(f"{name} must be at least 1 but is {value}")
