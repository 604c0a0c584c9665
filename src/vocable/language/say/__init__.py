"""Say: a small model that says phones, or units, in the tokens of a speech codec."""

from vocable.language.say.config import SayConfig
from vocable.language.say.loss import Disturbance, losses
from vocable.language.say.model import Say, Utterances
from vocable.language.say.sayer import Sayer
from vocable.language.say.speaking import Manner, Planned, plan, say
from vocable.language.say.steps import Steps
from vocable.language.say.unit_rows import unit_rows
from vocable.language.say.unit_sayer import UnitSayer
from vocable.language.say.voiced import KnownVoice

__all__ = [
    "Disturbance",
    "KnownVoice",
    "Manner",
    "Planned",
    "Say",
    "SayConfig",
    "Sayer",
    "Steps",
    "UnitSayer",
    "Utterances",
    "losses",
    "plan",
    "say",
    "unit_rows",
]
