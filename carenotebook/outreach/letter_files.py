"""Letters as files: those shipped, those of a service, a start for a new one, and approval."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

from carenotebook.core.errors import LetterError, OptionError
from carenotebook.outreach.case_text import Problem, text_of
from carenotebook.outreach.letter_language import language
from carenotebook.outreach.letter_model import LetterTemplate
from carenotebook.outreach.letter_read import read_template

_SUFFIX = ".md"
_APPROVED = re.compile(r"^approved:[^\n]*\n(?:[ \t]+[^\n]*\n)*", re.MULTILINE)


@cache
def _shipped(code: str) -> dict[str, LetterTemplate]:
    language(code)
    folder = resources.files("carenotebook.outreach") / "content" / "letters" / code
    files = sorted((f for f in folder.iterdir() if f.name.endswith(_SUFFIX)), key=lambda f: f.name)
    return {
        f.name.removesuffix(_SUFFIX): read_letter(
            f.read_text(encoding="utf-8"), f.name.removesuffix(_SUFFIX), file=f.name
        )
        for f in files
    }


def letters(language: str = "en") -> dict[str, LetterTemplate]:
    """The letters that come with carenotebook, by name.

    Each is a start: read it aloud, change it, and have it approved by whoever answers for it. None
    of them is approved as shipped, so every draft of theirs says that it is one.

    Parameters
    ----------
    language : str
        Their language.

    Returns
    -------
    dict of str to LetterTemplate
        A plain dict; `load_letter` says which names there are when one is not known.

    Raises
    ------
    OptionError
        If there are none in that language.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> outreach.letters()["review_notice"]
    LetterTemplate('review_notice': Notice of a review; version 1, draft)
    """
    return dict(_shipped(language))


def load_letter(letter: str | Path) -> LetterTemplate:
    """A letter's template from a file, or a shipped one by its name.

    Parameters
    ----------
    letter : str or path
        A name of `letters`, or a Markdown file (``.md``). A file is checked whole; nothing in it is
        executed.

    Raises
    ------
    LetterError
        Each line names the file, the line, what is wrong or missing, and what to do.
    OptionError
        If there is no letter of that name.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> outreach.load_letter("welcome_back").subject
    'A letter for you'
    """
    if not isinstance(letter, str | Path):
        raise OptionError("A letter is given by its name, its file or as a LetterTemplate.")
    path = Path(letter)
    if path.suffix.lower() != _SUFFIX:
        shipped = _shipped("en")
        if str(letter) not in shipped:
            known = ", ".join(shipped)
            asked = str(letter)[:60]
            raise OptionError(f"There is no letter {asked!r} (a file ends in .md). Known: {known}.")
        return shipped[str(letter)]
    text = text_of(path)
    if isinstance(text, Problem):
        raise LetterError(str(text))
    return read_letter(text, path.stem, file=str(path))


def read_letter(text: str, name: str = "letter", *, file: str | None = None) -> LetterTemplate:
    """A letter's template from the text of its file; see `load_letter`.

    Parameters
    ----------
    text, name : str
    file : str, optional
        What problems call it; by default its name.
    """
    template, problems = read_template(text, name, file or name)
    if template is None:
        raise LetterError("\n".join(map(str, problems)))
    return template


def check_letter(path: str | Path) -> list[Problem]:
    r"""Everything that is wrong with a letter's file, in the order of its lines.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of Problem
        With file, line and message. Empty: letters can be drafted from it.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = outreach.new_letter(pathlib.Path(folder, "mine.md"), "welcome_back")
    ...     before = outreach.check_letter(path)
    ...     _ = path.write_text(path.read_text() + "\nYou failed to call.\n")
    ...     before, [p.message.split(".")[0] for p in outreach.check_letter(path)]
    ([], ["'failed to' (blame)"])
    """
    source = Path(path)
    text = text_of(source)
    if isinstance(text, Problem):
        return [text]
    return read_template(text, source.stem, str(source))[1]


def new_letter(path: str | Path, letter: str = "attendance_invitation") -> Path:
    """Write a shipped letter to a file, to change it into your own.

    Parameters
    ----------
    path : path
        A new file that ends in .md.
    letter : str
        A name of `letters`.

    Raises
    ------
    OptionError
        If there is such a file, the name ends in anything else, or there is no such letter.
    OSError
        If it cannot be written.
    """
    if Path(letter).suffix:
        raise OptionError("letter= is the name of a shipped letter.")
    template, target = load_letter(letter), _target(path)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(template.text)
    except FileExistsError:
        raise OptionError(f"{target}: there is such a file; it was left as it is.") from None
    return target


def save(template: LetterTemplate, path: str | Path) -> Path:
    """Write a template to a file that ends in .md."""
    target = _target(path)
    target.write_text(template.text, encoding="utf-8")
    return target


def approve_letter(
    letter: str | Path | LetterTemplate, by: str, on: date | None = None
) -> LetterTemplate:
    """Record who approved a wording, and when; `LetterTemplate.save` keeps it with the wording.

    For whoever answers for what a service writes: read it first, aloud, as the one who gets it.
    The approval holds for this very wording, by its SHA-256; changed, it is a draft again.

    Parameters
    ----------
    letter : str, path or LetterTemplate
    by : str
        Whose approval it is: a role or a name.
    on : date, optional
        By default today.

    Returns
    -------
    LetterTemplate

    Raises
    ------
    OptionError
        If `by` is blank, or longer than a line.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> from datetime import date
    >>> mine = outreach.approve_letter("welcome_back", "Clinical lead", date(2026, 3, 2))
    >>> mine.approved, outreach.load_letter("welcome_back").approved
    (True, False)
    """
    template = letter if isinstance(letter, LetterTemplate) else load_letter(letter)
    who = " ".join(str(by).split())
    if not who or len(who) > 120 or not who.isprintable():
        raise OptionError("by= says who approved it: a role or a name, in up to 120 characters.")
    day = on or date.today()  # noqa: DTZ011 - the day where the approver sits
    quoted = who.replace("'", "''")
    lines = f"approved:\n  by: '{quoted}'\n  on: '{day}'\n  sha256: '{template.sha256}'\n"
    every = template.text.split("\n")
    end = template.first_line - 2
    top = _APPROVED.sub("", "\n".join([*every[:end], ""]))
    text = top + lines + "\n".join(every[end:])
    return read_letter(text, template.name, file=template.file)


def _target(path: str | Path) -> Path:
    target = Path(path)
    if target.suffix.lower() != _SUFFIX:
        raise OptionError(f"{target}: a letter's file ends in {_SUFFIX}.")
    return target
