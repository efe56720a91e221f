"""A Cohort from FHIR: files become resources, resources raw tables, and those take the one way."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import resources as package
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from carenotebook.core.cells import MIN_CELL
from carenotebook.core.errors import CareNotebookWarning, DataError, OptionError
from carenotebook.core.when import When
from carenotebook.ingest.assemble import assemble
from carenotebook.ingest.deaths import read_deaths, with_deaths
from carenotebook.ingest.fhir import codes
from carenotebook.ingest.fhir.layout import lay_out, reducers
from carenotebook.ingest.fhir.resources import Found, read_resources
from carenotebook.ingest.fhir.sources import Paths, files
from carenotebook.ingest.fields import Reading, Source
from carenotebook.ingest.forms import expect_dict
from carenotebook.ingest.mapping import MappingLike, read_mapping
from carenotebook.ingest.settings import Settings
from carenotebook.ingest.yamltext import load_yaml

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort

NO_TIME = (
    "Clients cancelled without a time of cancelling (R4 has none): such a cancellation is early, "
    "since an unknown notice is no miss. If meta.lastUpdated is that time, say so with mapping=; "
    "the notes of read_fhir show how."
)
_DEATH = {"client_id": Source("client_id"), "at": Source("at")}


def read_fhir(  # noqa: PLR0913 - what every reader takes, and what FHIR leaves to its users
    paths: Paths,
    *,
    mapping: MappingLike | None = None,
    instruments: Mapping[str, str] | None = None,
    timezone: str = "UTC",
    notice: str = "24h",
    as_of: When | None = None,
    observed_from: When | None = None,
    episode_end: str | None = None,
) -> Cohort:
    """A cohort from FHIR R4 or R5: NDJSON (a Bulk Data export), Bundles, single resources.

    Appointment and Encounter become `appointments` (a stay in hospital: `pauses`), EpisodeOfCare
    `episodes`, Patient `clients`, Communication `contacts`, Observation and QuestionnaireResponse
    `measures`. What else the files hold is not read: a warning counts it.

    Parameters
    ----------
    paths : path or list of paths
        Files (.json, .ndjson, .jsonl, also .gz) and folders of them, searched through and sorted
        by name. NDJSON is read by columns, in blocks; any other JSON is one resource, Bundle, or
        list of them, and is held in memory.
    mapping : dict or path of a YAML file, optional
        Goes over ``ingest/mappings/fhir.yml``, which says what each code means, field by field;
        `values` are added: ``{"appointments": {"outcome": {"values": {"cancelled moved":
        "excused"}}}}``. The columns that it may use stand at the head of that file.
    instruments : dict, optional
        LOINC or own codes of further totals, to the name of the instrument:
        ``{"89209-1": "BDI-II"}``. PHQ-9 (44261-6) and GAD-7 (70274-6) are known, with their items.
    timezone, notice, as_of, observed_from, episode_end
        As for `read_csv`. `episode_end` only without any EpisodeOfCare.

    Returns
    -------
    Cohort
        Rejected rows are numbered in the order of the files and of their lines; `raw` names the
        file, and the line (of NDJSON) or entry (of a Bundle). A line that is no JSON is a row of
        the table of its own type if it tells one, else of its file's first resource.

    Raises
    ------
    DataError
        If a path does not exist, a file is empty, cut short, not UTF-8 or not JSON, or there is no
        Appointment and no Encounter.
    MappingError, OptionError
        If the mapping or an option cannot be used.

    Warns
    -----
    CareNotebookWarning
        Of resources that are not read; of cancellations by clients without a time (R4 has none),
        which are early, since an unknown notice is no miss; of Encounters that took place though
        their Appointment says otherwise, whose status is kept.

    Notes
    -----
    *Outcome.* fulfilled is attended, noshow a no-show; arrived and checked-in are attended with an
    Encounter that took place, else unknown. A cancellation without a coded reason is unknown, or
    rescheduled where another appointment replaces it (R5 `replaces`, or that extension in R4).
    R4 tells no time of cancelling. If `meta.lastUpdated` is that time in your system, say so:
    ``{"appointments": {"cancelled_at": {"first_of": ["cancelled_at", "cancelled_updated"]}}}``.

    *People.* Each Patient among the participants makes a row (several: a group, and the row's
    appointment_id is id/patient). An id is kept whether or not what it refers to is there; the
    server of an absolute reference is left out.

    *Scores.* One row a measurement: a QuestionnaireResponse with the Observations that derive from
    it, or an Observation of a total with the items of its client and instant. A total as given is
    the score; without one it is the sum, if every item is there.

    *Death.* `deceasedDateTime`, or else the first appointment cancelled as pat-dec, ends the
    episode that it falls in (died), if there is an EpisodeOfCare or `episode_end` is given.

    Source: HL7 FHIR R4 (4.0.1) and R5 (5.0.0), the resources named above.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> session = {
    ...     "resourceType": "Appointment",
    ...     "id": "a1",
    ...     "status": "noshow",
    ...     "start": "2026-03-02T10:00:00Z",
    ...     "participant": [{"actor": {"reference": "Patient/c1"}, "status": "accepted"}],
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (pathlib.Path(folder) / "Appointment.ndjson").write_text(json.dumps(session))
    ...     cohort = read_fhir(folder, episode_end="as_of")
    >>> cohort.appointments.select("client_id", "outcome").collect().rows()
    [('c1', 'no_show')]
    """
    settings = Settings(timezone, notice, as_of, observed_from, episode_end)
    rules = read_mapping(_over_default(mapping))
    totals = _totals(instruments)
    named = files(paths)
    found = read_resources(named, reducers(totals))
    laid = lay_out(found, [str(p) for p in named], timezone, totals)
    if "appointments" not in laid.tables:
        raise DataError(f"The files hold no Appointment and no Encounter. {_unread(found)}".strip())
    cohort = assemble(laid.tables, rules, settings)
    deaths, _ = read_deaths(laid.deaths, _DEATH, Reading(timezone))
    for doubt in (_no_time(cohort), *laid.doubts, _unread(found)):
        if doubt:
            warnings.warn(doubt, CareNotebookWarning, stacklevel=2)
    return with_deaths(cohort, deaths) if deaths.height else cohort


def _over_default(mapping: MappingLike | None) -> dict[str, Any]:
    """The default mapping with the user's over it: field by field, `values` added."""
    with package.as_file(package.files("carenotebook.ingest.mappings") / "fhir.yml") as path:
        default: dict[str, Any] = load_yaml(path)
    given = load_yaml(Path(mapping)) if isinstance(mapping, str | Path) else mapping
    if given is None:
        return default
    over = expect_dict(given, "the mapping")
    tables = {
        name: _fields(name, default[name], expect_dict(fields, name))
        for name, fields in over.items()
        if name in default
    }
    return {**default, **over, **tables}


def _fields(table: str, default: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = {**default, **over}
    for name, form in over.items():
        ours = default.get(name)
        if isinstance(form, dict) and isinstance(ours, dict) and set(form) == {"values"}:
            added = expect_dict(form["values"], f"{table}.{name}.values", any_key=True)
            merged[name] = {**ours, "values": {**ours["values"], **added}}
    return merged


def _totals(instruments: Mapping[str, str] | None) -> dict[str, str]:
    given = dict(instruments or {})
    if not all(isinstance(text, str) and text for pair in given.items() for text in pair):
        raise OptionError("instruments= takes codes and names: {'89209-1': 'BDI-II'}.")
    if items := sorted(c for c in given if any(c in known for known in codes.ITEMS.values())):
        raise OptionError(f"instruments=: {items[0]!r} is an item of an instrument, not a total.")
    return {**codes.TOTALS, **given}


def _no_time(cohort: Cohort) -> str:
    """Whether a cancellation is early for want of its time, which a mapping may have filled."""
    early = (pl.col("outcome") == "early_cancel") & pl.col("cancelled_at").is_null()
    return NO_TIME if cohort.appointments.select(early.any()).collect().item() else ""


def _unread(found: Found) -> str:
    """What the files hold that is not read; a count of few is hidden, as everywhere."""
    if not found.unread:
        return ""
    told = [
        f"{name or 'of no FHIR type'} ({f'fewer than {MIN_CELL}' if n < MIN_CELL else n})"
        for name, n in sorted(found.unread.items())
    ]
    return f"Not read, since no table of a cohort is made of it: {', '.join(told)}."
