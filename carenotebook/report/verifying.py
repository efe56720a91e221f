"""`verify_dossier`: whether a page is what its manifest and the data make, and what differs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carenotebook.core.cohort import check_cohort
from carenotebook.core.errors import DataError
from carenotebook.core.oserrors import why_unreadable
from carenotebook.report.dossiers import Dossier, made
from carenotebook.report.manifest import asked_of, page_hash, read_manifest

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort

_SECTION = re.compile(
    r'<section aria-labelledby="([^"]+)">\s*<h2[^>]*>([^<]*)</h2>(.*?)</section>', re.DOTALL
)


@dataclass(frozen=True, repr=False)
class Verification:
    """What `verify_dossier` returns.

    Attributes
    ----------
    differences : tuple of str
        What differs, in sentences; empty where the page is the same to the byte.
    dossier : Dossier
        Made again, from the manifest and the data.
    """

    differences: tuple[str, ...]
    dossier: Dossier

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def summary(self) -> str:
        """What was found."""
        if self.same:
            return "The same to the byte: this is what its manifest and the data make."
        return "\n".join(["It differs from what its manifest and the data make:", *self._lines()])

    def __repr__(self) -> str:
        return self.summary()

    def _lines(self) -> Iterator[str]:
        return (f"- {difference}" for difference in self.differences)


def verify_dossier(path: str | Path, cohort: Cohort, *, progress: bool = False) -> Verification:
    """Make a dossier again from the manifest in it, and say what differs.

    For whoever is handed a dossier and the data: a committee's secretary, an auditor, a later self.
    Not a proof of who made it: a page and the hash in it can both be changed.

    Parameters
    ----------
    path : path
        The page that `Dossier.save` wrote.
    cohort : Cohort
        The data that it says it was made from.
    progress : bool
        As for `carenotebook.dossier`.

    Returns
    -------
    Verification
        ``.same``, ``.differences``, and the dossier made again.

    Raises
    ------
    DataError
        If the file cannot be read, or is no dossier.
    MissingDataError
        If the criterion needs data that the cohort does not have.

    Examples
    --------
    >>> import carenotebook as cn, pathlib, tempfile
    >>> from carenotebook import criteria as c
    >>> cohort, _ = cn.synthetic_cohort(clients=60, seed=1)
    >>> made = cn.dossier(c.Rule("missed", c.missed(within="90d") >= 3), cohort, compare=[])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = made.save(pathlib.Path(folder) / "dossier.html")
    ...     cn.verify_dossier(page, cohort).same
    True
    """
    check_cohort(cohort, "verify_dossier()")
    source = Path(path)
    try:
        page = source.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{source}: {why_unreadable(error)}") from None
    manifest = read_manifest(page, str(source))
    again = made(asked_of(manifest, str(source)), cohort, progress=progress)
    found = [] if again.html() == page else list(_differences(page, manifest, again))
    return Verification(tuple(found), again)


def _differences(page: str, manifest: Mapping[str, Any], again: Dossier) -> Iterator[str]:
    if page_hash(page) != manifest.get("page"):
        yield "The page was changed after it was made: its hash is not the one in its manifest."
    yield from _parts_of(manifest, again.manifest)
    then, now = _sections(page), _sections(again.html())
    for name in dict.fromkeys([*then, *now]):
        mine, other = then.get(name), now.get(name)
        if mine is None or other is None:
            which = "only in the page" if other is None else "missing from the page"
            yield f"The section {(mine or other or ('',))[0]!r} is {which}."
        elif mine != other and name != "made":
            yield f"The section {mine[0]!r} says something else."
    if then == now:
        yield "What stands around the sections (title, key figures, style) is another."


def _parts_of(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What two manifests do not share, by its place in them; never what it says."""
    for part in ("versions", "data", "criterion", "options", "privacy", "seeds"):
        old, new = then.get(part), now.get(part)
        if old == new:
            continue
        mine, other = (x if isinstance(x, Mapping) else {} for x in (old, new))
        keys = [k for k in dict.fromkeys([*mine, *other]) if mine.get(k) != other.get(k)]
        yield f"In the manifest, {part} differ: {', '.join(map(str, keys))}."


def _sections(page: str) -> dict[str, tuple[str, str]]:
    return {name: (title, text) for name, title, text in _SECTION.findall(page)}
