"""When and where a policy of a cohort was in force."""

from __future__ import annotations

import polars as pl

from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import OptionError


def policy_rows(cohort: Cohort, policy: str | None, caller: str, argument: str) -> pl.DataFrame:
    """The rows of one policy, its start as `started` and its end as `ended` (null: none known).

    Without a name it is the only policy that the cohort has.

    Raises
    ------
    MissingDataError
        If the cohort has no policies.
    OptionError
        If there is no such policy, or none is named and there are several.
    """
    cohort.require("policies", needed_by=f"{caller}({argument}=)")
    rows = cohort.table("policies").collect()
    if "end" not in rows.columns:
        rows = rows.with_columns(end=pl.lit(None, pl.Datetime("us", "UTC")))
    names = rows["policy"].unique().sort().to_list()
    if policy is None and len(names) == 1:
        policy = names[0]
    if policy not in names:
        raise OptionError(f"{caller}(): {argument}= is one of: {', '.join(names) or 'none'}.")
    return rows.filter(pl.col("policy") == policy).rename({"start": "started", "end": "ended"})
