"""The text of a case file as plain data, with the line of everything in it.

Nothing is constructed from a tag and nothing is ever executed. Aliases, keys that stand twice and
characters that a terminal would obey are refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from carenotebook.core.oserrors import why_unreadable

Place = tuple[str | int, ...]

LARGEST = 400_000
"""Characters; a case that a person can play is far shorter."""

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}")
_NESTED = re.compile(r"(?:[\[{]\s*){40}")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong with a case file, and where.

    Attributes
    ----------
    file : str
    line : int
        The first line is 1; 0 is the file as a whole.
    message : str
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}: {self.message}"


@dataclass(frozen=True)
class Located:
    """Plain data, and the line of each place in it."""

    file: str
    data: Any
    lines: Mapping[Place, int]

    def problem(self, place: Place, message: str) -> Problem:
        """A problem at a place, or at the nearest place around it that has a line."""
        for end in range(len(place), -1, -1):
            if place[:end] in self.lines:
                return Problem(self.file, self.lines[place[:end]], message)
        return Problem(self.file, 1, message)


class Unreadable(Exception):  # noqa: N818 - it carries a problem to the caller
    """The text is no YAML of the plain kind."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


def read_plain(text: str, file: str, *, as_text: bool = False) -> Located | Problem:
    """Read YAML; plain scalars are text but for whole and decimal numbers, true, false and null.

    `as_text`: all but null are text, so that a telephone number keeps its first 0.
    """
    reader = _Reader(as_text=as_text)
    try:
        data = reader.read(_composed(text), ())
    except Unreadable as error:
        return Problem(file, error.line, error.message)
    except yaml.YAMLError as error:
        return Problem(file, _line_of(error, text), "this is not YAML. Is the indentation even?")
    except RecursionError:
        return Problem(file, 1, "it is nested too deeply.")
    except ValueError:
        return Problem(file, 1, "it holds a character that does not exist.")
    return Located(file, data, reader.lines)


def _composed(text: str) -> yaml.Node:
    if len(text) > LARGEST:
        raise Unreadable(1, f"it has more than {LARGEST:,} characters; shorten it.")
    if _NESTED.search(text):
        raise Unreadable(1, "it is nested too deeply.")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        raise Unreadable(1, "it is empty. `carenotebook case new` writes a start.")
    return node


def _line_of(error: yaml.YAMLError, text: str) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return int(mark.line) + 1
    position = getattr(error, "position", None)
    return text[:position].count("\n") + 1 if isinstance(position, int) else 1


class _Reader:
    def __init__(self, *, as_text: bool) -> None:
        self.lines: dict[Place, int] = {}
        self._as_text = as_text
        self._seen: set[int] = set()

    def read(self, node: Any, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self._seen:
            raise Unreadable(line, "aliases (*name) are not read here; write it out.")
        self._seen.add(id(node))
        if not str(node.tag).startswith("tag:yaml.org,2002:"):
            raise Unreadable(line, "tags (!name) are not read here; write plain text.")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*place, i)) for i, item in enumerate(node.value)]
        return _scalar(node, line, as_text=self._as_text)

    def _mapping(self, node: Any, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable(line, "a key must be a word.")
            name = _clean(key.value, line)
            if name in found:
                raise Unreadable(line, f"{name[:60]!r} stands twice.")
            self.lines[*place, name] = line
            found[name] = self.read(value, (*place, name))
        return found


def _scalar(node: Any, line: int, *, as_text: bool) -> Any:
    text = _clean(node.value, line)
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if as_text:
        return text
    if kind == "bool" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if kind == "int" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "float" and _DECIMAL.fullmatch(text):
        return float(text)
    return text


def _clean(text: str, line: int) -> str:
    for letter in text:
        if letter in _BIDI or (
            unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t"
        ):
            raise Unreadable(line, "it holds a control character; write what is to be read.")
    return text


def text_of(path: Path) -> str | Problem:
    """What a file holds, or why it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return Problem(str(path), 0, why_unreadable(error))
