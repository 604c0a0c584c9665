"""A codec at numbers of its levels: names, bits, identity, tokens that are kept, encoding once."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.evaluate.made_up import RATE, SPEC, Steps, recording, sound
from tests.evaluate.sweep.fakes import write_clip
from vocable.audio import Audio
from vocable.errors import TokenError
from vocable.evaluate.sweep import read_kept, sweep
from vocable.evaluate.sweep.keys import key_of_tokens
from vocable.evaluate.systems import CodecSystem, FunctionSystem, codec_systems
from vocable.evaluate.systems.tokenizer import evenly
from vocable.tokens import AudioTokens, Level, TokenSpec


@dataclass(frozen=True)
class Counting(Steps):
    """Writes a line to a file for each recording that is encoded."""

    calls: str

    def encode(self, source: Audio) -> AudioTokens:
        with open(self.calls, "a") as file:
            file.write("encoded\n")
        return super().encode(source)


def half(audio: Audio) -> Audio:
    return Audio(audio.samples / 2, audio.rate)


def test_levels_share_what_is_encoded_and_keep_their_tokens(tmp_path: Path):
    calls = tmp_path / "calls"
    systems = codec_systems(Counting, (str(calls),), SPEC)
    clips = [write_clip(tmp_path, name) for name in "ab"]
    study = sweep(systems, clips, tmp_path / "out", measures=["si_sdr"])
    assert calls.read_text() == "encoded\n" * 2
    assert study.systems == ("steps, 1 level", "steps, 2 levels")
    assert study.families() == {"steps": list(study.systems)}
    for levels, one in zip((1, 2), study.results, strict=False):
        tokens = Steps().encode(clips[0].read()).first(levels)
        assert read_kept(tmp_path / "out", one.tokens) == tokens
        assert one.bitrate == pytest.approx(100 * (4 if levels == 1 else 14))


def test_identity_is_the_weights_the_levels_and_the_version_of_the_code():
    one, two = codec_systems(Steps, (), SPEC)
    assert one.identity("any")["space"] == "steps@1:0a1b" and one.identity("any")["levels"] == 1
    others = [two, replace(one, spec=replace(SPEC, space="steps@2:0a1b"))]
    others.append(replace(one, weights="0a1b"))  # as of another decoder, which keeps the space
    assert all(each.identity("any") != one.identity("any") for each in others)
    assert replace(one, label="mine").identity("any") == one.identity("any")
    assert replace(one, label="mine").name == "mine, 1 level"


def test_four_numbers_of_levels_are_chosen_from_all():
    many = TokenSpec("many@1:0a", RATE, 80, 1, (Level(4),) * 8, tuple(range(1, 9)))
    assert [each.levels for each in codec_systems(Steps, (), many)] == [1, 3, 6, 8]
    assert [each.levels for each in codec_systems(Steps, (), many, [8, 2, 8])] == [2, 8]
    with pytest.raises(TokenError, match="9"):
        codec_systems(Steps, (), many, [9])


@pytest.mark.parametrize(
    ("most", "found"), [(1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (12, list(range(10)))]
)
def test_evenly_spaced_items_hold_both_ends(most, found):
    assert evenly(list(range(10)), most) == found


def test_tokens_are_told_apart_by_all_that_decoding_depends_on():
    tokens = Steps().encode(sound(0.1))
    others = [
        tokens.first(1),
        tokens[:5],
        Steps().encode(sound(0.1, seed=1)),
        AudioTokens(replace(SPEC, space="steps@2:0a1b"), tokens.stacks, source=tokens.source),
        AudioTokens(SPEC, tokens.stacks),
    ]
    keys = {key_of_tokens(each) for each in (tokens, *others)}
    assert len(keys) == 6 and key_of_tokens(Steps().encode(sound(0.1))) in keys


def test_a_function_is_a_system():
    system = FunctionSystem("half", half, kbps=2.0)
    made = system.open()(recording(audio=sound(0.5)))
    assert made.audio == half(sound(0.5)) and made.bits == 1000
    assert system.family == "half" and FunctionSystem("half", half, group="mine").family == "mine"
    assert FunctionSystem("half", half).open()(recording()).bits is None
    assert system.identity("any") != FunctionSystem("half", half, version="2").identity("any")
    assert system.identity("any")["function"].endswith("test_tokenizer.half")
    assert isinstance(codec_systems(Steps, (), SPEC)[0], CodecSystem)
