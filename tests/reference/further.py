"""More public data sets beside R, chosen for what else they ask of the same functions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import polars as pl
from compared import ITERATED, Compared, as_in_r, as_text, beside, data, reference
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools import add_constant

import carenotebook as cn
from carenotebook.core.cohort import Cohort


def staying() -> Iterator[Compared]:
    """Two grouping columns, one called group, groups never at risk together as follow-up ends."""
    sets: dict[str, tuple[pl.DataFrame, str, str, list[str], float]] = {
        "bmt": (data("KMsurv", "bmt"), "t2", "d3", ["group"], 1000),
        "hodgkin": (data("KMsurv", "hodg"), "time", "delta", ["gtype", "dtype"], 300),
        "smoking": (data("asaur", "pharmacoSmoking"), "ttr", "relapse", ["grp"], 150),
    }
    for name, (frame, time, event, by, until) in sets.items():
        theirs = reference("further")[f"curve_{name}"]
        found = cn.effects.survival_curve(as_text(frame), time, event, by)
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


def visits_of_pbc() -> pl.DataFrame:
    """One row a stretch between visits, as in the script."""
    following = pl.col("day").shift(-1).over("id")
    return (
        data("survival", "pbcseq")
        .sort("id", "day")
        .with_columns(
            stop=following.fill_null(pl.col("futime")),
            died=following.is_null() & (pl.col("status") == 2),
        )
        .filter(pl.col("stop") > pl.col("day"))
    )


def leaving() -> Iterator[Compared]:
    """Cox models: far outlying covariates, visits with late entry, pairs, many ties."""
    feeding = ["race", "poverty", "smoke", "alcohol", "yschool"]
    models: dict[str, tuple[pl.DataFrame, str, str, list[str], dict[str, Any]]] = {
        "light_chains": (
            data("survival", "flchain"),
            "futime",
            "death",
            ["age", "sex", "kappa", "lambda", "creatinine"],
            {},
        ),
        "pbc_visits": (
            visits_of_pbc(),
            "stop",
            "died",
            ["bili", "albumin", "age"],
            {"entry": "day", "cluster": "id"},
        ),
        "infections": (
            data("survival", "cgd"),
            "tstop",
            "status",
            ["treat", "age"],
            {"entry": "tstart", "cluster": "id", "strata": "hos.cat", "ties": "breslow"},
        ),
        "retinopathy": (
            data("survival", "retinopathy"),
            "futime",
            "status",
            ["trt", "age", "type", "risk"],
            {"cluster": "id"},
        ),
        "breast_feeding": (data("KMsurv", "bfeed"), "duration", "delta", feeding, {}),
    }
    for name, (frame, time, event, covariates, more) in models.items():
        found = cn.effects.hazard_model(frame, time, event, covariates, **more)
        theirs, tidy = reference("further")[f"cox_{name}"], found.tidy()
        source, terms = f"{name.replace('_', ' ')}, Cox (R)", tidy["term"].to_list()
        yield from beside(source, terms, theirs["estimate"], tidy["estimate"])
        errors = [f"{t}, SE" for t in terms]
        yield from beside(source, errors, theirs["std_error"], tidy["std_error"])
        tests = [f"{t}, proportionality" for t in [*terms, "GLOBAL"]]
        yield from beside(source, tests, theirs["test"], found.proportionality()["statistic"])
        yield from beside(
            source, ["log-likelihood"], theirs["log_likelihood"], [found.log_likelihood]
        )


def ending() -> Iterator[Compared]:
    """Competing ends at more than 400 distinct times, in two groups."""
    frame = data("survival", "rotterdam").with_columns(
        time=pl.min_horizontal("rtime", "dtime"),
        end=pl.when(pl.col("recur") == 1).then(1).otherwise(2 * pl.col("death")),
    )
    found = cn.effects.cumulative_incidence(frame, "time", "end", by="chemo").tidy()
    theirs = reference("further")["ends_rotterdam"]
    cells = [(end, chemo, t) for end in "12" for chemo in (0, 1) for t in theirs["at"]]
    rows = pl.concat(
        found.filter(pl.col("time") <= t, term=end, chemo=chemo).tail(1) for end, chemo, t in cells
    )
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        names = [f"end {end}, chemo {chemo}, {t}: {column}" for end, chemo, t in cells]
        yield from beside("rotterdam, Aalen-Johansen (R)", names, theirs[column], rows[column])


def charting() -> Iterator[Compared]:
    """Control charts with frozen limits and phases, and funnels of many unequal units."""
    theirs, spc = reference("further"), cn.quality.spc
    nile = data("datasets", "Nile")
    made = spc(nile, "value", "time", phases=[(1899, "dam")]).tidy()
    ours = [made[c][at] for at in (0, 99) for c in ("center", "lower", "upper")]
    figures = [f"{p}, {c}" for p in ("before", "dam") for c in ("center", "lower", "upper")]
    yield from beside("Nile, XmR in phases (R)", figures, theirs["xmr_nile"], ours)
    cows = data("lme4", "cbpp").with_row_index("at")
    ships = data("MASS", "ships").filter(pl.col("service") > 0).with_row_index("at")
    sets = {
        "p_cows": (cows, "incidence", "p", "size"),
        "pprime_cows": (cows, "incidence", "pprime", "size"),
        "u_ships": (ships, "incidents", "u", "service"),
    }
    for name, (frame, value, chart, of) in sets.items():
        made = spc(frame, value, "at", chart, denominator=of).tidy()
        ours = [made["center"][0], *made["lower"][:3], *made["upper"][:3]]
        figures = ["center", *(f"{c} {i + 1}" for c in ("lower", "upper") for i in range(3))]
        yield from beside(f"{name.replace('_', '-chart, ')} (R)", figures, theirs[name], ours)
    county = data("wooldridge", "countymurders")
    county = county.filter(pl.col("year") == 1996, pl.col("popul") > 50000)
    county = county.with_columns(
        due=pl.col("popul") * pl.col("murders").sum() / pl.col("popul").sum()
    )
    for name, extremes in (("", "winsorise"), ("_trimmed", "trim")):
        found = cn.quality.funnel(
            county, "countyid", "murders", "due", limits=0.95, extremes=extremes
        )
        tidy, wanted = found.tidy(), theirs[f"funnel_murders{name}"]
        sums = [float(tidy[c].sum()) for c in ("lower", "upper", "outlier")]
        ours = [found.dispersion, found.between, *sums]
        source = f"county murders, funnel, {extremes} (R)"
        yield from beside(source, list(wanted), list(wanted.values()), ours)


def attending() -> Iterator[Compared]:
    """Attendance as it changes and how care ends: visits and ends of PBC as a cohort."""
    for name, (event, adjust) in {
        "died": ("died", []),
        "adjusted": ("died", ["age", "sex"]),
        "transferred": ("transferred", []),
    }.items():
        found = cn.attendance_hazard(_pbc_cohort(), event, adjust=adjust)
        theirs, tidy = reference("attending")[name], found.tidy()
        source, terms = f"PBC visits, attendance so far, {name} (R)", tidy["term"].to_list()
        yield from beside(source, terms, theirs["estimate"], tidy["estimate"])
        errors = [f"{t}, SE by client" for t in terms]
        yield from beside(source, errors, theirs["std_error"], tidy["std_error"])
        tests = [f"{t}, proportionality" for t in [*terms, "GLOBAL"]]
        yield from beside(source, tests, theirs["test"], found.proportionality()["statistic"])
        one = ["log-likelihood", "rows"]
        ours = [found.log_likelihood, float(found.basis.rows)]
        yield from beside(source, one, [theirs["log_likelihood"], theirs["rows"]], ours)


def _pbc_cohort() -> Cohort:
    """A visit without cholesterol is missed, as in the script; day 0 of everyone is one day."""
    begin = datetime(2000, 1, 1, tzinfo=UTC)
    visits = data("survival", "pbcseq").with_columns(
        client_id=pl.format("p{}", "id"),
        start=begin + pl.duration(days="day"),
        started_at=begin,
        ended_at=begin + pl.duration(days="futime"),
        outcome=pl.when(pl.col("chol").is_null())
        .then(pl.lit("no_show"))
        .otherwise(pl.lit("attended")),
        end_reason=pl.col("status").replace_strict({0: "completed", 1: "transferred", 2: "died"}),
    )
    people = visits.unique("client_id", keep="first", maintain_order=True)
    return cn.from_frames(
        appointments=visits.select("client_id", "start", "outcome"),
        episodes=people.select("client_id", "started_at", "ended_at", "end_reason"),
        clients=people.select("client_id", "age", "sex"),
        as_of=begin + timedelta(days=6000),
    )


def scoring() -> Iterator[Compared]:
    """Mixed models and estimating equations: slopes, few workers, many people, missing visits."""
    slope = {"slope": "Days", "likelihood": "reml"}
    models: dict[str, tuple[pl.DataFrame, str, str, dict[str, Any]]] = {
        "mixed_sleep": (data("lme4", "sleepstudy"), "Reaction ~ Days", "Subject", slope),
        "mixed_machines": (
            data("nlme", "Machines"),
            "score ~ Machine",
            "Worker",
            {"likelihood": "reml"},
        ),
        "mixed_wages": (
            data("wooldridge", "wagepan"),
            "lwage ~ exper + married + union",
            "nr",
            {},
        ),
        "gee_wheeze": (data("geepack", "ohio"), "resp ~ age + smoke", "id", {"method": "gee"}),
        "gee_obesity": (
            data("geepack", "muscatine"),
            "numobese ~ age + gender",
            "id",
            {"method": "gee"},
        ),
    }
    for name, (frame, formula, who, more) in models.items():
        found = cn.effects.repeated_measures(as_text(frame), formula, who, **more)
        theirs = reference("further")[name]
        mine = {as_in_r(r["term"]): r for r in found.tidy().iter_rows(named=True)}
        source = f"{name.replace('_', ', ')} (R)"
        for column, said in (("estimate", ""), ("std_error", ", SE")):
            names = [f"{t}{said}" for t in theirs["term"]]
            ours = [mine[t][column] for t in theirs["term"]]
            yield from beside(source, names, theirs[column], ours, ITERATED)
        if "log_likelihood" in theirs:
            yield Compared(source, "log-likelihood", theirs["log_likelihood"], found.log_likelihood)


def policing() -> Iterator[Compared]:
    """California's accidents about the law on seat belts (month 61)."""
    accidents, its = data("wooldridge", "traffic2"), cn.effects.interrupted_time_series
    found = {
        "its_fatal": its(accidents, "fatacc", "t", 61, "totacc", family="quasipoisson"),
        "its_share": its(accidents, "prcfat", "t", 61, family="gaussian", slope_change=True),
    }
    for name, result in found.items():
        theirs = reference("further")[name]
        rows = {r["term"]: r for r in result.tidy().iter_rows(named=True)}
        terms = ["intercept", "level_change", "slope_change", "trend"]
        order = [t for t in terms if t in rows]
        for column in ("estimate", "std_error"):
            names = [f"{t}, {column}" for t in order]
            ours = [rows[t][column] for t in order]
            yield from beside(f"traffic2, {name} (R)", names, theirs[column], ours)


