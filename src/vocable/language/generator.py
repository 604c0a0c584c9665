"""A language model as it is used: the network, what it can do, and the codec of its tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from vocable.errors import ModelError, TokenError
from vocable.language.abilities import Abilities
from vocable.language.engine import Engine
from vocable.language.packing import pack, parameters
from vocable.language.sound import DecodesSteps
from vocable.language.text_ids import FILE, TextIds, read_text_ids
from vocable.notebook import card
from vocable.tokens import AudioTokens, Level, TokenSpec
from vocable.tokens.spec_parts import AnyLevel


class Generator:
    """Hold a network and the codec whose tokens it models; families add how they are asked.

    licence: of the weights; empty where nothing says it. text: what turns text into ids; None where
    the checkpoint has no tokenizer beside it. `network` stays yours to look at and to train, until
    it is packed. weights: what its maps' weights are kept in then, else None.
    """

    files_beside: ClassVar[tuple[str, ...]] = (FILE,)  # small files that a checkpoint may have

    def __init__(
        self, network: nn.Module, *, licence: str = "", text: TextIds | None = None
    ) -> None:
        self.network: Any = network
        self.licence, self.text = licence, text
        self.codec: Any = None
        self.weights: torch.dtype | None = None

    @classmethod
    def text_beside(cls, folder: Path) -> TextIds | None:
        """Return what turns text into ids, by a file of the folder; None without one."""
        path = folder / FILE
        return read_text_ids(path) if path.is_file() else None

    @property
    def name(self) -> str:
        """Its name, by family and size."""
        return str(self.network.config.name)

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        found: Abilities = self.network.config.abilities
        return found

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._like.device

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""
        return self._like.dtype

    @property
    def _like(self) -> torch.Tensor:
        return next(self.network.trunk.parameters())  # type: ignore[no-any-return]

    def pack(self, weights: torch.dtype) -> None:
        """Keep the weights of its maps in `torch.float16` or `torch.int8`, to generate faster.

        On the CPU, where few streams run: a step takes as long as its weights take to be read. It
        computes in fp32 then. `network` can be run, but neither trained nor saved. ModelError where
        this torch or processor has no kernels for it.
        """
        pack(self.network, weights)
        self.weights = weights

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} on {self.device}>"

    def _repr_html_(self) -> str:
        weights = parameters(self.network)
        precision = str(self.dtype).removeprefix("torch.")
        rows = [
            *self.abilities.rows,
            ("codec", "none attached" if self.codec is None else self.codec.spec.space),
            ("network", f"{weights / 1e6:.2f} M parameters, {precision} on {self.device}"),
        ]
        return card(type(self).__name__, self.name, rows)

    def attach(self, codec: DecodesSteps) -> None:
        """Let a codec make sound of what is generated, and say which tokens prompts may hold.

        ModelError for one whose tokens are not those that the model was made for.
        """
        if not isinstance(codec, DecodesSteps):
            raise ModelError(
                f"a codec that decodes in steps is attached, not {type(codec).__name__}; "
                f"vocable.load gives one"
            )
        self._check_spec(codec.spec, ModelError)
        self.codec = codec

    def with_codec(self) -> DecodesSteps:
        """Return the codec; ModelError without one."""
        if self.codec is None:
            able = self.abilities
            raise ModelError(
                f"{self.name} has no codec, so it gives tokens and no sound; attach one of "
                f"{able.codec}: model.attach(vocable.load(…))"
            )
        codec: DecodesSteps = self.codec
        return codec

    def start_engine(self, streams: int, *, context: int | None = None, **options: Any) -> Engine:
        """Return an engine for up to so many streams; see `Engine`."""
        return Engine(self.network, streams, context=context, **options)

    def check_engine(self, engine: Engine) -> Engine:
        """Return an engine that runs this network; ModelError for another's."""
        if engine.model is not self.network:
            raise ModelError(
                f"the engine runs another model than this {self.name}; make one by start_engine of "
                f"the same object"
            )
        return engine

    def tokens(self, frames: Iterable[np.ndarray]) -> AudioTokens:
        """Return frames `[levels]` that were generated as tokens of the codec."""
        spec, levels = self.with_codec().spec, self.abilities.levels
        rows = [np.asarray(frame)[:levels] for frame in frames]
        codes = np.stack(rows, 1) if rows else np.zeros((levels, 0), np.int64)
        return AudioTokens(spec, [level[None] for level in codes])

    def _check_tokens(self, tokens: AudioTokens) -> None:
        """Refuse tokens that are not those of the codec, or of another kind than the model's."""
        self._check_spec(tokens.spec, TokenError)
        if self.codec is not None and not self.codec.spec.same_codes(tokens.spec):
            raise TokenError(
                f"tokens are of {tokens.spec.space} but the model's codec is "
                f"{self.codec.spec.space}; encode the recording with that"
            )

    def _check_spec(self, spec: TokenSpec, error: type[ModelError] | type[TokenError]) -> None:
        """Refuse a codec by levels and rate, the same for all that is spoken of its family."""
        config, able = self.network.config, self.abilities
        found = _form(spec.rate, spec.frame, spec.levels[: able.levels])
        wanted = _form(able.rate, config.frame, self._levels())
        if found != wanted or able.levels not in spec.prefixes:
            raise error(
                f"{spec.name} has {found}, but {self.name} models {wanted}; take {able.codec}"
            )

    def _levels(self) -> Sequence[AnyLevel]:
        """Return the levels of the tokens that the model models."""
        return (Level(self.network.config.codes),) * self.abilities.levels


def _form(rate: int, frame: int, levels: Sequence[AnyLevel]) -> str:
    """Say what makes tokens of one kind: levels, sizes, frames."""
    sizes, strides = ([getattr(level, of) for level in levels] for of in ("size", "stride"))
    shown = str(sizes[0]) if len(set(sizes)) == 1 else ", ".join(map(str, sizes))
    lasting = "" if set(strides) == {1} else f" lasting {', '.join(map(str, strides))} frames"
    return f"{len(sizes)} levels of {shown}{lasting}, {rate / frame:g} frames/s of {rate} Hz"
