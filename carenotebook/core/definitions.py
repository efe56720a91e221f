"""The tables as dataframely has them; `schema` hands them out, and imports this when it must.

Row rules are named so that their name says what is wrong with a row that fails.
"""

import dataframely as dy
import polars as pl

from carenotebook.core import options
from carenotebook.core.instruments import INSTRUMENTS


def _client() -> dy.String:
    return dy.String(nullable=False, min_length=1)


def _text() -> dy.String:
    return dy.String(nullable=True)


def _time(*, required: bool = False) -> dy.Datetime:
    return dy.Datetime(nullable=not required, time_unit="us", time_zone="UTC")


def _one_of(allowed: tuple[str, ...], *, required: bool = False) -> dy.Enum:
    return dy.Enum(list(allowed), nullable=not required)


class Appointments(dy.Schema):
    client_id = _client()
    start = _time(required=True)
    outcome = _one_of(options.OUTCOMES, required=True)
    appointment_id = _text()
    therapist_id = _text()
    site = _text()
    kind = _one_of(options.KINDS)
    booked_at = _time()
    cancelled_at = _time()
    replaces = _text()
    modality = _one_of(options.MODALITIES)
    duration_min = dy.Float64(nullable=True, min=0)
    began_at = _time()
    reason = _one_of(options.REASONS)


class Episodes(dy.Schema):
    client_id = _client()
    started_at = _time(required=True)
    referred_at = _time()
    ended_at = _time()
    end_reason = _one_of(options.END_REASONS)
    therapist_id = _text()
    site = _text()

    @dy.rule()
    def ends_before_it_starts(cls) -> pl.Expr:
        return pl.col("ended_at") >= pl.col("started_at")


class Clients(dy.Schema):
    client_id = _client()


class Contacts(dy.Schema):
    client_id = _client()
    at = _time(required=True)
    direction = _one_of(options.DIRECTIONS, required=True)
    channel = _text()
    purpose = _one_of(options.PURPOSES)
    delivered = dy.Bool(nullable=True)


class Measures(dy.Schema):
    client_id = _client()
    at = _time(required=True)
    instrument = dy.String(nullable=False, min_length=1)
    score = dy.Float64(nullable=False)
    item_9 = dy.Int64(nullable=True, min=0, max=3)

    @dy.rule()
    def score_outside_the_instruments_range(cls) -> pl.Expr:
        name = pl.col("instrument")
        bounds = {
            side: name.replace_strict(
                {i.name: getattr(i, side) for i in INSTRUMENTS.values()},
                default=None,
                return_dtype=pl.Float64,
            )
            for side in ("lowest", "highest")
        }
        inside = pl.col("score").is_between(bounds["lowest"], bounds["highest"])
        return inside | bounds["lowest"].is_null()


class Checkins(dy.Schema):
    client_id = _client()
    at = _time(required=True)
    barrier = _one_of(options.REASONS)
    progress = dy.Float64(nullable=True, min=0, max=10)
    wants_to_continue = dy.Bool(nullable=True)
    checkin_id = _text()


class Actions(dy.Schema):
    client_id = _client()
    at = _time(required=True)
    kind = _one_of(options.ACTION_KINDS, required=True)
    detail = _text()
    response = _one_of(options.RESPONSES)


class Pauses(dy.Schema):
    client_id = _client()
    start = _time(required=True)
    end = _time()
    reason = _one_of(options.PAUSE_REASONS)

    @dy.rule()
    def ends_at_or_before_its_start(cls) -> pl.Expr:
        return pl.col("end") > pl.col("start")


class Policies(dy.Schema):
    policy = dy.String(nullable=False, min_length=1)
    kind = _one_of(options.POLICY_KINDS, required=True)
    start = _time(required=True)
    end = _time()
    site = _text()
    therapist_id = _text()
    value = _text()

    @dy.rule()
    def ends_before_it_starts(cls) -> pl.Expr:
        return pl.col("end") >= pl.col("start")


TABLES: dict[str, type[dy.Schema]] = {
    "appointments": Appointments,
    "episodes": Episodes,
    "clients": Clients,
    "contacts": Contacts,
    "measures": Measures,
    "checkins": Checkins,
    "actions": Actions,
    "pauses": Pauses,
    "policies": Policies,
}
