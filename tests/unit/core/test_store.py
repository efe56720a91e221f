import json
from dataclasses import replace

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import DataError, OptionError

OUTCOMES = ["attended", "no_show", "late_cancel"]


def cohort(clients=7, **options):
    ids = [f"c{i}" for i in range(clients) for _ in range(3)]
    days = [f"2026-01-{1 + 9 * (i % 3) + i // 3:02}" for i in range(3 * clients)]
    appointments = pl.DataFrame({"client_id": ids, "start": days, "outcome": OUTCOMES * clients})
    bad = pl.DataFrame({"client_id": ["c0"], "start": ["soon"], "outcome": ["attended"]})
    contacts = pl.DataFrame(
        {"client_id": ["zz", "c1"], "at": days[:2], "direction": ["inbound"] * 2}
    )
    policies = pl.DataFrame({"policy": ["fee"], "kind": ["late_fee"], "start": ["2026-01-10"]})
    return cn.from_frames(
        pl.concat([appointments, bad]),
        contacts=contacts,
        policies=policies,
        observed_from="2025-12-01",
        timezone="Europe/London",
        **options,
    )


def same(one, other):
    bounds = ("as_of", "observed_from", "timezone", "notice", "episode_end", "tables")
    assert {b: getattr(one, b) for b in bounds} == {b: getattr(other, b) for b in bounds}
    assert dict(one.rows_in) == dict(other.rows_in)
    for table in one.tables:
        assert one.table(table).collect().equals(other.table(table).collect())
    assert one.rejected.equals(other.rejected)
    assert one.content_hash == other.content_hash


@pytest.mark.parametrize("partitions", [None, 1, 2, 3, 7, 20])
def test_what_is_saved_is_loaded_however_it_is_cut(tmp_path, partitions):
    made = cohort(notice="48h", episode_end="120d")
    loaded = cn.load(made.save(tmp_path / "cohort", partitions))
    assert len(loaded.parts) == (partitions or 1)
    same(made, loaded)
    same(loaded, cn.load(loaded.save(tmp_path / "again")))


def test_a_client_stands_in_one_part_and_parts_are_sorted(tmp_path):
    loaded = cn.load(cohort().save(tmp_path / "cohort", 3))
    ids = [p["appointments"].collect()["client_id"].unique().to_list() for p in loaded.parts]
    assert [sorted(i) for i in ids] == [["c0", "c1"], ["c2", "c3"], ["c4", "c5", "c6"]]
    for part in loaded.parts:
        rows = part["appointments"].select("client_id", "start").collect().rows()
        assert rows == sorted(rows)


def test_the_manifest_says_what_is_there(tmp_path):
    made = cohort()
    manifest = json.loads((made.save(tmp_path / "cohort", 2) / "manifest.json").read_text())
    assert manifest["tables"]["appointments"] == {"rows": 21, "rows_in": 22}
    assert manifest["tables"]["policies"] == {"rows": 1, "rows_in": 1}
    assert manifest["rejected"] == 1
    assert manifest["partitions"] == 2
    assert manifest["schema_version"] == 1
    assert manifest["as_of"] == made.as_of.isoformat()
    assert manifest["content_hash"] == made.content_hash


def test_the_hash_tells_contents_apart():
    hashes = {
        "base": cohort().content_hash,
        "fewer clients": cohort(clients=6).content_hash,
        "as_of": replace(cohort(), as_of=cohort().as_of.replace(year=2027)).content_hash,
        "observed_from": replace(cohort(), observed_from=None).content_hash,
        "episode_end": cohort(episode_end="as_of").content_hash,
    }
    assert len(set(hashes.values())) == len(hashes)
    assert cohort().content_hash == hashes["base"]


def test_saving_over_a_cohort_replaces_it_and_keeps_only_the_one_before(tmp_path):
    folder = tmp_path / "cohort"
    for clients in (3, 4, 5):
        cohort(clients=clients).save(folder)
    same(cn.load(folder), cohort(clients=5))
    assert len(list(folder.glob("data-*"))) == 2


def test_a_loaded_cohort_stays_readable_when_another_is_saved_over_it(tmp_path):
    loaded = cn.load(cohort(clients=3).save(tmp_path / "cohort"))
    cohort(clients=5).save(tmp_path / "cohort")
    same(loaded, cohort(clients=3))


def test_a_loaded_cohort_does_not_depend_on_the_working_directory(tmp_path, monkeypatch):
    cohort(clients=3).save(tmp_path / "cohort")
    monkeypatch.chdir(tmp_path)
    loaded = cn.load("cohort")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    same(loaded, cohort(clients=3))


def test_a_loaded_cohort_can_be_saved_over_itself(tmp_path):
    folder = cohort().save(tmp_path / "cohort")
    cn.load(folder).filter(clients=["c1"]).save(folder)
    assert cn.load(folder).appointments.collect()["client_id"].unique().to_list() == ["c1"]


def test_what_is_no_saved_cohort_is_named(tmp_path):
    with pytest.raises(DataError, match=r"holds no saved cohort: it has no manifest\.json"):
        cn.load(tmp_path)
    with pytest.raises(OptionError, match="use 1 or more"):
        cohort().save(tmp_path / "x", 0)
    folder = cohort().save(tmp_path / "cohort")
    (tmp_path / "other.txt").write_text("x")
    with pytest.raises(DataError, match="holds other files"):
        cohort().save(tmp_path)
    manifest = folder / "manifest.json"
    newer = json.loads(manifest.read_text()) | {"schema_version": 99}
    for text, message in [
        (json.dumps(newer), "has schema version 99"),
        ("{}", "is not the manifest of a cohort"),
        ("{", "cannot be read"),
    ]:
        manifest.write_text(text)
        with pytest.raises(DataError, match=message):
            cn.load(folder)