def weighing() -> Iterator[Compared]:
    """Weights as they come by default, E-values on every scale, net benefit from 0 on."""
    theirs, adjust = reference("further"), ["age", "lwt", "race", "ptl", "ht", "ui"]
    births = data("MASS", "birthwt").with_columns(pl.col("race").cast(pl.String))
    calls = (("bwt", "iptw"), ("low", "iptw"), ("bwt", "overlap"))
    ours = [
        cn.effects.weighted_effect(births, y, "smoke", adjust, how).tidy()["estimate"].item()
        for y, how in calls
    ]
    figures = [f"{y}, {how}" for y, how in calls]
    yield from beside("birthwt, smoking (R)", figures, theirs["births"], ours)
    given: dict[str, Any] = {
        "hazard ratio": cn.effects.e_value(0.56, 0.46, 0.69, "HR"),
        "odds ratio": cn.effects.e_value(0.86, 0.75, 0.99, "OR"),
        "mean difference": cn.effects.e_value(-0.42, -0.7, -0.14, "SMD"),
        "against 1.2": cn.effects.e_value(0.9, 0.8, 1.05, true=1.2),
    }
    strengths = [v for found in given.values() for v in found.tidy()["estimate"]]
    strengths.append(cn.effects.e_value(0.9, 0.7, 1.1).tidy()["estimate"][1])
    figures = [f"{n}, {what}" for n in given for what in ("estimate", "limit")]
    figures.append("interval that holds 1, limit")
    yield from beside("E-values (R, published formulas)", figures, theirs["e_values"], strengths)
    yield from beside("Pima, net benefit (R)", _NET, theirs["net_benefit"], _net_benefit())


_AT = (0, 0.1, 0.3, 0.5)
_NET = [f"{model} at {p}" for model in ("risk", "all") for p in _AT]


def _net_benefit() -> list[float]:
    learnt, tested = data("MASS", "Pima.tr"), data("MASS", "Pima.te")
    said = ["npreg", "glu", "bmi", "age"]
    matrices = [add_constant(f.select(said).to_numpy().astype(float)) for f in (learnt, tested)]
    ill = [(f["type"] == "Yes").cast(pl.Float64) for f in (learnt, tested)]
    fit = GLM(ill[0].to_numpy(), matrices[0], Binomial()).fit(tol=1e-12)
    frame = pl.DataFrame({"ill": ill[1], "risk": fit.predict(matrices[1])})
    found = cn.effects.decision_curve(frame, "ill", "risk", _AT).tidy()
    return [float(v) for v in found.filter(pl.col("model") != "none")["net_benefit"]]


GROUPS: dict[str, Callable[[], Iterator[Compared]]] = {
    "staying": staying,
    "leaving": leaving,
    "attending": attending,
    "ending": ending,
    "charting": charting,
    "scoring": scoring,
    "policing": policing,
    "weighing": weighing,
}
