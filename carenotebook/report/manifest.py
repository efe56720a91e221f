"""What a dossier is made from, as data: enough to make it again, and to say what differs."""

from __future__ import annotations

import hashlib
import html
import inspect
import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from carenotebook.appraise.deciding import decision
from carenotebook.appraise.misclassified import misclassification
from carenotebook.core.errors import DataError

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.criteria.protocol import Protocol
    from carenotebook.criteria.rule import Rule

FORMAT = 1
_PACKAGES = ("carenotebook", "polars", "numpy", "statsmodels", "altair", "vl-convert-python")
"""What figures and charts are computed and drawn by."""

_EMBEDDED = re.compile(r'<code id="manifest">(.*?)</code>', re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """What a dossier was asked for.

    Attributes
    ----------
    criterion : Rule or Protocol
    by : tuple of str
    written : mapping of str to tuple of str
        What people have written, by place.
    stopping : mapping of str to float
    compare : tuple of Rule
    grid, profile, declared
        As given to `carenotebook.dossier`.
    """

    criterion: Rule | Protocol
    by: tuple[str, ...]
    written: Mapping[str, tuple[str, ...]]
    stopping: Mapping[str, float]
    compare: tuple[Rule, ...]
    grid: Mapping[str, Sequence[Any]] | None
    profile: tuple[str, ...] | None
    declared: Mapping[str, str]


def manifest_of(asked: Asked, cohort: Cohort, privacy: Mapping[str, int]) -> dict[str, Any]:
    """The manifest of what was asked of a cohort, but for the hash of the page.

    Parameters
    ----------
    asked : Asked
    cohort : Cohort
    privacy : mapping
        min_cell and round_to.
    """
    return {
        "carenotebook_dossier": FORMAT,
        "versions": {
            "python": ".".join(platform.python_version_tuple()[:2]),
            **{name: metadata.version(name) for name in _PACKAGES},
        },
        "data": {
            "hash": cohort.content_hash,
            "as_of": f"{cohort.as_of.isoformat()}",
            "observed_from": cohort.observed_from and cohort.observed_from.isoformat(),
            "timezone": cohort.timezone,
            "notice": cohort.notice,
            "episode_end": cohort.episode_end,
        },
        "criterion": {"hash": asked.criterion.hash, "tree": asked.criterion.tree()},
        "options": {
            "by": list(asked.by),
            "compare": [rule.tree() for rule in asked.compare],
            "grid": asked.grid and {k: list(v) for k, v in asked.grid.items()},
            "profile": asked.profile and list(asked.profile),
            "declared": dict(asked.declared),
            "written": {k: list(v) for k, v in asked.written.items()},
            "stopping": dict(asked.stopping),
        },
        "privacy": dict(privacy),
        "seeds": {f.__name__: _seed(f) for f in (decision, misclassification)},
    }


def _seed(function: Any) -> int:
    return int(inspect.signature(function).parameters["seed"].default)


def asked_of(manifest: Mapping[str, Any], what: str) -> Asked:
    """What a manifest asks for.

    Raises
    ------
    DataError
        If something is not there that a manifest holds.
    RuleError
        If the criterion is not understood.
    """
    from carenotebook.criteria.files import criterion_of

    try:
        options = manifest["options"]
        return Asked(
            criterion=criterion_of(manifest["criterion"]["tree"]),
            by=tuple(options["by"]),
            written={k: tuple(v) for k, v in options["written"].items()},
            stopping=dict(options["stopping"]),
            compare=tuple(criterion_of(tree) for tree in options["compare"]),  # type: ignore[misc]
            grid=options["grid"],
            profile=options["profile"] and tuple(options["profile"]),
            declared=dict(options["declared"]),
        )
    except (KeyError, TypeError, AttributeError):
        raise DataError(
            f"{what}: its manifest lacks something that a dossier is made from. Make it again."
        ) from None


def read_manifest(page: str, what: str) -> dict[str, Any]:
    """The manifest that stands in a dossier.

    Raises
    ------
    DataError
        If there is none, or one of another format.
    """
    found = _EMBEDDED.search(page)
    try:
        manifest = json.loads(html.unescape(found[1])) if found else None
    except json.JSONDecodeError:
        manifest = None
    if not isinstance(manifest, dict) or "carenotebook_dossier" not in manifest:
        raise DataError(f"{what}: no dossier that carenotebook made; it holds no manifest.")
    if manifest["carenotebook_dossier"] != FORMAT:
        raise DataError(f"{what}: a dossier of another format than {FORMAT}, which is read here.")
    return manifest


def as_text(manifest: Mapping[str, Any]) -> str:
    """The manifest as it stands in the page."""
    return json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)


def page_hash(page: str) -> str:
    """SHA-256 of a page without its manifest, in which that hash stands."""
    bare = _EMBEDDED.sub('<code id="manifest"></code>', page)
    return hashlib.sha256(bare.encode()).hexdigest()
