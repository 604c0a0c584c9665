"""Ask tokens what they tell: train small nets on frozen tokens, as DASB does, and test them.

probe                   trains what is missing of tasks × inputs × heads × seeds
summarise               mean and deviation over seeds, one row for each probe
tasks_of                the tasks that sets of clips can answer, and why not the others
Task, Fold, Example     a task of your own; goals are `Classify`, `Verify`, `Phones`, `Spell` and
                        `Separate`
TokenInput, LogMels     what probes read; `Kept` keeps it
Store, Outcome          what they found, in a file
"""

from vocable.evaluate.probes.classes import Classify, Verify
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.goal import Answer, Goal, Learnt
from vocable.evaluate.probes.inputs import Heard, Input, LogMels, TokenInput
from vocable.evaluate.probes.kept import Kept
from vocable.evaluate.probes.mixtures import Separate
from vocable.evaluate.probes.outcome import Outcome, Store
from vocable.evaluate.probes.run import probe
from vocable.evaluate.probes.sequences import Phones, Spell
from vocable.evaluate.probes.sets import Asked, tasks_of
from vocable.evaluate.probes.sound import Mixed, Recorded, Sound
from vocable.evaluate.probes.summary import Row, summarise
from vocable.evaluate.probes.task import Fold, Task
from vocable.evaluate.probes.training import Settings

__all__ = [
    "Answer",
    "Asked",
    "Classify",
    "Example",
    "Fold",
    "Goal",
    "Heard",
    "Input",
    "Kept",
    "Learnt",
    "LogMels",
    "Mixed",
    "Outcome",
    "Phones",
    "Recorded",
    "Row",
    "Separate",
    "Settings",
    "Sound",
    "Spell",
    "Store",
    "Task",
    "TokenInput",
    "Verify",
    "probe",
    "summarise",
    "tasks_of",
]
