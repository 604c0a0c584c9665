"""CSM gives what transformers and Sesame's own code give: logits, losses, greedy frames, sound."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import vocable
from tests.language.csm import references, sesame
from tests.language.csm.references import LEVELS, SIZE, TEXT
from vocable.language.csm import Utterance, csm_loss
from vocable.language.engine import Engine, Prompt
from vocable.language.sampling import GREEDY

CLOSE = {"atol": 1e-5, "rtol": 1e-4}


def conversation(time=30, batch=2, seed=0):
    """Ids `[batch, time, levels + 1]`: text, frames, text, frames."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.full((batch, time, LEVELS + 1), -1)
    frames = torch.randint(0, SIZE, (batch, time, LEVELS), generator=generator)
    text = torch.randint(0, TEXT, (batch, time), generator=generator)
    for start, stop, spoken in ((0, 5, False), (5, 15, True), (15, 18, False), (18, time, True)):
        if spoken:
            ids[:, start:stop, :-1] = frames[:, start:stop]
        else:
            ids[:, start:stop, -1] = text[:, start:stop]
    return ids


def theirs_embedded(reference, ids):
    sound = reference.backbone_model.embed_tokens(ids[..., :-1].clamp(min=0))
    text = reference.embed_text_tokens(ids[..., -1].clamp(min=0))
    return torch.where(ids[..., -1:] >= 0, text, sound)


@torch.no_grad()
def test_logits_of_the_backbone(pair):
    ids = conversation()
    wanted = pair.reference(inputs_embeds=theirs_embedded(pair.reference, ids))
    torch.testing.assert_close(pair.ours.network(ids).logits, wanted.logits, **CLOSE)


@torch.no_grad()
def test_logits_of_the_depth_model(pair):
    frames, hidden = conversation()[0, 18:, :-1], torch.randn(12, 32)
    theirs = torch.nn.functional.pad(frames[:, :-1], (1, 0))
    wanted = pair.reference.depth_decoder(
        theirs, backbone_last_hidden_state=hidden, use_cache=False
    )
    found = pair.ours.network.deep_logits(hidden, frames)
    torch.testing.assert_close(found, wanted.logits, **CLOSE)


@torch.no_grad()
def test_sesames_own_code(reference, tmp_path):
    """The oracle reads Sesame's tensors as they lie in its file: no map of keys stands between."""
    folder = references.write_sesame(reference, tmp_path)
    tensors = load_file(folder / "model.safetensors")
    ours, ids = vocable.load(folder).network, conversation()
    hidden, logits = sesame.backbone(tensors, ids.clamp(min=0), ids >= 0, heads=4)
    output = ours(ids)
    torch.testing.assert_close(output.hidden, hidden, **CLOSE)
    torch.testing.assert_close(output.logits, logits, **CLOSE)
    frames = ids[:, 18:, :-1].flatten(0, 1)
    before = hidden[:, 17:-1].flatten(0, 1)
    wanted = sesame.depth(tensors, before, frames, heads=2)
    torch.testing.assert_close(ours.deep_logits(before, frames), wanted, **CLOSE)


def test_losses(pair):
    """Labels that both read alike: -100 in every level of text, in all but the first of others."""
    ids, lengths = conversation(), [30, 24]
    counted = ids[..., 0] >= 0
    counted[1, lengths[1] :] = False
    deep = counted & (torch.arange(30) % 3 == 0)
    labels = torch.where(counted[..., None], ids[..., :-1], -100)
    labels[..., 1:] = torch.where(deep[..., None], labels[..., 1:], -100)
    wanted = pair.reference(inputs_embeds=theirs_embedded(pair.reference, ids), labels=labels)
    found = csm_loss(pair.ours.network, ids, counted, deep, lengths)
    torch.testing.assert_close(found.first, wanted.backbone_loss, **CLOSE)
    torch.testing.assert_close(found.rest, wanted.depth_decoder_loss, **CLOSE)
    torch.testing.assert_close(found.total, wanted.loss, **CLOSE)


