"""Fine-tune a model that says texts: durations and frames of one voice."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vocable.language.say import Disturbance, KnownVoice, Say, Sayer, Utterances, losses
from vocable.load.say import save_say, write_voices
from vocable.nn.lora import Adapter, Place
from vocable.speak.finetune.say.model import open_network, say_places
from vocable.speak.finetune.say.recipe import SayTuneRecipe
from vocable.speak.finetune.say.rows import SayExample, SayRows, make_examples
from vocable.speak.finetune.spoken import Spoken
from vocable.speak.finetune.task import FinetuneTask
from vocable.speak.finetune.verdicts import Scores
from vocable.speak.prepare.set import PreparedSet, Row
from vocable.text.languages import USUAL
from vocable.tokens import AudioTokens
from vocable.train.distributed import Distributed
from vocable.train.say.batches import batch_of, part_of

_NATS = math.log(2)
_VOICE = 40  # rows at most that the voice of the model is made of
_HEARD = 1  # seed of what is heard of the voice when held-out rows are judged


class SayTask(FinetuneTask):
    """A model that says texts, and the rows that it learns from."""

    speed = "frames_per_second"
    recipe: SayTuneRecipe
    network: Say

    def load_network(self) -> nn.Module:
        network, self.codec, self.description = open_network(self.recipe.check_model())
        return network

    def places(self) -> Sequence[Place]:
        return say_places(self.network)

    def setup(self, data: Path, folder: Path, distributed: Distributed) -> None:
        super().setup(data, folder, distributed)
        self._random = np.random.default_rng(self.recipe.seed + 1000 * distributed.rank)

    def prepare(self, rows: Sequence[Row], found: PreparedSet, folder: Path) -> SayRows:
        return make_examples(rows, found, self.codec, folder)

    def batch(self, examples: Sequence[SayExample]) -> Utterances:
        return self._batch(examples, self._random)

    def losses(self, batch: Utterances) -> dict[str, Tensor]:
        past = self.recipe.past
        return losses(self.network, batch, Disturbance(past.without, past.lost, past.noise))

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        own = self.recipe.weights
        return torch.stack([own.get(name, 1.0) * loss for name, loss in losses.items()]).sum()

    @torch.no_grad()
    def score(self, network: nn.Module, examples: Sequence[SayExample], step: int) -> Scores:
        """Return the bits of held-out frames; durations count for as many bits as they have."""
        assert isinstance(network, Say)
        random, bits, frames = np.random.default_rng(_HEARD), 0.0, 0
        for example in examples:
            batch = self._batch([example], random)
            for name, loss in losses(network, batch).items():
                count = batch.symbol_counts if name == "duration" else batch.frame_counts
                bits += float(loss) / _NATS * int(count)
            frames += example.length
        return Scores(bits / frames)

    def speak(self, network: nn.Module, examples: Sequence[SayExample]) -> Sequence[Spoken]:
        """Return texts as whoever has the adapter will hear them: merged, in the set's voice."""
        assert isinstance(network, Say)
        whole = copy.deepcopy(network)
        if isinstance(self.model, Adapter):
            self.model.merge(whole)
        speaker = Sayer(self.description.name, whole, self.codec, self._voice(network))
        rows = {row.file_name: row for row in self.set.rows}
        return [self._spoken(speaker, rows[each.name], each) for each in examples]

    def _spoken(self, speaker: Sayer, row: Row, example: SayExample) -> Spoken:
        audio = speaker.say(row.text, language=row.language, seed=self.recipe.seed)
        codes = AudioTokens(self.codec.spec, list(example.utterance.codes.T[:, None]))
        return Spoken(audio, self.codec.decode(codes), ended=True)

    def write_model(self, network: nn.Module, folder: Path, facts: dict[str, Any]) -> None:
        assert isinstance(network, Say)
        licence = {"licence": self.description.licence} if self.description.licence else {}
        save_say(
            network, folder, self.codec.spec.space, self.description.name,
            version=self.description.version, voices=self._voice(network),
            facts={**licence, "training": facts},
        )  # fmt: skip

    def export(self, model: nn.Module, folder: Path, facts: dict[str, Any]) -> str:
        name = super().export(model, folder, facts)
        if isinstance(model, Adapter) and self.train:
            with self._weights_of(model) as network:
                assert isinstance(network, Say)
                beside = folder / "adapter" if self.recipe.tuning.merge else folder
                write_voices(beside, self._voice(network))
        return name

    def state(self) -> dict[str, Any]:
        return {**super().state(), "random": dict(self._random.bit_generator.state)}

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self._random.bit_generator.state = dict(state["random"])

    def _batch(self, examples: Sequence[SayExample], random: np.random.Generator) -> Utterances:
        """Return a batch in which each voice is heard in another row of the same speaker."""
        references = []
        for example in examples:
            own = example.utterance
            others = [
                each.utterance.codes
                for each in self.train
                if each.utterance.speaker == own.speaker and each.name != own.name
            ] or [own.codes]
            codes = others[int(random.integers(len(others)))]
            references.append(part_of(codes, self.recipe.reference.frames, random))
        return batch_of([each.utterance for each in examples], references).to(self.device)

    @torch.no_grad()
    def _voice(self, network: Say) -> dict[str, KnownVoice]:
        """Return the voice of the set, as the network hears it; none where no set was read."""
        if not self.train:
            return {}
        name = self.set.about.speaker
        own = [each.utterance for each in self.train if each.utterance.speaker == name]
        found = own or [each.utterance for each in self.train]
        each_row = [
            network.voices(codes[None], torch.tensor([codes.shape[0]], device=self.device))[0]
            for codes in (
                torch.from_numpy(each.codes.astype(np.int64)).to(self.device)
                for each in found[:_VOICE]
            )
        ]
        numbers = torch.stack(each_row).mean(0).cpu()
        return {name: KnownVoice(numbers, self.set.about.language or USUAL)}
