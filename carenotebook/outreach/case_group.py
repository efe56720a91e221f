"""What a group chose: shares by scene, through the privacy gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from carenotebook.core.errors import OptionError
from carenotebook.outreach.case_graph import edges_of
from carenotebook.outreach.case_model import CaseStudy, Scene
from carenotebook.outreach.case_play import Play
from carenotebook.privacy import Privacy, Released
from carenotebook.privacy.suppress import SUPPRESSED
from carenotebook.results.proportions import RELEASED_COLUMNS, release_proportions, shares
from carenotebook.results.result import Result
from carenotebook.results.words import few, number

_SCHEMA = {"player": pl.String, "scene": pl.String, "choice": pl.String}


@dataclass(frozen=True, repr=False, eq=False)
class GroupResults(Result):
    """What `group_results` returns; one player a unit, as clients are elsewhere."""

    case: CaseStudy
    frame: pl.DataFrame
    players: int

    @property
    def title(self) -> str:
        """Names the case."""
        return f"What the group chose: {self.case.title}"

    def tidy(self) -> pl.DataFrame:
        """One row a scene and choice that someone made; an ending is a choice of its scene.

        Returns
        -------
        polars.DataFrame
            scene and choice (numbered as in the case), and
            `carenotebook.results.proportions.COLUMNS`, with players in the place of clients.
        """
        return self.frame

    def released(self, privacy: Privacy | None = None) -> Released:
        """The shares as they may be shown.

        Where a choice is hidden, the scenes that it leads to are hidden too: their size would tell
        how many made it.
        """
        gate = privacy or Privacy()
        shown = release_proportions(self.frame, gate, by=("scene", "choice"), category="choice")
        return Released(_without(shown.frame, self._told_by_size(shown.frame)), gate)

    def summary(self, privacy: Privacy | None = None) -> str:
        """How many played, and how to read the shares."""
        gate = privacy or Privacy()
        size = few(gate) if gate.few(self.players) else number(gate.round(self.players))
        return (
            f"{self.title}. Players: {size}. Shares are of those who came to a scene. "
            f"Choices of fewer than {gate.min_cell} players are hidden, with what would tell them. "
            "What most chose is not what is right."
        )

    def _told_by_size(self, frame: pl.DataFrame) -> list[str]:
        """Scenes whose size tells a hidden choice, in the order of the case."""
        hidden = set(frame.filter(SUPPRESSED).select("scene", "choice").rows())
        telling: set[str] = set()
        for scene in _ordered(self.case):
            for name, choice in scene.choices.items():
                cell = (
                    _scene_label(self.case, scene.name),
                    _choice_label(self.case, scene.name, name),
                )
                if scene.name in telling or cell in hidden:
                    telling.add(choice.to)
        return [_scene_label(self.case, s) for s in telling]


def group_results(plays: Iterable[Play]) -> GroupResults:
    """What the players of one case chose, scene by scene.

    For a seminar. A class is small: agree with it on a smallest cell that all are easy with, such
    as ``cn.Privacy(min_cell=5, round_to=1)``, or leave the default and let most of it stay hidden.

    Parameters
    ----------
    plays : iterable of Play
        One a player, ended or not.

    Raises
    ------
    OptionError
        If there are none, or they are of two cases.

    Examples
    --------
    >>> import carenotebook as cn
    >>> case = cn.outreach.load_case("camera_off")
    >>> plays = [case.play().choose("call_now")] * 14 + [case.play().choose("open_record")] * 16
    >>> cn.outreach.group_results(plays).released().frame.select("choice", "numerator").rows()
    [('1. Open the record before anything else.', 15), ('2. Ring the client now.', 15)]
    """
    played = list(plays)
    if not played:
        raise OptionError("group_results() needs at least one play.")
    case = played[0].case
    if any(p.case.sha256 != case.sha256 for p in played):
        raise OptionError("group_results() takes plays of one case, in one version.")
    rows = [
        (str(n), _scene_label(case, scene), label)
        for n, play in enumerate(played)
        for scene, label in _made(play)
    ]
    frame = shares(
        pl.DataFrame(rows, schema=_SCHEMA, orient="row"), "choice", ["scene"], client="player"
    )
    return GroupResults(case, frame, len(played))


def _made(play: Play) -> list[tuple[str, str]]:
    made = [(s.scene, _choice_label(play.case, s.scene, s.choice)) for s in play.steps]
    return [*made, (play.scene.name, f"Ended: {play.scene.ending}")] if play.ended else made


def _scene_label(case: CaseStudy, scene: str) -> str:
    return f"{list(case.scenes).index(scene) + 1:02}. {case.scenes[scene].title}"


def _choice_label(case: CaseStudy, scene: str, choice: str) -> str:
    choices = case.scenes[scene].choices
    return f"{list(choices).index(choice) + 1}. {choices[choice].text}"


def _ordered(case: CaseStudy) -> list[Scene]:
    """The scenes, each after all that lead to it."""
    edges, done = edges_of(case), []
    left = dict.fromkeys(edges)
    while left:
        ready = [s for s in left if not any(s in edges[other] for other in left)]
        done += ready
        for scene in ready:
            del left[scene]
    return [case.scenes[s] for s in done]


def _without(frame: pl.DataFrame, scenes: Sequence[str]) -> pl.DataFrame:
    """The frame with every figure of those scenes hidden."""
    also = pl.col("scene").is_in(list(scenes))
    figures = [c for c in RELEASED_COLUMNS if c in frame.columns]
    return frame.with_columns(
        pl.col(SUPPRESSED) | also, *(pl.when(~also).then(pl.col(c)) for c in figures)
    )
