"""The ways of conversion, and the models of the package that they use, by name."""

WAYS = ("units", "frames", "pitch", "timbre")
UNITS, CODEC, VOCODER = "units-16k", "speech-16k", "unit-voice-16k"
