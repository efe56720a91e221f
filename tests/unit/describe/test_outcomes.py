import polars as pl
import pytest

from carenotebook.core.errors import MissingDataError
from carenotebook.describe.outcomes import outcomes


def scores(client, instrument, *pairs):
    return [
        {"client_id": client, "at": day, "instrument": instrument, "score": float(score)}
        for day, score in pairs
    ]


def episode(client, started=0, ended=None):
    return {"client_id": client, "started_at": started, "ended_at": ended}


def figures(cohort, instrument):
    frame = outcomes(cohort).tidy().filter(pl.col("instrument") == instrument)
    return {r["term"]: r for r in frame.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("instrument", "pair", "term"),
    [
        ("PHQ-9", (16, 10), "reliable_improvement"),
        ("PHQ-9", (16, 11), "no_reliable_change"),
        ("PHQ-9", (10, 16), "reliable_deterioration"),
        ("PHQ-9", (10, 15), "no_reliable_change"),
        ("GAD-7", (12, 8), "reliable_improvement"),
        ("GAD-7", (12, 9), "no_reliable_change"),
        ("GAD-7", (8, 12), "reliable_deterioration"),
        ("GAD-7", (8, 11), "no_reliable_change"),
    ],
)
def test_a_change_of_the_reliable_size_counts(cohort_of, visits_of, instrument, pair, term):
    cohort = cohort_of(
        visits_of("a", ["attended"] * 3),
        episodes=[episode("a")],
        measures=scores("a", instrument, (0, pair[0]), (14, pair[1])),
        as_of=30,
    )
    found = figures(cohort, instrument)
    moves = {"reliable_improvement", "no_reliable_change", "reliable_deterioration"} & set(found)
    assert moves == {term}
    assert found["mean_change"]["estimate"] == pair[1] - pair[0]


def test_every_episode_is_paired_has_one_score_or_none(cohort_of, visits_of):
    cohort = cohort_of(
        [v for c in "abc" for v in visits_of(c, ["attended"] * 3)],
        episodes=[episode(c) for c in "abc"],
        measures=[*scores("a", "PHQ-9", (0, 12), (14, 12)), *scores("b", "PHQ-9", (0, 12))],
        as_of=30,
    )
    found = figures(cohort, "PHQ-9")
    counted = {t: found[t]["numerator"] for t in ("paired_scores", "one_score", "no_score")}
    assert counted == {"paired_scores": 1, "one_score": 1, "no_score": 1}
    assert found["no_score"]["denominator"] == 3


def test_a_score_from_before_the_episode_is_its_first_but_not_from_the_one_before(
    cohort_of, visits_of
):
    cohort = cohort_of(
        [*visits_of("a", ["attended"]), *visits_of("a", ["attended"], first=60)],
        episodes=[episode("a", 0, 20), episode("a", 50)],
        # Day 19 belongs to the first episode, 20 (its end) and 40 to the second, as at its start.
        measures=scores("a", "PHQ-9", (-5, 20), (19, 14), (20, 18), (40, 17), (60, 9)),
        as_of=90,
    )
    assert figures(cohort, "PHQ-9")["mean_change"]["estimate"] == ((14 - 20) + (9 - 18)) / 2


def test_scores_at_or_after_the_end_are_not_seen(cohort_of, visits_of):
    cohort = cohort_of(
        visits_of("a", ["attended"] * 3),
        episodes=[episode("a")],
        measures=scores("a", "PHQ-9", (0, 12), (30, 3)),
        as_of=30,
    )
    assert figures(cohort, "PHQ-9")["one_score"]["numerator"] == 1


def test_an_instrument_without_a_published_number_has_no_reliable_change(cohort_of, visits_of):
    cohort = cohort_of(
        visits_of("a", ["attended"] * 3),
        episodes=[episode("a")],
        measures=[*scores("a", "CSQ-8", (0, 20), (14, 28)), *scores("a", "own", (0, 1), (14, 2))],
        as_of=30,
    )
    for name, change in (("CSQ-8", 8), ("own", 1)):
        found = figures(cohort, name)
        assert found["mean_change"]["estimate"] == change
        assert set(found) == {"paired_scores", "mean_change"}


BOTH = {
    # client: PHQ-9 first and last, GAD-7 first and last
    "recovers": (15, 5, 12, 4),
    "below_both_not_reliable": (10, 9, 8, 7),
    "case_on_one": (4, 4, 9, 5),
    "still_a_case": (20, 12, 12, 10),
    "mixed": (18, 8, 8, 12),
    "worse": (10, 16, 8, 8),
    "never_a_case": (5, 5, 3, 3),
}


@pytest.fixture
def treated(cohort_of, visits_of):
    def build(attended=2, kind="treatment", ended=40):
        measures = []
        for client, (p0, p1, g0, g1) in BOTH.items():
            measures += scores(client, "PHQ-9", (0, p0), (7, p1))
            measures += scores(client, "GAD-7", (0, g0), (7, g1))
        return cohort_of(
            [v for c in BOTH for v in visits_of(c, ["attended"] * attended, kind=kind)],
            episodes=[episode(c, 0, ended) for c in BOTH],
            measures=measures,
            as_of=60,
        )

    return build


def test_recovery_is_that_of_both_scales(treated):
    found = figures(treated(), "PHQ-9 + GAD-7")
    counted = {t: (r["numerator"], r["denominator"]) for t, r in found.items()}
    assert counted == {
        # A reliable fall on either and no reliable rise on the other: recovers, case_on_one
        # (9 to 5 is a fall of 4) and still_a_case (20 to 12). mixed falls on one, rises on one.
        "reliable_improvement": (3, 7),
        "reliable_deterioration": (1, 7),
        "no_reliable_change": (3, 7),
        "case_at_start": (6, 7),
        # Below both thresholds at the end: recovers, below_both_not_reliable, case_on_one.
        "recovery": (3, 6),
        "reliable_recovery": (2, 6),
    }
    assert found["recovery"]["denominator_name"] == "finished_and_a_case"


@pytest.mark.parametrize(
    "options", [{"attended": 1}, {"kind": "assessment"}, {"ended": None}, {"ended": 61}]
)
def test_unfinished_episodes_are_not_in_the_denominator(treated, options):
    found = figures(treated(**options), "PHQ-9 + GAD-7")
    assert "reliable_improvement" not in found
    assert found["recovery"]["denominator"] == 0
    assert found["recovery"]["estimate"] is None


def test_mean_change_has_a_standard_error_by_client(cohort_of, visits_of):
    measures = [
        *scores("a", "PHQ-9", (0, 10), (5, 8), (20, 12), (25, 8)),
        *scores("b", "PHQ-9", (0, 10), (5, 10)),
    ]
    cohort = cohort_of(
        [*visits_of("a", ["attended"]), *visits_of("b", ["attended"])],
        episodes=[episode("a", 0, 10), episode("a", 20), episode("b")],
        measures=measures,
        as_of=60,
    )
    row = figures(cohort, "PHQ-9")["mean_change"]
    # Changes -2 and -4 of a, 0 of b: mean -2; residuals by client -2 and 2; sqrt(8 * 2 / 1) / 3.
    assert row["estimate"] == -2
    assert row["std_error"] == pytest.approx(4 / 3)


def test_summary_says_who_is_under_represented(treated):
    assert "those who miss or leave early are under-represented" in outcomes(treated()).summary()


def test_measures_are_needed(cohort_of, visits_of):
    with pytest.raises(MissingDataError, match="measures"):
        outcomes(cohort_of(visits_of("a", ["attended"]), as_of=9, episode_end="as_of"))
