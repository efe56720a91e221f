"""The graph of a case: cycles, what can be reached, and every path that conditions allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carenotebook.outreach.case_model import CaseStudy
from carenotebook.outreach.case_play import Play, begin

MOST_PATHS = 2000

Edges = Mapping[str, tuple[str, ...]]


def edges_of(case: CaseStudy) -> Edges:
    """Scene to the scenes that its choices lead to."""
    return {s.name: tuple(c.to for c in s.choices.values()) for s in case.scenes.values()}


def cycle_in(edges: Edges) -> tuple[str, ...] | None:
    """The scenes of one cycle, if there is any."""
    done: set[str] = set()
    for root in edges:
        trail: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = []
        if root not in done:
            trail.append(root)
            stack.append((root, iter(edges[root])))
        while stack:
            scene, rest = stack[-1]
            following = next((n for n in rest if n not in done), None)
            if following is None:
                done.add(scene)
                trail.pop()
                stack.pop()
            elif following in trail:
                return tuple(trail[trail.index(following) :])
            else:
                trail.append(following)
                stack.append((following, iter(edges[following])))
    return None


def reached_from(start: str, edges: Edges) -> set[str]:
    """The scenes that can be reached if no condition stands in the way."""
    found, waiting = {start}, [start]
    while waiting:
        new = set(edges[waiting.pop()]) - found
        found |= new
        waiting += sorted(new)
    return found


def every_play(case: CaseStudy) -> Iterator[Play]:
    """Every way through a case that its conditions allow, each up to where it can go no further.

    Parameters
    ----------
    case : CaseStudy
        Without cycles.

    Examples
    --------
    >>> from carenotebook import outreach
    >>> plays = list(outreach.every_play(outreach.load_case("camera_off")))
    >>> all(play.ended for play in plays)
    True
    """
    waiting = [begin(case)]
    while waiting:
        play = waiting.pop()
        following = [play.choose(c.name) for c in play.choices]
        if following:
            waiting += reversed(following)
        else:
            yield play
