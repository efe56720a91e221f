"""One flat family of errors: each says what was wrong, where, and what to do.

No message may hold a client's value: name tables, columns and rows instead.
"""

__all__ = [
    "CareNotebookError",
    "CareNotebookWarning",
    "CaseError",
    "DataError",
    "DisclosureError",
    "LetterError",
    "MappingError",
    "MissingDataError",
    "OptionError",
    "RuleError",
]


class CareNotebookError(Exception):
    """Base of every error that a user of carenotebook can cause and can mend."""


class CareNotebookWarning(UserWarning):
    """The answer stands, but the data may not mean what it seems to say."""


class CaseError(CareNotebookError):
    """A case study, or a saved play, is malformed; each line names the file, line and fault."""


class DataError(CareNotebookError):
    """A file, folder or frame cannot be read as what it was said to be."""


class LetterError(CareNotebookError):
    """A letter's template or its facts are malformed; each line names the place and the fault."""


class MappingError(CareNotebookError):
    """A mapping does not fit the columns it speaks of, or is not a mapping."""


class MissingDataError(CareNotebookError):
    """A term or method needs a table or a column that the cohort does not have."""


class OptionError(CareNotebookError):
    """An argument has a value that it cannot take."""


class RuleError(CareNotebookError):
    """A criterion is malformed, or asks for something that has no exact meaning."""


class DisclosureError(CareNotebookError):
    """Something would leave that could identify a client."""