def theirs_generated(reference, ids, most, **options):
    """Greedy frames of transformers, `[batch, most, levels]`."""
    reference.generation_config.eos_token_id = None
    with torch.no_grad():
        return reference.generate(
            ids, max_new_tokens=most, do_sample=False, depth_decoder_do_sample=False, **options
        )


def test_greedy_frames_of_texts(pair):
    """Two texts of unequal length: theirs padded on the left, ours beside each other."""
    texts = [[3, 4, 5, 6, 7], [8, 9]]
    padded = torch.full((2, 7), 32)
    for row, text in zip(padded, texts, strict=True):
        row[5 - len(text) :] = torch.tensor([30, *text, 31])
    wanted = theirs_generated(pair.reference, padded, 10, attention_mask=(padded != 32).long())
    engine = pair.ours.start_engine(2)
    sessions = [
        pair.ours.generate([Utterance(0, text)], sampling=GREEDY, most=10, engine=engine)
        for text in texts
    ]
    for session, frames in zip(sessions, wanted.numpy(), strict=True):
        found = np.stack(list(session))
        assert session.reason == "length" and len(np.unique(found)) > LEVELS
        np.testing.assert_array_equal(found, frames)


def test_a_voice_is_heard_and_answered(speaker, reference):
    """From recordings to sound: encoded, prompted, generated greedily, decoded."""
    frame, generator = speaker.codec.frame, torch.Generator().manual_seed(4)
    voice = 0.3 * torch.randn(1, 1, 6 * frame, generator=generator)
    prompt = torch.tensor([[30, 3, 4, 31, *[32] * 6, 33, 30, 5, 6, 7, 31]])
    wanted = theirs_generated(
        reference, prompt, 9, input_values=voice, output_audio=True,
        input_values_cutoffs=torch.tensor([[6 * frame]]), attention_mask=torch.ones_like(prompt),
    )  # fmt: skip
    heard = speaker.codec.encode(voice[0], rate=24_000)
    utterances = [Utterance(0, [3, 4], heard), Utterance(1, [5, 6, 7])]
    blocks = list(speaker.speak(utterances, sampling=GREEDY, most=9))
    found = np.concatenate(blocks, 1)
    assert found.shape == (1, 9 * frame) and found.std() > 0
    np.testing.assert_allclose(found[0], wanted[0], atol=1e-4 * max(1, abs(found).max()))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_published_size_in_bf16_on_disk(tmp_path):
    """1.6 G random weights; both compute in fp32, one after the other, so that 9 GB suffice."""
    transformers = pytest.importorskip("transformers")
    rope = {"rope_parameters": references.BACKBONE}
    depth = {"rope_parameters": references.DEPTH}
    codec = references.TOY["codec_config"] | {
        "codebook_size": 2048, "num_quantizers": 32, "upsampling_ratios": [8, 6, 5, 4]
    }  # fmt: skip
    config = transformers.CsmConfig(**rope, depth_decoder_config=depth, codec_config=codec)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        reference = transformers.CsmForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(torch.float32)
    reference.save_pretrained(tmp_path)
    reference = reference.float().eval()
    text = torch.tensor([[128_000, 5, 60_000, 700, 128_001]])
    frames = theirs_generated(reference, text, 2, attention_mask=torch.ones_like(text))
    ids = torch.full((1, 7, 33), -1)
    ids[0, :5, -1], ids[0, 5:, :-1] = text, frames
    with torch.no_grad():
        wanted = reference(inputs_embeds=theirs_embedded(reference, ids)).logits
    del reference
    ours = vocable.load(tmp_path)
    assert (ours.name, ours.dtype) == ("csm-1b", torch.bfloat16)
    ours.network.float()
    with torch.no_grad():
        torch.testing.assert_close(ours.network(ids).logits, wanted, atol=1e-4, rtol=1e-4)
    session = Engine(ours.network, 1, context=8).join(
        Prompt(ids[0, :5]), sampling=GREEDY, most=2, follow=lambda frame: np.append(frame, -1)
    )
    np.testing.assert_array_equal(np.stack(list(session)), frames[0])
