"""A check-in on paper: one page of A4 with a code in place of a name."""

from __future__ import annotations

import re

from carenotebook.core.errors import OptionError
from carenotebook.describe.alternatives import offered_obstacles
from carenotebook.outreach import checkin_notice as said
from carenotebook.outreach.checkin_notice import CheckInNotice
from carenotebook.outreach.page import template

_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9-]{2,16}")
_POINTS = {False: 12, True: 16}


def checkin_form(notice: CheckInNotice, code: str | None = None, *, large: bool = False) -> str:
    """The check-in to print: the questions of `carenotebook.widgets.CheckIn` on one page of A4.

    For clients who would rather have paper, or for whom a screen is in the way. Type the answers
    into a CSV file and read that with `read_checkin_forms`; keep the list of codes and clients
    apart from the forms.

    Parameters
    ----------
    notice : CheckInNotice
        What the client is told. Without `keep_words` the form has no room for own words, because
        paper keeps what is written on it.
    code : str, optional
        2 to 16 letters, digits and hyphens, among them a digit, so that it is no name. Without one
        there is a line to write it on.
    large : bool
        True for 16 point letters (large print), otherwise 12 point.

    Returns
    -------
    str
        One HTML file that needs nothing else and asks nothing of any network.

    Raises
    ------
    OptionError
        If `notice` is none, or the code may be a name.

    Examples
    --------
    >>> notice = CheckInNotice(
    ...     in_danger="Ring 112 now, or the crisis line on 0800 000 000, at any hour.",
    ...     seen_by="Your therapist sees your answers. Nobody else does.",
    ...     used_for="You look at them together when you next meet.",
    ... )
    >>> "K7-22" in checkin_form(notice, "K7-22")
    True
    """
    if not isinstance(notice, CheckInNotice):
        raise OptionError("checkin_form() needs a CheckInNotice: what the client is told.")
    if code is not None and not _CODE.fullmatch(code):
        raise OptionError(
            "code= takes 2 to 16 letters, digits and hyphens, among them a digit: no name."
        )
    return template("checkin_form.html.j2").render(
        said=said,
        notice=notice,
        code=code,
        obstacles=offered_obstacles(),
        points=_POINTS[large],
    )
