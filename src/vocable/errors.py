"""The exceptions that vocable raises for what a caller can get wrong.

VocableError
├── AudioError    a recording cannot be read, written or used                  (also ValueError)
├── TokenError    tokens, a token spec, a layout or ids do not fit together    (also ValueError)
├── FormatError   a token file is damaged, hostile, newer, or not a token file (also ValueError)
├── ModelError    a model, a checkpoint or a block cannot be used in this way  (also ValueError)
├── MeasureError  a measure is not defined for this input                      (also ValueError)
└── RecipeError   a recipe, a manifest or a training run cannot be used        (also ValueError)

A message is one line: what was wanted, what came, what to do. For a file that does not exist, is a
folder, or exists already, the built-in exceptions are raised as they are: FileNotFoundError,
IsADirectoryError, FileExistsError.
"""


class VocableError(Exception):
    """The base class of all exceptions of vocable."""


class AudioError(VocableError, ValueError):
    """A recording cannot be read, written or used."""


class TokenError(VocableError, ValueError):
    """Tokens, a token spec, a layout or ids do not fit together."""


class FormatError(VocableError, ValueError):
    """A token file is damaged, hostile, newer than this version, or not a token file."""


class ModelError(VocableError, ValueError):
    """A model, a checkpoint or a block cannot be used in this way."""


class MeasureError(VocableError, ValueError):
    """A measure is not defined for this input."""


class RecipeError(VocableError, ValueError):
    """A recipe, a manifest or a training run cannot be used."""
