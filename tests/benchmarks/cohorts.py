"""Large cohorts for the benchmark: plausible in shape, made in seconds, saved once per size."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from carenotebook.core import schema
from carenotebook.core.cohort import Cohort, build_cohort
from carenotebook.core.durations import DAY
from carenotebook.core.fingerprint import Fingerprint
from carenotebook.core.manifest import MANIFEST
from carenotebook.core.parts import CLIENT
from carenotebook.core.store import saved_facts, saving

APPOINTMENTS_PER_CLIENT = 25
CONTACTS_PER_CLIENT = 12
_OUTCOMES = ("attended", "no_show", "late_cancel", "early_cancel", "provider_cancel")
_THERAPISTS, _SITES = 1200, 40
_SHARES = (0.76, 0.10, 0.05, 0.06, 0.03)
_FIRST = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def bare_scan(cohort: Cohort, columns: dict[str, tuple[str, ...]]) -> Callable[[], int]:
    """A scan and sum of columns, by table."""
    sums = [
        pl.concat(part[table].select(wanted) for part in cohort.parts).select(_summed())
        for table, wanted in columns.items()
    ]
    return lambda: sum(int(s.sum_horizontal()[0]) % 2**31 for s in pl.collect_all(sums))


def _summed() -> list[pl.Expr]:
    texts = pl.selectors.string()
    return [
        texts.str.len_bytes().sum().cast(pl.Int64),
        (~texts).as_expr().to_physical().cast(pl.Int64, strict=False).sum() % 2**31,
    ]


def service_cohort(appointments: int, folder: Path) -> Path:
    """The same clients in a service that has sites, therapists, ends of care and a policy."""
    return saved_cohort(appointments, folder, of_service=True)


def saved_cohort(
    appointments: int, folder: Path, seed: int = 1, *, of_service: bool = False
) -> Path:
    """A saved cohort with about so many appointments; made if it is not there yet.

    It is made part by part, so that memory stays bounded, in parts as large as `Cohort.save` makes.
    """
    home = folder / f"{'service' if of_service else 'cohort'}-{appointments}"
    if (home / MANIFEST).exists():
        return home
    clients = appointments // APPOINTMENTS_PER_CLIENT
    millions = appointments / 1_000_000
    cuts = max(1, round(millions), min(2, round(2 * millions)))
    bounds = np.linspace(0, clients, cuts + 1).astype(int).tolist()
    content = Fingerprint()
    with saving(home) as save:
        for low, high in pairwise(bounds):
            cohort = make_cohort(high - low, seed + low, first=low, of_service=of_service)
            part = {n: _numbered(f.collect(), low) for n, f in cohort.parts[0].items()}
            save.write_part(part)
            for name, frame in part.items():
                content.feed(name, frame)
        save.place(
            saved_facts(
                replace(cohort, rows_in={}), save.counts, content.hexdigest(cohort), rejected=0
            )
        )
    return home


def _numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    return frame.with_columns(pl.col(CLIENT) + first) if CLIENT in frame.columns else frame


def make_cohort(clients: int, seed: int, first: int = 0, *, of_service: bool = False) -> Cohort:
    """Weekly appointments over half a year each, intakes over eight years."""
    rng = np.random.default_rng(seed)
    intake = _FIRST + rng.integers(0, 8 * 365, clients) * DAY
    ids = pl.Series("client_id", [f"bench-{first + i:07}" for i in range(clients)])
    share = rng.beta(8, 2, clients)
    tables = {
        "appointments": _appointments(rng, ids, intake, share),
        "contacts": _contacts(rng, ids, intake),
        "measures": _measures(rng, ids, intake),
        "episodes": pl.DataFrame(
            {
                "client_id": ids,
                "started_at": _times(intake),
                "ended_at": _times(intake + rng.integers(150, 300, clients) * DAY),
            }
        ),
    }
    if of_service:
        tables |= _service(tables)
    return build_cohort(tables, as_of=datetime(2024, 1, 1, tzinfo=UTC))


def _service(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """With therapists and sites, some outcomes not known, how care ended, and a late fee."""
    number = pl.col("client_id").str.tail(7).cast(pl.Int64)
    therapist = number * 7919 % _THERAPISTS
    reason = number * 104_729 % 3
    types = schema.dtypes("policies")
    unknown = pl.lit("unknown", schema.dtypes("appointments")["outcome"])
    return {
        "appointments": tables["appointments"].with_columns(
            therapist_id=pl.format("therapist-{}", therapist),
            site=pl.format("site-{}", therapist % _SITES),
            outcome=pl.when(pl.int_range(pl.len()) % 31 > 0).then("outcome").otherwise(unknown),
        ),
        "episodes": tables["episodes"].with_columns(
            end_reason=reason.replace_strict(
                {0: "completed", 1: "dropped_out", 2: "transferred"},
                return_dtype=schema.dtypes("episodes")["end_reason"],
            )
        ),
        "policies": pl.DataFrame(
            {"policy": ["fee"], "kind": ["late_fee"], "start": [datetime(2019, 1, 1, tzinfo=UTC)]},
            schema_overrides={n: types[n] for n in ("kind", "start")},
        ),
    }


def _appointments(
    rng: np.random.Generator, ids: pl.Series, intake: np.ndarray, share: np.ndarray
) -> pl.DataFrame:
    each = APPOINTMENTS_PER_CLIENT
    week = np.tile(np.arange(each), len(intake)) * 7 * DAY
    start = np.repeat(intake, each) + week + rng.integers(8 * 60, 18 * 60, week.size) * 60_000_000
    drawn = rng.choice(np.arange(1, 5), week.size, p=np.array(_SHARES[1:]) / sum(_SHARES[1:]))
    outcome = np.where(rng.random(week.size) < np.repeat(share, each), 0, drawn)
    cancelled = np.where(outcome == 3, start - rng.integers(25, 200, week.size) * (DAY // 24), 0)
    cancelled = np.where(
        outcome == 2, start - rng.integers(1, 23, week.size) * (DAY // 24), cancelled
    )
    codes = pl.Series(outcome).replace_strict(
        dict(enumerate(_OUTCOMES)), return_dtype=schema.dtypes("appointments")["outcome"]
    )
    return pl.DataFrame(
        {
            "client_id": ids.gather(np.repeat(np.arange(len(ids)), each)),
            "start": _times(start),
            "outcome": codes,
            "booked_at": _times(start - 7 * DAY),
            "cancelled_at": _times(cancelled).set(pl.Series(cancelled == 0), None),
        }
    )


def _contacts(rng: np.random.Generator, ids: pl.Series, intake: np.ndarray) -> pl.DataFrame:
    rows = len(ids) * CONTACTS_PER_CLIENT
    owner = np.repeat(np.arange(len(ids)), CONTACTS_PER_CLIENT)
    types = schema.dtypes("contacts")
    outbound = rng.random(rows) < 0.7
    purpose = np.where(outbound, rng.choice(["reminder", "outreach"], rows), "check_in")
    return pl.DataFrame(
        {
            "client_id": ids.gather(owner),
            "at": _times(intake[owner] + rng.integers(0, 200 * 24 * 60, rows) * 60_000_000),
            "direction": np.where(outbound, "outbound", "inbound"),
            "purpose": purpose,
            "delivered": rng.random(rows) < 0.9,
        },
        schema_overrides={"direction": types["direction"], "purpose": types["purpose"]},
    )


def _measures(rng: np.random.Generator, ids: pl.Series, intake: np.ndarray) -> pl.DataFrame:
    each = 5
    owner = np.repeat(np.arange(len(ids)), each)
    month = np.tile(np.arange(each), len(ids)) * 28 * DAY
    return pl.DataFrame(
        {
            "client_id": ids.gather(owner),
            "at": _times(intake[owner] + month),
            "instrument": pl.repeat("PHQ-9", owner.size, eager=True),
            "score": rng.integers(0, 28, owner.size).astype(float),
        }
    )


def _times(microseconds: np.ndarray) -> pl.Series:
    return pl.Series(microseconds, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
