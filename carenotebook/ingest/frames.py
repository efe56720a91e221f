"""A Cohort from frames in memory: polars, pandas or pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carenotebook.core.errors import DataError
from carenotebook.core.plain import to_polars
from carenotebook.core.when import When
from carenotebook.ingest.assemble import assemble
from carenotebook.ingest.quarantine import RawTable
from carenotebook.ingest.settings import Settings

if TYPE_CHECKING:
    from carenotebook.core.cohort import Cohort
    from carenotebook.ingest.mapping import MappingLike


def from_frames(  # noqa: PLR0913 - one parameter a table, and what every reader takes
    appointments: Any,
    *,
    contacts: Any = None,
    episodes: Any = None,
    clients: Any = None,
    measures: Any = None,
    checkins: Any = None,
    actions: Any = None,
    pauses: Any = None,
    policies: Any = None,
    mapping: MappingLike | None = None,
    timezone: str = "UTC",
    notice: str = "24h",
    as_of: When | None = None,
    observed_from: When | None = None,
    episode_end: str | None = None,
) -> Cohort:
    """A cohort from frames in memory.

    For data that you have already joined or cleaned in Python. For files use `read_csv`,
    `read_excel` or `read_parquet`, which number rejected rows as the file does.

    Parameters
    ----------
    appointments : polars.DataFrame or LazyFrame, pandas.DataFrame, pyarrow.Table
        One row an appointment: client_id, start, outcome and optional columns. Columns may hold
        text or values of their own type; an index of pandas is left out.
    contacts, episodes, clients, measures, checkins, actions, pauses, policies : frame, optional
        Further tables. None is a table that you do not have; an empty frame says that nothing
        happened.
    mapping : dict, path of a YAML file or name of a shipped mapping, optional
        How your columns make the schema's (`carenotebook.ingest.mapping.read_mapping` lists the
        forms). Without it the columns have the schema's names.
    timezone : str
        IANA name for times without an offset. A local time that happened twice or never is
        quarantined.
    notice : str
        Where `cancelled_at` is known, a cancellation with less notice is late, with this much or
        more early, at or after `start` a no-show.
    as_of, observed_from : datetime, date or ISO 8601 text, optional
        What is seen. `as_of` defaults to a microsecond after the latest recorded happening.
    episode_end : str, optional
        Without `episodes`, how the one episode of a client ends: ``"as_of"``, or a duration after
        the last attended session such as ``"120d"``.

    Returns
    -------
    Cohort
        Rows that cannot be used stand in `Cohort.rejected`, with the reason.

    Raises
    ------
    DataError, MappingError, OptionError
        If a table, the mapping or an option cannot be used at all; a row never raises.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame(
    ...     {
    ...         "client_id": ["c1", "c1", "c2"],
    ...         "start": ["2026-01-05 10:00", "2026-01-12 10:00", "2026-02-31 10:00"],
    ...         "outcome": ["attended", "no_show", "attended"],
    ...     }
    ... )
    >>> cohort = from_frames(frame, timezone="Europe/London", episode_end="as_of")
    >>> cohort.appointments.collect().height
    2
    >>> cohort.rejected.select("row", "column", "reason").rows()
    [(3, 'start', 'is a date that does not exist')]
    """
    given = {
        "appointments": appointments,
        "episodes": episodes,
        "clients": clients,
        "contacts": contacts,
        "measures": measures,
        "checkins": checkins,
        "actions": actions,
        "pauses": pauses,
        "policies": policies,
    }
    raw = {t: RawTable(to_polars(f"{t}=", f)) for t, f in given.items() if f is not None}
    if "appointments" not in raw:
        raise DataError("appointments= is the one table that a cohort cannot do without.")
    settings = Settings(timezone, notice, as_of, observed_from, episode_end)
    return assemble(raw, mapping, settings)
