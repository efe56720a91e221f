"""A Cohort from an OMOP CDM 5.4: files or a database. It holds visits, not missed appointments."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from carenotebook.core.errors import CareNotebookWarning, DataError, OptionError
from carenotebook.core.when import When
from carenotebook.ingest.assemble import assemble
from carenotebook.ingest.deaths import read_deaths, with_deaths
from carenotebook.ingest.fields import Reading
from carenotebook.ingest.mapping import Mapping as Rules
from carenotebook.ingest.omopmissed import missed_column, missed_table
from carenotebook.ingest.omopsource import VISITS_TABLE, CdmSource, open_source
from carenotebook.ingest.omoptables import (
    VISITS,
    Piece,
    death_table,
    episode_table,
    instrument_concepts,
    person_table,
    score_table,
    together,
    visit_table,
)
from carenotebook.ingest.quarantine import RawTable
from carenotebook.ingest.settings import Settings

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort

NO_MISSES = (
    "OMOP holds no missed appointments, only visits that took place: without missed= every "
    "attendance rate of this cohort is 100 % by construction and no criterion on misses can hold. "
    "Pass missed= with the appointments that were missed or cancelled."
)
NO_SCORES = (
    "measurement and observation hold no score that is known as PHQ-9 or GAD-7, so the cohort has "
    "no measures. Pass measures={concept_id: 'PHQ-9'} with the concepts that your CDM uses."
)
UNREAD_DEATHS = (
    "Some rows of death have no client or no time that can be read; they end no episode."
)
_SCORES = ("measurement", "observation")


def read_omop(  # noqa: PLR0913 - what every reader takes, and what a CDM leaves open
    source: Any,
    missed: Any = None,
    *,
    visits: Collection[int] = tuple(VISITS),
    measures: Mapping[int | str, str] | None = None,
    episode_concepts: Collection[int] | None = None,
    schema: str | None = None,
    timezone: str = "UTC",
    notice: str = "24h",
    as_of: When | None = None,
    observed_from: When | None = None,
    episode_end: str | None = None,
) -> Cohort:
    r"""A cohort from an OMOP CDM 5.4.

    **OMOP holds no missed appointments of its own.** `visit_occurrence` has visits that took place.
    Without `missed` every appointment is attended: an attendance rate is then 100 % by
    construction, and the reader warns. What the CDM gives:

    ========================  ====================================================================
    appointments (attended)   ``visit_occurrence``: visit_start_datetime, else visit_start_date;
                              provider_id is the therapist, care_site_id the site
    measures                  ``measurement`` and ``observation``: rows of the PHQ-9 (LOINC 44261-6)
                              and GAD-7 (70274-6) totals; item_9 from the item of the PHQ-9
                              (44260-8) in the same table with the same time; no other item
    episodes                  ``episode``; without it, one a client from the first visit
    clients                   ``person``: year_of_birth and gender_concept_id, nothing else
    end of an episode         ``death``, where it comes first (end_reason ``died``)
    ========================  ====================================================================

    Parameters
    ----------
    source : path or connection
        A folder with one CSV or Parquet file a table, named as the table (in any case), or an open
        connection as `read_database` takes. Only ``visit_occurrence`` is required. Of ``concept``
        the LOINC codes are read.
    missed : path, frame, query or dict, optional
        The appointments that did not take place, as a table of appointments: client_id (the
        person_id), start, outcome, and any optional column such as cancelled_at. A path names a
        CSV or Parquet file; text is a query where `source` is a connection; a frame is of polars,
        pandas or pyarrow. With other names of columns: ``{"table": ..., "mapping": {...}}``, where
        the mapping is that of ``appointments`` or a YAML file. Its attended rows are quarantined:
        those come from ``visit_occurrence``. Where missed appointments stand among the visits, a
        column tells them: ``{"column": "visit_source_value", "values": {"NO SHOW": "no_show"}}``;
        a visit with any other text there is attended.
    visits : collection of int
        The visit_concept_id that count as attended appointments; others are quarantined. By
        default outpatient (9202), office (581477) and home (581476) visits and telehealth (722455,
        5083); hospital stays, emergency and pharmacy visits do not count.
    measures : dict of int to str, optional
        Further concept ids and the instruments they are, as ``{2000000001: "PHQ-9"}``, or ``"PHQ-9
        item 9"``. LOINC codes are found by the source value, or by the CDM's own ``concept`` table.
        Rows of other concepts (laboratory values) are not read at all.
    episode_concepts : collection of int, optional
        The episode_concept_id that are episodes of care; others are quarantined. By default all:
        two that overlap for one client are then both quarantined.
    schema : str, optional
        Of a database: the schema that holds the tables.
    timezone : str
        IANA name of the zone of the CDM's times, which have none. A visit with a date and no time
        starts at that day's midnight, so its order within the day is not known; an episode or a
        life that ends on a date ends with that day.
    notice, as_of, observed_from, episode_end
        As for `read_csv`. With ``death`` and without ``episode``, `episode_end` must be given for a
        death to end anything.

    Returns
    -------
    Cohort
        Rejected rows of ``appointments`` are numbered through visit_occurrence and then `missed`,
        those of ``measures`` through the rows taken from measurement and then observation; the raw
        text names the table and the id.

    Raises
    ------
    DataError
        If the folder or ``visit_occurrence`` is missing, a file is damaged, or a query is refused.
    MappingError
        If a column that is needed is not there.
    OptionError
        If an option has a value that it cannot take.

    Warns
    -----
    CareNotebookWarning
        Without `missed`; if no score is found though there are tables of measurements; if a death
        cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import carenotebook as cn
    >>> visits = (
    ...     "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_start_datetime\n"
    ...     "1,7,9202,2026-01-05,2026-01-05 10:00:00\n"
    ...     "2,7,9201,2026-01-09,\n"
    ... )
    >>> missed = "PatID,Slot,Status\n7,2026-01-12 10:00,No show\n"
    >>> with tempfile.TemporaryDirectory() as cdm:
    ...     _ = pathlib.Path(cdm, "visit_occurrence.csv").write_text(visits)
    ...     _ = pathlib.Path(cdm, "slots.csv").write_text(missed)
    ...     cohort = cn.read_omop(
    ...         cdm,
    ...         missed={
    ...             "table": f"{cdm}/slots.csv",
    ...             "mapping": {
    ...                 "client_id": "PatID",
    ...                 "start": "Slot",
    ...                 "outcome": {"column": "Status", "values": {"No show": "no_show"}},
    ...             },
    ...         },
    ...         episode_end="120d",
    ...     )
    >>> cohort.appointments.collect()["outcome"].to_list()
    ['attended', 'no_show']
    >>> cohort.rejected.select("row", "reason").rows()
    [(2, 'has a visit_concept_id that is not among visits=')]
    """
    settings = Settings(timezone, notice, as_of, observed_from, episode_end)
    _check_concepts("visits", visits)
    _check_concepts("episode_concepts", episode_concepts or ())
    cdm = open_source(source, schema)
    column = missed_column(missed)
    appointments = {VISITS_TABLE: visit_table(_visits(cdm), visits, column)}
    blanks: tuple[str, ...] = ()
    if missed is None:
        warnings.warn(NO_MISSES, CareNotebookWarning, stacklevel=2)
    elif column is None:
        appointments["missed"], blanks = missed_table(missed, cdm)
    made = {"appointments": together(appointments)} | _persons(cdm, episode_concepts)
    scores = _scores(cdm, measures)
    if any(raw.frame.height for raw, _ in scores.values()):
        made["measures"] = together(scores)
    elif scores:
        warnings.warn(NO_SCORES, CareNotebookWarning, stacklevel=2)
    rules = Rules({t: fields for t, (_, fields) in made.items()}, blanks, only=())
    cohort = assemble({t: raw for t, (raw, _) in made.items()}, rules, settings)
    if not cdm.has("death"):
        return cohort
    deaths, unread = read_deaths(*death_table(cdm.read("death")), Reading(timezone))
    if unread:
        warnings.warn(UNREAD_DEATHS, CareNotebookWarning, stacklevel=2)
    return with_deaths(cohort, deaths)


def _visits(cdm: CdmSource) -> RawTable:
    if not cdm.has(VISITS_TABLE):
        raise DataError(
            "There is no table visit_occurrence: name the folder or schema that holds the tables "
            "of the CDM."
        )
    return cdm.read(VISITS_TABLE)


def _persons(cdm: CdmSource, concepts: Collection[int] | None) -> dict[str, Piece]:
    made: dict[str, Piece] = {}
    if cdm.has("episode"):
        made["episodes"] = episode_table(cdm.read("episode"), concepts)
    if cdm.has("person"):
        made["clients"] = person_table(cdm.read("person"))
    return made


def _scores(cdm: CdmSource, measures: Mapping[int | str, str] | None) -> dict[str, Piece]:
    concepts = instrument_concepts(cdm, measures)
    return {t: score_table(cdm, t, concepts) for t in _SCORES if cdm.has(t)}


def _check_concepts(argument: str, concepts: Any) -> None:
    if isinstance(concepts, str) or not all(str(c).isdecimal() for c in concepts):
        raise OptionError(f"{argument}= takes a list of concept ids, such as [9202].")
