"""Case files: the published ones, those of a teacher, and a start for a new one."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from carenotebook.core.errors import CaseError, OptionError
from carenotebook.outreach.case_check import checked
from carenotebook.outreach.case_model import CaseStudy
from carenotebook.outreach.case_text import Problem, text_of

_ENDINGS = (".yml", ".yaml")
_SUFFIX = ".case.yml"


def _names() -> list[str]:
    found = (resources.files("carenotebook.outreach") / "content" / "cases").iterdir()
    return sorted(f.name.removesuffix(_SUFFIX) for f in found if f.name.endswith(_SUFFIX))


@cache
def _published(name: str) -> CaseStudy:
    file = resources.files("carenotebook.outreach") / "content" / "cases" / f"{name}{_SUFFIX}"
    return read_case(file.read_text(encoding="utf-8"), name, file=file.name, play=False)


def cases() -> dict[str, CaseStudy]:
    """The case studies that come with carenotebook, by name.

    For teaching and for reflection in a team. People in them are described by role, and every
    history is made up.

    Returns
    -------
    dict of str to CaseStudy

    Examples
    --------
    >>> from carenotebook import outreach
    >>> outreach.cases()["camera_off"].title
    'The camera that never opened'
    """
    return {name: _published(name) for name in _names()}


def load_case(case: str | Path) -> CaseStudy:
    """A case study from a file, or a published one by its name.

    Parameters
    ----------
    case : str or path
        A name of `cases`, or a YAML file (``.yml``, ``.yaml``). A file is checked whole, its rules
        are replayed and every path is walked. Nothing in it is executed.

    Raises
    ------
    CaseError
        Each line names the file, the line and the fault.
    OptionError
        If there is no published case of that name.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> outreach.load_case("camera_off")
    CaseStudy('camera_off': The camera that never opened; 10 scenes, 4 endings)
    """
    if not isinstance(case, str | Path):
        raise OptionError("A case is given by its name, its file or as a CaseStudy.")
    path = Path(case)
    if path.suffix.lower() not in _ENDINGS:
        known = _names()
        if str(case) not in known:
            raise OptionError(_no_case(str(case), known))
        return _published(str(case))
    text = text_of(path)
    if isinstance(text, Problem):
        raise CaseError(str(text))
    return read_case(text, path.name.split(".")[0], file=str(path))


def read_case(
    text: str, name: str = "case", *, file: str | None = None, play: bool = True
) -> CaseStudy:
    """A case study from the text of a case file; see `load_case`.

    Parameters
    ----------
    text, name : str
    file : str, optional
        What problems call it; by default its name.
    play : bool
        Whether rules are replayed and paths walked as well.
    """
    case, problems = _checked(text, file or name, name, play=play)
    if case is None:
        raise CaseError("\n".join(map(str, problems)))
    return case


def check_case(path: str | Path) -> list[Problem]:
    """Everything that is wrong with a case file, in the order of its lines.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of Problem
        With file, line and message. Empty: the case can be played from beginning to every end.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "mine.case.yml")
    ...     before = outreach.check_case(outreach.new_case(path))
    ...     _ = path.write_text(path.read_text().replace("to: called", "to: nowhere"))
    ...     before, [p.message for p in outreach.check_case(path)]
    ([], ["there is no scene 'nowhere'."])
    """
    source = Path(path)
    text = text_of(source)
    if isinstance(text, Problem):
        return [text]
    return _checked(text, str(source), source.name.split(".")[0])[1]


def new_case(path: str | Path) -> Path:
    """Write a small complete case to change into your own.

    Parameters
    ----------
    path : path
        A new file that ends in .yml.

    Raises
    ------
    OptionError
        If there is such a file, or the name ends in anything else.
    OSError
        If it cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in _ENDINGS:
        raise OptionError(f"{target}: a case file ends in .yml, by custom in {_SUFFIX}.")
    start = resources.files("carenotebook.outreach") / "content" / "new_case.yml"
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(start.read_text(encoding="utf-8"))
    except FileExistsError:
        raise OptionError(f"{target}: there is such a file; it was left as it is.") from None
    return target


def _no_case(asked: str, known: list[str]) -> str:
    told = f"There is no case {asked[:60]!r} (a file ends in .yml)."
    if asked.lower().endswith(".json"):
        return (
            f"{told} A saved play is opened in Python, with outreach.load_play(path); the widget "
            "CasePlayer goes on from there."
        )
    return f"{told} Known: {', '.join(known)}."


def _checked(
    text: str, file: str, name: str, *, play: bool = True
) -> tuple[CaseStudy | None, list[Problem]]:
    try:
        return checked(text, file, name, play=play)
    except RecursionError:
        return None, [Problem(file, 1, "it is nested too deeply.")]
