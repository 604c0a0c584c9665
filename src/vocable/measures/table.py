"""List the measures that come with the package, in the order in which tables show them."""

from vocable.measures.cepstral import MCD
from vocable.measures.fundamental import F0_CENTS, F0_CORRELATION, F0_VOICING
from vocable.measures.mel import MEL_DISTANCE_DAC, MEL_DISTANCE_ENCODEC
from vocable.measures.neurograms import VISQOL_AUDIO, VISQOL_SPEECH
from vocable.measures.predicted import DNSMOS_BAK, DNSMOS_OVRL, DNSMOS_P808, DNSMOS_SIG, PLCMOS
from vocable.measures.registry import register
from vocable.measures.signal import SEGMENTAL_SNR, SI_SDR, SNR
from vocable.measures.spectral import LOG_SPECTRAL_DISTANCE, STFT_DISTANCE_DAC
from vocable.measures.speech import ESTOI, PESQ_NB, PESQ_WB, STOI

PREDICTED = (PESQ_WB, PESQ_NB, STOI, ESTOI, VISQOL_SPEECH, VISQOL_AUDIO)
WITHOUT_REFERENCE = (DNSMOS_OVRL, DNSMOS_SIG, DNSMOS_BAK, DNSMOS_P808, PLCMOS)
# The rest compares signals, not what a listener makes of them.
SPECTRA = (MEL_DISTANCE_DAC, MEL_DISTANCE_ENCODEC, STFT_DISTANCE_DAC, LOG_SPECTRAL_DISTANCE)
SPEECH = (MCD, F0_CENTS, F0_CORRELATION, F0_VOICING)
WAVEFORMS = (SI_SDR, SNR, SEGMENTAL_SNR)

for measure in (*PREDICTED, *WITHOUT_REFERENCE, *SPECTRA, *SPEECH, *WAVEFORMS):
    register(measure)
