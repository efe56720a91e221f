"""What a client reads in a check-in, on a screen or on paper: the same words in both."""

from __future__ import annotations

import re
from dataclasses import dataclass

from carenotebook.core.errors import OptionError

TITLE = "How is it going?"
LEAD = (
    "Three short questions, about half a minute. Skip any of them, or all. There are no wrong "
    "answers, and this form decides nothing."
)
DANGER = "In danger now, or afraid that you might hurt yourself?"
UNWATCHED = "Nobody reads this form straight away."
OBSTACLES = "What got in the way lately?"
TICK = "Tick all that fit."
NOTHING = "Nothing got in the way"
PROGRESS = "How far have things moved the way you hoped?"
PROGRESS_ENDS = ("not at all", "all the way")
GO_ON = "Would you like to go on with this support?"
GO_ON_CHOICES = (("yes", "Yes"), ("unsure", "I am not sure"), ("no", "No, not now"))
UNSAID = "I would rather not say"
WORDS = "Is there anything else you would like to say?"
WORDS_KEPT = "What you write here is kept with your answers."
WORDS_NOT_KEPT = (
    "What you write here is not saved. The person who gave you this form can read it now, and then "
    "it is gone."
)
NO_NAME = "Please do not write your name on this page."
CODE = "Code:"
DATE = "Date:"

_LONGEST = 400


@dataclass(frozen=True)
class CheckInNotice:
    """What a service tells a client before a check-in.

    Nothing has a default that would make a promise in a service's name. Write whole sentences in
    plain words, as you would say them.

    Attributes
    ----------
    in_danger : str
        Where to turn now if in danger, with the number to ring.
    seen_by : str
        Who will see the answers.
    used_for : str
        What happens with them, and when.
    keep_words : bool
        Whether what the client writes in their own words is kept. Without it, it is not; the form
        tells the client either way.

    Raises
    ------
    OptionError
        If one of the texts is empty, or longer than 400 letters.

    Examples
    --------
    >>> notice = CheckInNotice(
    ...     in_danger="Ring 112 now, or the crisis line on 0800 000 000, at any hour.",
    ...     seen_by="Your therapist sees your answers. Nobody else does.",
    ...     used_for="You look at them together when you next meet.",
    ... )
    >>> notice.keep_words
    False
    """

    in_danger: str
    seen_by: str
    used_for: str
    keep_words: bool = False

    @property
    def help_now(self) -> str:
        """Where to turn now, no number broken over two lines, and that nobody is watching."""
        unbroken = re.sub(r"(?<=\d) (?=\d)", "\N{NO-BREAK SPACE}", self.in_danger.strip())
        return f"{unbroken} {UNWATCHED}"

    def __post_init__(self) -> None:
        for name in ("in_danger", "seen_by", "used_for"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
                raise OptionError(
                    f"{name}= is what the client reads: a sentence or two, at most {_LONGEST} "
                    "letters. It has no default; each service says it for itself."
                )
