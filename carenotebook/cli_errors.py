"""How a command tells a user of a mistake: one line on standard error, and an exit code."""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from carenotebook.core.errors import CareNotebookError, CareNotebookWarning, OptionError
from carenotebook.core.oserrors import reason_of, why_unreadable

UNEXPECTED, USAGE, DATA, RULE, OUTPUT, MAPPING, CASE, DIFFERS, LETTER = 1, 2, 3, 4, 5, 6, 7, 8, 9
INTERRUPTED = 130

EXIT_CODES = """\
exit codes:
  0  done
  1  unexpected: a fault of carenotebook
  2  usage: an option is missing or has a value that it cannot take
  3  the data could not be read
  4  the rule was refused: malformed, or it needs data that the cohort does not have
  5  the output could not be written
  6  the columns are not carenotebook's and no mapping was given: one is suggested
  7  a case study, or a saved play of one, was refused
  8  a dossier that was verified differs from what its manifest and the data make
  9  a letter, or what was to be put into it, was refused
  130  interrupted
"""


Said = Sequence[tuple[str, str]]
"""Patterns of what a message of Python's calls something, and what the command line calls it."""


def in_options(message: str, said: Said) -> str:
    r"""A message in the words of the command line: options in place of arguments.

    Examples
    --------
    >>> in_options("top= is a number.", ((r"\btop=", "--top"),))
    '--top is a number.'
    """
    for pattern, words in said:
        message = re.sub(pattern, words, message)
    return message


def whole_number(text: str) -> int:
    """An option's whole number, refused in words where it is none."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number; give one in digits, such as 20"
        ) from None


def number(text: str) -> float:
    """An option's number, refused in words where it is none."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number; give one in digits, such as 12 or 12.5"
        ) from None


CODES_BELOW: dict[str, Any] = {
    "epilog": EXIT_CODES,
    "formatter_class": argparse.RawDescriptionHelpFormatter,
}
"""What a parser of a command takes so that its help ends in the exit codes."""


class Failure(Exception):  # noqa: N818 - it carries an exit code
    """A user's mistake, on its way to one line and an exit code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def failing(code: int, said: Said = ()) -> Iterator[None]:
    """Turn a mistake within the block into an exit code; a wrong option is always a usage error."""
    try:
        yield
    except OptionError as error:
        raise Failure(USAGE, in_options(str(error), said)) from None
    except CareNotebookError as error:
        raise Failure(code, in_options(str(error), said)) from None
    except OSError as error:
        raise Failure(code, f"{error.filename or 'a file'}: {why_unreadable(error)}") from None


@contextmanager
def warnings_told() -> Iterator[None]:
    """Print our warnings of the block, each once, as lines like those of errors."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CareNotebookWarning)
        yield
    for text in dict.fromkeys(str(w.message) for w in caught):
        print(f"carenotebook: warning: {text}", file=sys.stderr)


def usage(message: str) -> NoReturn:
    """Stop: an option is missing or has a value that it cannot take."""
    raise Failure(USAGE, message)


def check_html(output: Path | None, what: str) -> None:
    """Stop before the work if what is written as HTML is to have another ending."""
    if output is not None and output.suffix.lower() not in {".html", ".htm"}:
        usage(f"-o {output}: {what} is written as .html.")


def write(text: str, output: Path) -> None:
    """Write a file whole or not at all."""
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        unfinished.replace(output)
    except OSError as error:
        raise Failure(OUTPUT, f"{output}: it cannot be written ({reason_of(error)}).") from None
    finally:
        unfinished.unlink(missing_ok=True)
