"""Codecs in the form of `transformers`: code written for its audio tokenizers runs unchanged.

    from vocable.auto import AutoFeatureExtractor, AutoModelForAudioTokenization

    model = AutoModelForAudioTokenization.from_pretrained("speech-16k")
    extractor = AutoFeatureExtractor.from_pretrained("speech-16k")
    inputs = extractor([speech, other], sampling_rate=16_000, return_tensors="pt")
    codes = model.encode(**inputs).audio_codes          # [batch, levels, frames]
    sound = model.decode(codes, **inputs).audio_values  # [batch, channels, samples]

Names are what `vocable.load` takes. What differs from `transformers`, on purpose: each item of a
batch has the codes that it has alone; where the padding mask is given, decoding gives exactly the
samples of each item and zeros behind them, and whole frames where it is not; `audio_values` always
has a dimension of channels; and nothing is trained this way (use `codec.model`).

    model       encode, decode, both in one call
    extractor   samples to tensors and their padding mask
    outputs     what the model returns
"""

from vocable.auto.extractor import AutoFeatureExtractor as AutoFeatureExtractor
from vocable.auto.model import AutoModelForAudioTokenization as AutoModelForAudioTokenization
