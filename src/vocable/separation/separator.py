"""Part the speakers of recordings: what a user holds, around a network that computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from torch import Tensor

from vocable.audio import Audio, Resampler
from vocable.codecs.ordinary import ordinary
from vocable.codecs.recording import Recording, open_recording
from vocable.errors import AudioError, ModelError
from vocable.nn import State
from vocable.nn.settings import plain_settings
from vocable.separation.conv_tasnet import ConvTasNet
from vocable.separation.order import STRETCH, Onsets
from vocable.separation.windows import OVERLAP, WINDOW, parted_in_windows


@dataclass(frozen=True)
class Parting:
    """Where a stream stands: a value, which may be used again."""

    network: State
    waiting: Float[Tensor, " samples"]  # that fill no frame yet
    late: int  # samples that came and whose parts have not
    onsets: Onsets


class Separator:
    """Part the speakers of recordings, each into a recording of their own, in the order of onset.

    one, two = vocable.load("./my-separator").separate("talk.flac")
    """

    def __init__(self, model: ConvTasNet, *, name: str = "separator", licence: str = "") -> None:
        self.model, self.name, self.licence = model, name, licence

    def __repr__(self) -> str:
        return f"<Separator {self.name} of {self.speakers} speakers on {self.device}>"

    @property
    def rate(self) -> int:
        """Hz that it reads, and above half of which its parts hold nothing."""
        return self.model.config.rate

    @property
    def speakers(self) -> int:
        """How many parts there are."""
        return self.model.config.speakers

    @property
    def steps(self) -> bool:
        """Whether it takes streams."""
        return self.model.config.causal

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.model.parameters()).device

    def separate(
        self, source: Any, *, rate: int | None = None, mix: bool = False, allow_loud: bool = False
    ) -> tuple[Audio, ...]:
        """Return the recording of each speaker, of the same length and rate, in order of onset.

        source, rate, allow_loud: see `Tokenizer.encode`. mix: average the channels first; without
        it a recording of several channels is refused. Speakers that are not there leave parts that
        are quiet; where the network is `consistent`, all parts add up to the recording, as far as
        its rate goes. AudioError for a recording that cannot be used.
        """
        with ExitStack() as cleanup:
            recording = open_recording(source, cleanup, rate=rate, allow_loud=allow_loud)
            parts = np.concatenate(list(self.parts(recording, mix=mix)), 1)
            if not parts.shape[1]:
                raise AudioError("audio has 0 samples; at least 1 is needed")
            return tuple(Audio(part, recording.rate, allow_loud=True) for part in parts)

    def parts(
        self, recording: Recording, *, mix: bool = False
    ) -> Iterator[Float32[np.ndarray, "speakers samples"]]:
        """Yield the parts of a recording of any length in order, at its rate, in bounded memory."""
        recording = self._one_channel(recording, mix)
        resampler = Resampler(self.rate, recording.rate, self.speakers)
        held, given = np.zeros((self.speakers, 0), np.float32), 0
        surplus = -(-recording.rate // self.rate) + 1  # samples at most that rounding adds
        for block in self._at_own_rate(recording):
            held = np.concatenate((held, resampler.step(block)), 1)
            ready = max(0, held.shape[1] - surplus)
            yield held[:, :ready]
            given, held = given + ready, held[:, ready:]
        held = np.concatenate((held, resampler.finish()), 1)
        yield held[:, : recording.samples - given]

    def start(self) -> Parting:
        """Return the state before the first sample of a stream at `rate` Hz.

        ModelError where the network reads all of a recording.
        """
        if not self.steps:
            raise ModelError(
                f"{self.name} reads all of a recording, so it takes no streams; use separate, or a "
                "causal one"
            )
        with _as_it_was_trained():
            return Parting(self.model.initial_state(1), torch.zeros(0), 0, self._onsets())

    def step(
        self, block: Float[Tensor, " samples"], state: Parting
    ) -> tuple[Float[Tensor, "speakers samples_out"], Parting]:
        """Return the parts that the next samples settle, and where the stream stands then.

        They come `late` samples after the sound (`model.config.late`); until a speaker has begun,
        up to 40 ms more.
        """
        _check_block(block)
        stride = self.model.stride_in
        with _as_it_was_trained():
            waiting = torch.cat((state.waiting, block.cpu().float()))
            ready = len(waiting) // stride * stride
            x = waiting[None, :ready, None].to(self.device)
            y, network = self.model.step(x, state.network)
            late = state.late + len(block) - y.shape[1]
            parts, onsets = state.onsets.push(y[0].T.cpu())
            after = Parting(network, waiting[ready:].clone(), late, onsets)
        return ordinary(parts), after

    def finish(self, state: Parting) -> Float[Tensor, "speakers rest"]:
        """Return the parts of the last samples."""
        with _as_it_was_trained():
            x = self._filled(state.waiting)
            y, network = self.model.step(x, state.network)
            y = torch.cat((y, self.model.finish(network)), 1)
            parts, _ = state.onsets.push(y[0, : state.late].T.cpu(), last=True)
        return ordinary(parts)

    def _one_channel(self, recording: Recording, mix: bool) -> Recording:
        if recording.channels > 1 and not mix:
            raise AudioError(
                f"the recording has {recording.channels} channels but a separator takes one; pass "
                "mix=True (--mix) for their mean, or encode them as they are if each is a speaker"
            )
        return recording.mono()

    def _at_own_rate(
        self, recording: Recording
    ) -> Iterator[Float32[np.ndarray, "speakers samples"]]:
        blocks = (block for block in recording.at(self.rate) if len(block))
        for parts in self._stepped(blocks) if self.steps else self._in_windows(blocks):
            yield parts.numpy()

    def _stepped(self, blocks: Iterable[Tensor]) -> Iterator[Tensor]:
        state = self.start()
        for block in blocks:
            parts, state = self.step(block, state)
            yield parts
        yield self.finish(state)

    def _in_windows(self, blocks: Iterable[Tensor]) -> Iterator[Tensor]:
        onsets = self._onsets()
        sizes = round(WINDOW * self.rate), round(OVERLAP * self.rate)
        for parts in parted_in_windows(self._whole, blocks, *sizes):
            done, onsets = onsets.push(parts)
            yield done
        yield onsets.push(onsets.waiting[:, :0], last=True)[0]

    def _whole(self, samples: Float[Tensor, " samples"]) -> Float[Tensor, "speakers samples"]:
        with _as_it_was_trained():
            y = self.model(self._filled(samples))[0, : len(samples)].T.cpu()
        return ordinary(y)

    def _onsets(self) -> Onsets:
        """Return what is known of onsets before the first sample."""
        none = torch.zeros(self.speakers, 0, dtype=torch.float32, device="cpu")
        return Onsets(round(STRETCH * self.rate), none)

    def _filled(self, samples: Float[Tensor, " samples"]) -> Float[Tensor, "1 filled 1"]:
        """Return samples with silence after them up to a whole frame."""
        filled = F.pad(samples, (0, -len(samples) % self.model.stride_in))
        return filled[None, :, None].to(self.device)


@contextmanager
def _as_it_was_trained() -> Iterator[None]:
    """Compute in fp32, without gradients, whatever the program around has set."""
    with plain_settings(), torch.inference_mode():
        yield


def _check_block(block: Any) -> None:
    if not isinstance(block, Tensor) or block.dim() != 1 or not block.is_floating_point():
        raise ModelError("a step takes a tensor [samples] of floats within ±1; give one of these")
    if not bool(block.isfinite().all()):
        raise AudioError("the block holds samples that are not finite; make all finite first")
