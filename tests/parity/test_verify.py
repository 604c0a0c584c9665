"""`vocable verify` compares a checkpoint with its reference: toys, in each one's own files."""

from __future__ import annotations

import pytest
import torch

from tests.parity.bigcodec_networks import Networks
from tests.parity.checkpoints import write_hub_folder, write_original
from tests.parity.peers import peer
from tests.parity.randomise import randomise
from vocable.audio import Audio
from vocable.testing.verify import noise_and_tones, verify

ENCODEC = dict(num_filters=4, upsampling_ratios=[4, 2], hidden_size=16, codebook_size=32)
STEREO = dict(
    use_causal_conv=False, audio_channels=2, norm_type="time_group_norm", normalize=True,
    chunk_length_s=0.01, overlap=0.1, target_bandwidths=[15.0, 60.0],
)  # fmt: skip
MIMI = dict(
    num_filters=4, upsampling_ratios=[3, 2], hidden_size=32, codebook_size=64, codebook_dim=16,
    vector_quantization_hidden_dimension=16, num_quantizers=8, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=4, head_dim=8, intermediate_size=64,
    upsample_groups=32, sliding_window=20,
)  # fmt: skip
DAC = dict(
    encoder_dim=4, encoder_rates=[2, 4, 8, 8], latent_dim=64, decoder_dim=64,
    decoder_rates=[8, 8, 4, 2], n_codebooks=4, codebook_size=64, codebook_dim=8,
    quantizer_dropout=True, sample_rate=44_100,
)  # fmt: skip
SNAC = dict(
    sampling_rate=8000, encoder_dim=16, encoder_rates=[2, 3], decoder_dim=128, decoder_rates=[3, 2],
    codebook_size=64, attn_window_size=None, vq_strides=[4, 2, 1],
)  # fmt: skip


def of_hub(kind, **options):
    transformers = peer("transformers")
    config = getattr(transformers, f"{kind}Config")(**options)
    return getattr(transformers, f"{kind}Model")(config)


def of_moshi():
    peer("moshi")
    from moshi.models import loaders
    from moshi.utils.compile import no_compile

    with no_compile():
        return loaders.get_mimi(None, loaders._mimi_config, num_codebooks=32)


SPEECHTOKENIZER = dict(
    n_filters=4, strides=[8, 5, 4, 2], dimension=32, semantic_dimension=12, bidirectional=True,
    dilation_base=2, residual_kernel_size=3, n_residual_layers=1, lstm_layers=2, activation="ELU",
    codebook_size=64, n_q=4, sample_rate=16_000,
)  # fmt: skip


REFERENCES = {
    "EnCodec": lambda: of_hub("Encodec", target_bandwidths=[15.0, 30.0, 60.0], **ENCODEC),
    "EnCodec stereo": lambda: of_hub("Encodec", **ENCODEC, **STEREO),
    "Mimi": lambda: of_hub("Mimi", **MIMI),
    "DAC": lambda: of_hub("Dac", encoder_hidden_size=4, decoder_hidden_size=64, hidden_size=64),
    "SNAC": lambda: peer("snac").SNAC(**SNAC),
    "EnCodec, encodec": lambda: peer("encodec").EncodecModel.encodec_model_24khz(pretrained=False),
    "EnCodec 48, encodec": lambda: peer("encodec").EncodecModel.encodec_model_48khz(
        pretrained=False
    ),
    "DAC, descript": lambda: peer("dac").DAC(**DAC),
    "Mimi, moshi": of_moshi,
    "SpeechTokenizer, its package": lambda: peer("speechtokenizer").SpeechTokenizer(
        SPEECHTOKENIZER
    ),
    "BigCodec, bigcodec": lambda: Networks(
        ngf=4, strides=(2, 5), latent=8, channels=16, lstm_layers=1, size=32, width=4
    ),
}

# what is written beside the weights
STATED = {"DAC, descript": DAC, "SpeechTokenizer, its package": SPEECHTOKENIZER}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_checkpoint_of_a_reference_is_verified(name, tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    made = REFERENCES[name]()
    model = randomise(made, seed=1)
    if isinstance(model, Networks):
        path = model.write(tmp_path / "x" / "bigcodec.pt")
    elif "," in name:
        path = write_original(model, tmp_path / "x", **STATED.get(name, {}))
    else:
        path = write_hub_folder(model, tmp_path / "x")
    audio = noise_and_tones()
    short = Audio(audio.samples[:, : audio.rate // 5], audio.rate)
    checks = {check.what: check for check in verify(path, short)}
    hash = checks.pop("hash")
    assert hash.verdict == "not checked"
    assert {check.verdict for check in checks.values()} == {"ok"}, checks
    assert "codes of" in checks["reference"].details


def test_a_checkpoint_that_is_read_wrongly_is_noticed(tmp_path, monkeypatch):
    """The reference hears a difference that no law sees: one entry of the decoder, moved."""
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    path = write_hub_folder(randomise(REFERENCES["EnCodec"](), seed=1), tmp_path / "x")
    from vocable.codecs.keys import encodec as keys

    read = keys.read

    def wrongly(checkpoint, recognised):
        tensors = read(checkpoint, recognised)
        key = next(key for key in tensors if key.startswith("decoder.") and key.endswith("bias"))
        return tensors | {key: tensors[key] + 0.5}

    monkeypatch.setattr(keys, "read", wrongly)
    audio = Audio(noise_and_tones().samples[:, :24_000], 48_000)
    checks = {check.what: check.verdict for check in verify(path, audio)}
    assert checks.pop("reference") == "failed"
    assert "failed" not in checks.values()
    assert torch.is_grad_enabled()
