"""A file held against a JSON Schema: what does not fit, in words and with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carenotebook.outreach.case_text import Located, Place, Problem

NO_CASE = (
    "this is no case file: one holds title:, scenes: and more, each on a line. "
    "`carenotebook case new` writes a start."
)


def shape_problems(located: Located, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything in a file that its JSON Schema does not allow, each at its line."""
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema).iter_errors(located.data):
        place: Place = tuple(error.absolute_path)
        where = ".".join(str(p + 1 if isinstance(p, int) else p) for p in place) or "the file"
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = error.schema.get("properties", {})
            for key in error.instance:
                if key not in known:
                    message = f"{where} has no {key[:60]!r}; it may have: {', '.join(known)}."
                    yield located.problem((*place, key), message)
        elif error.validator == "required" and isinstance(error.instance, dict):
            missing = [k for k in error.validator_value if k not in error.instance]
            yield located.problem(place, f"{where} lacks {', '.join(missing)}.")
        elif not place and error.validator == "type":
            yield located.problem(place, NO_CASE)
        else:
            yield located.problem(place, f"{where}: {_wanted(error)}.")


def _wanted(error: Any) -> str:
    limit = error.validator_value
    if error.validator == "enum":
        return f"it must be one of {', '.join(_plain(v) for v in limit)}"
    if error.validator == "type":
        kinds = {"string": "text", "object": "keys with values", "array": "a list"}
        wanted = [limit] if isinstance(limit, str) else limit
        return f"{' or '.join(kinds.get(k, k) for k in wanted)} is needed here"
    if error.validator == "pattern":
        return _PATTERNS.get(limit, "some text is needed here")
    counts = {
        "minItems": "at least", "minProperties": "at least", "minimum": "at least",
        "maxItems": "at most", "maxProperties": "at most", "maximum": "at most",
        "maxLength": "at most",
    }  # fmt: skip
    if error.validator in counts:
        letters = " letters" if error.validator == "maxLength" else ""
        return f"{counts[error.validator]} {limit}{letters} here"
    return "two entries are the same" if error.validator == "uniqueItems" else "this does not fit"


_PATTERNS = {
    r"\S": "some text is needed here",
    r"^[a-z][a-z0-9_]{0,39}$": "a name has up to 40 letters a-z, digits and _, a letter first",
    r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}$": "a time is written 2026-03-02 09:00",
    r"^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}$": "write scene.choice",
}


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
