"""A transcriber: Whisper's sequences over tokens, which it learns and never leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import vocable
from vocable.errors import ModelError, TokenError
from vocable.language.config import TransformerConfig
from vocable.language.lessons import Lessons, Text
from vocable.language.stages.config import Part
from vocable.language.transcriber import Transcriber, TranscriberConfig, TranscriberGenerator
from vocable.load.own_language import save_language
from vocable.testing.block_examples import seeded
from vocable.tokens import AudioTokens, Level, TokenSpec, Transcript

CODEC = TokenSpec("toy@1:0a", 16_000, 640, 1, (Level(8), Level(9)), (1, 2))  # 25 frames/s
SIZES = {"width": 16, "layers": 2, "heads": 2, "hidden": 24, "context": 40}
CONFIG = TranscriberConfig(
    TransformerConfig(**SIZES, causal=False), TransformerConfig(**SIZES, cross=16),
    Part("acoustic", CODEC.to_dict(), 2), " abc",
)  # fmt: skip
TEXTS = ("ab", "cab", "a bab", "bc c")


def tokens(seed: int, frames: int = 8) -> AudioTokens:
    random = np.random.default_rng(seed)
    return AudioTokens(CODEC, [random.integers(0, n, (1, frames)) for n in (8, 9)])


def lesson(model: Transcriber, seed: int, frames: int = 8):
    return model.lesson({"acoustic": tokens(seed, frames)}, text=Text(TEXTS[seed]))


def transcriber() -> Transcriber:
    return seeded(lambda: Transcriber(CONFIG)).eval()


def test_a_lesson_is_whispers_sequence():
    made = lesson(transcriber(), 1, frames=10)  # 0.4 s
    ids = made.ids[:, -1]
    said = CONFIG.vocabulary.from_ids(ids[ids >= 0])
    assert isinstance(said, Transcript) and said.language == "en" and said.task == "transcribe"
    (passage,) = said.passages
    assert passage.ids == (3, 1, 2) and (passage.start, passage.end) == (0, 20) and said.ended
    assert (made.levels >= 0).sum() == (ids >= 0).sum() - 1
    german = transcriber().lesson({"acoustic": tokens(0)}, text=Text("a", "de"))
    assert german.ids[1, -1] == CONFIG.vocabulary.specials["language_de"]


def test_neither_padding_nor_neighbours_matter():
    model = transcriber()
    lessons = [lesson(model, k, 5 + 4 * k) for k in range(3)]
    told, alone = (model.nats(Lessons.of(lessons)), [model.nats(Lessons.of([x])) for x in lessons])
    torch.testing.assert_close(told.nats, torch.cat([each.nats for each in alone]))
    assert len(told.nats) == sum(int((each.levels >= 0).sum()) for each in lessons)
    heard = model.hear(Lessons.of(lessons))
    made = TranscriberGenerator(model, name="toy@1")
    assert heard == [made.transcribe(tokens(k, 5 + 4 * k)).text for k in range(3)]


def test_its_nats_are_torchs_own():
    model = transcriber()
    lessons = Lessons.of([lesson(model, 0)])
    ids = lessons.ids[0, :, -1]
    ids = ids[ids >= 0]
    states = model.encode(lessons.ids[..., :-1][:, :8], [8])[-1]
    hidden = model.decode(ids[None, :-1], [len(ids) - 1], states, [8])[-1]
    wanted = F.cross_entropy(model.logits(hidden)[0], ids[1:], reduction="none")
    torch.testing.assert_close(model.nats(lessons).nats, wanted)


@pytest.mark.parametrize("beam", [1, 3])
def test_untrained_it_still_writes_what_whisper_may(beam):
    made = TranscriberGenerator(transcriber(), name="toy@1")
    for k in range(3):
        found = made.transcribe(tokens(k), language="de", beam=beam)
        assert found.transcript.language == "de" and found.transcript.passages
        assert found.transcript.ended == (found.reason == "end")


def test_it_learns_four_texts(tmp_path):
    torch.manual_seed(0)
    model = Transcriber(CONFIG)
    lessons = Lessons.of([lesson(model, k, 8 + k) for k in range(4)])
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(75):
        optimizer.zero_grad()
        model.nats(lessons).nats.mean().backward()
        optimizer.step()
    assert model.eval().hear(lessons) == list(TEXTS)
    save_language(model, tmp_path / "model", "toy")
    loaded = vocable.load(tmp_path / "model")
    for k in range(4):
        found = loaded.transcribe(tokens(k, 8 + k), beam=1 + k % 2)
        assert found.text == TEXTS[k] and found.reason == "end"
        assert found.transcript.passages[0].end == 16 + 2 * k


def test_what_does_not_fit_is_refused_in_one_line():
    model = transcriber()
    made = TranscriberGenerator(model, name="toy@1")
    with pytest.raises(ModelError, match="sees 40 frames, but the recording has 41"):
        made.transcribe(tokens(0, 41))
    with pytest.raises(TokenError, match="nothing to hear"):
        made.transcribe(tokens(0, 0))
    for more in ({"language": "xx"}, {"beam": 0}):
        with pytest.raises(ModelError, match="one of Whisper's, as en"):
            made.transcribe(tokens(0), **more)
    for more in ({}, {"text": Text("a"), "ends": False}):
        with pytest.raises(TokenError, match="whole recordings with texts"):
            model.lesson({"acoustic": tokens(0)}, **more)
    with pytest.raises(TokenError, match="a time must be 0 to 1500 steps"):
        model.lesson({"acoustic": tokens(0, 800)}, text=Text("a"))
    with pytest.raises(TokenError, match="no id for language_xx"):
        model.lesson({"acoustic": tokens(0)}, text=Text("a", "xx"))
    with pytest.raises(ModelError, match="from 0 on"):
        replace(CONFIG, part=replace(CONFIG.part, first=1))
    with pytest.raises(ModelError, match="sees both sides"):
        replace(CONFIG, encoder=replace(CONFIG.encoder, causal=True))
