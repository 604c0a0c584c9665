"""Judge systems by what they made, over sets of recordings.

token_use           how each level is used, and four bitrates
stability           shares of tokens that stay when recordings are disturbed
what_levels_carry   what scores lose when a level is dropped, or taken from another recording
phones_told         phone and cluster purity and PNMI of each level, where phones are known
transcribe, word_errors
                    what a recogniser hears before and after decoding
voices_kept, verify whether voices stay, and how often the embedding confuses speakers
random_weights      a model that has learnt nothing, the baseline of the others
bootstrap_interval, paired_interval, ratio_interval, standard_error
                    whether a difference is more than chance
"""

from vocable.evaluate.intervals import (
    Interval,
    bootstrap_interval,
    paired_interval,
    ratio_interval,
    standard_error,
)
from vocable.evaluate.levels import Carried, LevelsReport, what_levels_carry
from vocable.evaluate.phones import PhonesOfLevel, PhonesTold, phones_told
from vocable.evaluate.random_weights import random_weights
from vocable.evaluate.recording import Recording, Refusal
from vocable.evaluate.speakers import Verification, VoiceKept, Voices, verify, voices_kept
from vocable.evaluate.stability import (
    Stability,
    add_noise,
    amplify,
    delay_by,
    reencode,
    stability,
    usual_disturbances,
)
from vocable.evaluate.token_use import Bitrates, LevelUse, TokenUse, token_use
from vocable.evaluate.words import (
    ErrorRate,
    Transcribed,
    Transcripts,
    WordErrors,
    transcribe,
    word_errors,
)

__all__ = [
    "Bitrates",
    "Carried",
    "ErrorRate",
    "Interval",
    "LevelUse",
    "LevelsReport",
    "PhonesOfLevel",
    "PhonesTold",
    "Recording",
    "Refusal",
    "Stability",
    "TokenUse",
    "Transcribed",
    "Transcripts",
    "Verification",
    "VoiceKept",
    "Voices",
    "WordErrors",
    "add_noise",
    "amplify",
    "bootstrap_interval",
    "delay_by",
    "paired_interval",
    "phones_told",
    "random_weights",
    "ratio_interval",
    "reencode",
    "stability",
    "standard_error",
    "token_use",
    "transcribe",
    "usual_disturbances",
    "verify",
    "voices_kept",
    "what_levels_carry",
    "word_errors",
]
