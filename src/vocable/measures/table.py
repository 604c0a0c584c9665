"""List the measures that come with the package, in the order in which tables show them."""

from math import inf

from vocable.measures.neurograms import AUDIO_RATE, LONGEST, SPEECH_RATE, visqol
from vocable.measures.registry import Measure, register
from vocable.measures.signal import SI_SDR_CAP, si_sdr
from vocable.measures.spectral import MEL_MIN_RATE, log_spectral_distance, mel_distance
from vocable.measures.speech import PESQ_LONGEST, PESQ_RATE, STOI_MIN_RATE, pesq_wb, stoi

register(
    Measure(
        "pesq_wb",
        pesq_wb,
        about="quality of decoded speech as listeners would rate it, ITU-T P.862.2",
        unit="MOS-LQO",
        direction="up",
        range=(1.0, 4.644),
        needs="pesq",
        rate=PESQ_RATE,
        longest=PESQ_LONGEST,
        digits=2,
    )
)
register(
    Measure(
        "stoi",
        stoi,
        about="intelligibility of decoded speech, Taal et al. 2011",
        unit="",
        direction="up",
        range=(0.0, 1.0),
        needs="eval",
        min_rate=STOI_MIN_RATE,
    )
)
register(
    Measure(
        "visqol_speech",
        lambda reference, degraded, rate: visqol(reference, degraded, rate, mode="speech"),
        about="quality of speech as listeners would rate it, ViSQOL 3 (exponential)",
        unit="MOS-LQO",
        direction="up",
        range=(1.0, 5.0),
        rate=SPEECH_RATE,
        longest=LONGEST,
        default=False,
        digits=2,
    )
)
register(
    Measure(
        "visqol_audio",
        lambda reference, degraded, rate: visqol(reference, degraded, rate, mode="audio"),
        about="quality of any sound as listeners would rate it, ViSQOL 3 (SVR)",
        unit="MOS-LQO",
        direction="up",
        range=(1.0, 4.74),
        rate=AUDIO_RATE,
        longest=LONGEST,
        default=False,
        digits=2,
    )
)
# The rest compares signals, not what a listener makes of them, so it is computed only when named.
register(
    Measure(
        "mel_distance",
        mel_distance,
        about="distance of log-mel spectra in seven resolutions, Kumar et al. 2023 (DAC)",
        unit="log10",
        direction="down",
        range=(0.0, inf),
        min_rate=MEL_MIN_RATE,
        default=False,
    )
)
register(
    Measure(
        "log_spectral_distance",
        lambda reference, degraded, rate: log_spectral_distance(reference, degraded),
        about="distance of log power spectra (× 10: dB), Gray and Markel 1976",
        unit="log10",
        direction="down",
        range=(0.0, inf),
        default=False,
    )
)
register(
    Measure(
        "si_sdr",
        lambda reference, degraded, rate: si_sdr(reference, degraded),
        about="likeness of the waveform up to a gain, Le Roux et al. 2019",
        unit="dB",
        direction="up",
        range=(-SI_SDR_CAP, SI_SDR_CAP),
        default=False,
        digits=1,
    )
)
