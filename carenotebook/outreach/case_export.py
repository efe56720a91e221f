"""A play as a file and back: JSON, CSV, and a page to print."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from carenotebook.core.errors import CaseError, OptionError
from carenotebook.core.oserrors import why_unreadable
from carenotebook.outreach.case_files import load_case
from carenotebook.outreach.case_model import CaseStudy
from carenotebook.outreach.case_play import Play, begin
from carenotebook.outreach.case_print import play_page

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LARGEST = 1_000_000


def play_to_dict(play: Play) -> dict[str, Any]:
    """A play as plain data: what a saved file, or a widget's message, holds.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> play = outreach.load_case("camera_off").play().choose("call_now", "Ask first.")
    >>> outreach.play_to_dict(play)["steps"]
    [{'scene': 'flag', 'choice': 'call_now', 'justification': 'Ask first.'}]
    """
    return {
        "carenotebook_play": 1,
        "case": play.case.name,
        "sha256": play.case.sha256,
        "mode": play.mode,
        "steps": [
            {"scene": s.scene, "choice": s.choice, "justification": s.justification}
            for s in play.steps
        ],
        "at": play.scene.name,
        "ending": play.scene.ending,
    }


def play_from_dict(data: Any, case: CaseStudy) -> Play:
    """A play again from plain data, made step by step as it was played.

    Parameters
    ----------
    data : mapping
        What `play_to_dict` gave.
    case : CaseStudy

    Raises
    ------
    CaseError
        If it is no play, or one of another case or of another version of it.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> case = outreach.load_case("camera_off")
    >>> play = case.play().choose("sign")
    >>> outreach.play_from_dict(outreach.play_to_dict(play), case).path == play.path
    True
    """
    if not isinstance(data, Mapping) or data.get("carenotebook_play") != 1:
        raise CaseError("This is no saved play: it must hold 'carenotebook_play': 1.")
    if data.get("case") != case.name or data.get("sha256") != case.sha256:
        raise CaseError("This play belongs to another case, or to another version of this one.")
    steps = data.get("steps")
    try:
        play = begin(case, data.get("mode"))
        for step in steps if isinstance(steps, list) else [None]:
            if not isinstance(step, Mapping) or step.get("scene") != play.scene.name:
                raise CaseError("This play does not follow the scenes of its case.")
            play = play.choose(_word(step, "choice"), _word(step, "justification"))
    except OptionError as error:
        raise CaseError(f"This play does not fit its case: {error}") from None
    return play


def _word(step: Mapping[str, Any], key: str) -> str:
    value = step.get(key, "")
    if not isinstance(value, str):
        raise CaseError("This play does not follow the scenes of its case.")
    return value


def play_csv(play: Play) -> str:
    """A play as CSV: one row a choice, with its reason and what it meant for whom.

    A reason that a spreadsheet would take for a formula is set behind an apostrophe.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(
        [
            "case",
            "step",
            "scene",
            "choice",
            "text",
            "justification",
            "client",
            "therapist",
            "others",
        ]
    )
    for n, step in enumerate(play.steps, 1):
        choice = play.case.scenes[step.scene].choices[step.choice]
        words = [
            choice.text,
            step.justification,
            *(choice.then[w] for w in ("client", "therapist", "others")),
        ]
        table.writerow([play.case.name, n, step.scene, step.choice, *map(_plain, words)])
    return out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def save_play(play: Play, path: str | Path) -> Path:
    """Write a play to a file: .json to load it again, .csv for a table, .html to print.

    Parameters
    ----------
    play : Play
    path : path
        The ending of its name says what is written.

    Raises
    ------
    OptionError
        If the name ends in anything else.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> import pathlib, tempfile
    >>> play = outreach.load_case("camera_off").play().choose("call_now")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = outreach.save_play(play, pathlib.Path(folder, "mine.json"))
    ...     outreach.load_play(path).steps == play.steps
    True
    """
    target = Path(path)
    ending = target.suffix.lower().removeprefix(".")
    if ending not in _WRITTEN:
        raise OptionError(f"{target}: a play is saved as .json, .csv or .html.")
    target.write_text(play_text(play, ending), encoding="utf-8")
    return target


def play_text(play: Play, ending: str) -> str:
    """What a file of that ending holds of a play: "json", "csv" or "html"."""
    return _WRITTEN[ending](play)


_WRITTEN: Mapping[str, Callable[[Play], str]] = {
    "json": lambda play: json.dumps(play_to_dict(play), indent=2, ensure_ascii=False) + "\n",
    "csv": play_csv,
    "html": lambda play: play_page(play).html(),
}


def load_play(path: str | Path, case: CaseStudy | None = None) -> Play:
    """A play that `save_play` wrote as JSON.

    Parameters
    ----------
    path : path
    case : CaseStudy, optional
        Needed for a case of your own; a published one is found by its name.

    Raises
    ------
    CaseError
        If the file is no play of that case.
    """
    source = Path(path)
    try:
        if source.stat().st_size > _LARGEST:
            raise CaseError(f"{source}: this is too large for a saved play.")
        data = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseError(f"{source}: {why_unreadable(error)}") from None
    except (ValueError, RecursionError) as error:
        raise CaseError(f"{source}: this is no saved play ({type(error).__name__}).") from None
    if case is None:
        name = data.get("case") if isinstance(data, dict) else None
        try:
            case = load_case(name if isinstance(name, str) and "." not in name else "-")
        except OptionError:
            raise CaseError(f"{source}: it is of no published case; pass case=.") from None
    try:
        return play_from_dict(data, case)
    except CaseError as error:
        raise CaseError(f"{source}: {error}") from None
