"""The command as its users run it: a real process, its output and its exit code."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.cli_errors import EXIT_CODES
from carenotebook.core.journal import CheckInAnswer, append_checkins

ROOT = Path(__file__).parents[2]
CTN0094 = ROOT.parent / "shared" / "data" / "ctn0094"


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "carenotebook", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_group_tables):
    """The small-group cohort as CSV files, with a rule and damaged neighbours."""
    from carenotebook import criteria as c

    home = tmp_path_factory.mktemp("data")
    for table, frame in small_group_tables.items():
        frame.write_csv(home / f"{table}.csv")
    c.Rule("two misses", c.missed(within="90d") >= 2).save(home / "two.rule.yml")
    c.Rule("silence", c.days_since_heard() >= 30).save(home / "silence.rule.yml")
    c.Rule("misses", c.missed() >= c.param("k")).save(home / "open.rule.yml")
    stages = [
        c.Stage("concern", c.missed(within="90d") >= 1, wait="7d"),
        c.Stage("review", c.missed() >= 2),
    ]
    c.Protocol("in two steps", stages).save(home / "two.protocol.yml")
    talked = c.Stage("review", c.missed() >= 2, requires=["attendance_conversation"])
    c.Protocol("after a talk", [talked]).save(home / "talk.protocol.yml")
    (home / "broken.rule.yml").write_text("carenotebook_rule: 1\nname: [\n")
    (home / "headless.csv").write_text("a,b\n1,2\n")
    (home / "notes.txt").write_text("no table")
    appointments = small_group_tables["appointments"]
    foreign = appointments.rename({"client_id": "Patient", "start": "Visit", "outcome": "Status"})
    foreign.write_csv(home / "foreign.csv")
    cn.read_csv(
        appointments=home / "appointments.csv", clients=home / "clients.csv", episode_end="60d"
    ).save(home / "saved")
    return home


@pytest.fixture(scope="module")
def reviewed(folder):
    options = ["--clients", "clients.csv", "--episode-end", "60d", "--by", "language", "--json"]
    options += ["--rule", "two.rule.yml", "-o", "report.html"]
    return run("review", "appointments.csv", *options, cwd=folder)


def test_review_writes_the_report_and_prints_its_figures(reviewed, folder):
    assert reviewed.returncode == 0, reviewed.stderr
    assert reviewed.stderr == ""
    figures = json.loads(reviewed.stdout)
    assert figures["rule"]["name"] == "two misses"
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert figures["data"]["content_hash"] in html
    assert figures["rule"]["hash"] in html


def test_neither_the_report_nor_the_figures_name_a_client(reviewed, folder):
    ids = pl.read_csv(folder / "clients.csv")["client_id"]
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert not [i for i in ids if i in html or i in reviewed.stdout]


def test_a_saved_cohort_gives_the_same_figures(reviewed, folder):
    options = ["--by", "language", "--rule", "two.rule.yml", "--json"]
    again = run("review", "saved", *options, cwd=folder)
    assert json.loads(again.stdout) == json.loads(reviewed.stdout)


def test_check_ins_answered_since_are_told_of_and_seen_once_a_later_time_is_given(folder, tmp_path):
    home = shutil.copytree(folder / "saved", tmp_path / "saved")
    client = cn.load(home).appointments.collect()["client_id"][0]
    append_checkins(home, [CheckInAnswer(client, barriers=("cost",))])
    options = [str(home), "--rule", "two.rule.yml", "--json"]
    done = run("review", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("carenotebook: warning: Check-ins were answered at or after")
    later = run("review", *options, "--as-of", "2999-01-01", cwd=folder)
    assert later.stderr == ""
    assert json.loads(later.stdout)["data"]["as_of"] == "2999-01-01"


def test_rules_are_compared_and_parameters_swept(folder):
    options = ["--sweep", "k=2..3", "--compare", "two.rule.yml", "turning_point", "--json"]
    done = run("review", "saved", "--rule", "open.rule.yml", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert [row["k"] for row in figures["sweep"]["rows"]] == ["2", "3"]
    assert len({row["rule"] for row in figures["rules"]["rows"]}) == len(figures["rules"]["rows"])


def test_a_protocol_is_reviewed_like_a_rule(folder):
    options = ["--rule", "two.protocol.yml", "-o", "staged.html", "--json"]
    done = run("review", "saved", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["rule"]["form"] == "protocol"
    stages = [r["stage"] for r in figures["stages"]["rows"] if r["term"] == "entered"]
    assert stages == ["every episode", "1. concern", "2. review"]
    html = (folder / "staged.html").read_text(encoding="utf-8")
    assert "How far the stages came" in html
    assert "What each clause does" not in html


def test_a_protocol_without_its_table_names_it(folder):
    done = run("review", "saved", "--rule", "talk.protocol.yml", "--json", cwd=folder)
    assert done.returncode == 4
    assert "actions" in done.stderr


def test_what_the_service_declares_and_its_codes_are_read_by_review(folder):
    (folder / "declared.yml").write_text("way_back: Ring us.\nContact tried: no\n")
    options = ["--rule", "two.rule.yml", "--json", "--profile", "BACP", "APA", "--declared"]
    done = run("review", "saved", *options, "declared.yml", cwd=folder)
    assert done.returncode == 2
    assert "names no safeguard" in done.stderr
    (folder / "declared.yml").write_text("way_back: Ring us.\n")
    done = run("review", "saved", *options, "declared.yml", cwd=folder)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert "Way back" not in figures["rule"]["lacking"]
    assert "NASW" not in json.dumps(figures["safeguards"])


def test_json_alone_writes_no_file(folder):
    before = set(folder.iterdir())
    done = run("review", "saved", "--rule", "two.rule.yml", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert set(folder.iterdir()) == before


@pytest.mark.skipif(not CTN0094.is_dir(), reason="CTN-0094 is not beside the project")
def test_review_runs_on_ctn0094_through_its_mapping(tmp_path):
    mapping = ROOT / "carenotebook" / "ingest" / "mappings" / "ctn0094.yml"
    files = [CTN0094 / "visit.csv", "--clients", CTN0094 / "everybody.csv", "--mapping", mapping]
    options = ["--episode-end", "120d", "--rule", "open_door", "--by", "project", "--json"]
    done = run("review", *files, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    visits, _ = figures["tables"]["rows"]
    assert (visits["rows_in"], visits["rejected"]) == (53_900, 1_920)
    assert {r["project"] for r in figures["by_group_project"]["rows"]} == {"27", "30", "51"}


BARE = ["review", "appointments.csv", "--episode-end", "60d", "--rule", "two.rule.yml", "--json"]
MISTAKES = {
    "no rule": (2, ["review", "saved", "-o", "x.html"], "--rule"),
    "nothing asked for": (2, ["review", "saved", "--rule", "two.rule.yml"], "--json"),
    "a report that is no page": (
        2,
        ["review", "saved", "--rule", "two.rule.yml", "-o", "x.pdf"],
        ".html",
    ),
    "a dossier that is no page": (
        2,
        ["dossier", "saved", "--rule", "two.rule.yml", "-o", "x.pdf"],
        ".html",
    ),
    "groups without the clients": (
        2,
        [*BARE, "--by", "age"],
        "--clients FILE",
    ),
    "a mapping that is not there": (
        3,
        ["review", "foreign.csv", "--mapping", "nope.yml", "--rule", "two.rule.yml", "--json"],
        "practice, redcap",
    ),
    "a saved cohort with tables": (
        2,
        ["review", "saved", "--clients", "clients.csv", "--rule", "two.rule.yml", "--json"],
        "--clients",
    ),
    "no time": (
        2,
        ["review", "appointments.csv", "--as-of", "soon", "--rule", "two.rule.yml", "--json"],
        "as_of",
    ),
    "no such file": (3, ["review", "absent.csv", "--rule", "two.rule.yml", "--json"], "absent.csv"),
    "another kind of file": (
        3,
        ["review", "notes.txt", "--rule", "two.rule.yml", "--json"],
        "notes.txt",
    ),
    "columns that are not ours": (
        3,
        ["review", "headless.csv", "--rule", "two.rule.yml", "--json"],
        "client_id",
    ),
    "a suggestion for nothing": (3, ["suggest", "absent.csv"], "absent.csv"),
    "a suggestion for no table": (2, ["suggest", "clients.csv", "--table", "people"], "people"),
    "values without a name": (
        2,
        ["review", "saved", "--rule", "open.rule.yml", "--sweep", "2..4", "--json"],
        "k=2..5",
    ),
    "a parameter that the rule does not have": (
        2,
        ["review", "saved", "--rule", "open.rule.yml", "--sweep", "m=2..4", "--json"],
        "'m'",
    ),
    "parameters without values": (
        4,
        ["review", "saved", "--rule", "open.rule.yml", "--json"],
        "open parameters (k)",
    ),
    "an empty folder": (3, ["review", "empty", "--rule", "two.rule.yml", "--json"], "empty"),
    "no published rule": (4, ["review", "saved", "--rule", "no-such", "--json"], "ruh"),
    "no rule file": (4, ["review", "saved", "--rule", "absent.rule.yml", "--json"], "absent"),
    "a broken rule": (4, ["review", "saved", "--rule", "broken.rule.yml", "--json"], "line"),
    "a rule without its data": (
        4,
        ["review", "saved", "--rule", "silence.rule.yml", "--json"],
        "contacts",
    ),
    "a profile of no code": (
        2,
        ["review", "saved", "--rule", "two.rule.yml", "--json", "--profile", "XYZ"],
        "XYZ",
    ),
    "declared in no such file": (
        3,
        ["review", "saved", "--rule", "two.rule.yml", "--json", "--declared", "absent.yml"],
        "absent.yml",
    ),
    "declared in a list": (
        2,
        ["review", "saved", "--rule", "two.rule.yml", "--json", "--declared", "notes.txt"],
        "names and texts",
    ),
    "no place for the output": (
        5,
        ["review", "saved", "--rule", "two.rule.yml", "-o", "absent/x.html"],
        "absent",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_a_documented_code(mistake, folder):
    (folder / "empty").mkdir(exist_ok=True)
    code, arguments, named = MISTAKES[mistake]
    done = run(*arguments, cwd=folder)
    assert done.returncode == code, done.stderr
    assert f"\n  {code}  " in EXIT_CODES
    *usage, message = done.stderr.splitlines()
    assert message.startswith("carenotebook")
    assert "error: " in message
    assert named in message
    assert all(line.startswith(("usage: ", " ")) for line in usage)
    assert done.stdout == ""


FOREIGN = ["review", "foreign.csv", "--rule", "two.rule.yml", "--episode-end", "60d"]


def test_without_a_mapping_one_is_suggested_and_nothing_else_is_done(folder):
    done = run(*FOREIGN, "--clients", "clients.csv", "-o", "never.html", cwd=folder)
    assert done.returncode == 6
    (line,) = done.stderr.splitlines()
    assert "--mapping FILE" in line
    assert "  client_id: Patient" in done.stdout
    assert "\nclients:" not in done.stdout
    assert not (folder / "never.html").exists()
    no_output_asked_for = run(*FOREIGN, "--clients", "clients.csv", cwd=folder)
    assert no_output_asked_for.returncode == 6
    assert no_output_asked_for.stdout == done.stdout
    as_json = run(*FOREIGN, "--json", cwd=folder)
    assert as_json.returncode == 6
    assert "appointments:" in json.loads(as_json.stdout)["suggested_mapping"]


def test_a_suggestion_that_was_saved_is_what_review_takes(folder, reviewed):
    done = run("suggest", "foreign.csv", "-o", "foreign.yml", cwd=folder)
    assert done.returncode == 0, done.stderr
    options = ["--mapping", "foreign.yml", "--clients", "clients.csv", "--by", "language", "--json"]
    read = run(*FOREIGN, *options, cwd=folder)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout)["flagged"] == json.loads(reviewed.stdout)["flagged"]
    again = run("suggest", "foreign.csv", "-o", "foreign.yml", cwd=folder)
    assert again.returncode == 5
    assert "not overwritten" in again.stderr


def test_groups_by_client_are_refused(folder):
    done = run(
        "review", "saved", "--rule", "two.rule.yml", "--by", "client_id", "--json", cwd=folder
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Q7" not in done.stderr


def test_the_readme_names_the_exit_codes_of_the_help():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = [line.strip().split("  ", 1) for line in EXIT_CODES.splitlines()[1:]]
    assert all(f"| {code} | {means.strip()} |" in readme for code, means in told)


def test_the_exit_codes_are_in_the_help(folder):
    for command in (["--help"], ["review", "--help"]):
        assert EXIT_CODES.strip() in run(*command, cwd=folder).stdout


def test_demo_prints_key_figures_and_where_the_report_is(folder):
    done = run("demo", "--clients", 80, "--seed", 3, "-o", "demo.html", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("demo.html")
    assert (folder / "demo.html").exists()


def test_the_version_is_that_of_the_package(folder):
    assert run("--version", cwd=folder).stdout == f"carenotebook {cn.__version__}\n"


def test_the_report_never_overwrites_what_it_is_made_of(folder):
    data = folder / "appointments.csv"
    before = data.read_bytes()
    done = run("review", data.name, "--rule", "two.rule.yml", "-o", data.name, cwd=folder)
    assert done.returncode == 2
    assert "would be overwritten" in done.stderr
    assert data.read_bytes() == before


def test_a_report_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    target = tmp_path / "taken.html"
    target.mkdir()
    done = run("demo", "--clients", "60", "-o", target, cwd=tmp_path)
    assert done.returncode == 5
    assert [p.name for p in tmp_path.iterdir()] == ["taken.html"]


@pytest.fixture
def cdm(tmp_path, small_group_tables):
    """The attended appointments of the small-group cohort as visits of a CDM, the others beside."""
    appointments = small_group_tables["appointments"]
    attended = pl.col("outcome") == "attended"
    (tmp_path / "cdm").mkdir()
    appointments.filter(attended).select(
        person_id="client_id",
        visit_concept_id=9202,
        visit_start_datetime=pl.col("start").cast(pl.String),
    ).with_row_index("visit_occurrence_id").write_csv(tmp_path / "cdm" / "VISIT_OCCURRENCE.csv")
    appointments.filter(~attended).select(
        PatientId="client_id", start="start", outcome="outcome"
    ).write_csv(tmp_path / "missed.csv")
    (tmp_path / "names.yml").write_text(
        "appointments: {client_id: PatientId, start: start, outcome: outcome}"
    )
    return tmp_path


def test_a_folder_of_omop_tables_is_reviewed_with_what_was_missed(folder, cdm):
    rule = ["--rule", folder / "two.rule.yml", "--json", "--episode-end", "60d"]
    found = run("review", "cdm", "--missed", "missed.csv", "--mapping", "names.yml", *rule, cwd=cdm)
    assert found.returncode == 0, found.stderr
    assert found.stderr == ""
    alone = run("review", "cdm", *rule, cwd=cdm)
    assert alone.returncode == 0, alone.stderr
    assert alone.stderr.startswith("carenotebook: warning: OMOP holds no missed appointments")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["cdm", "--mapping", "names.yml"], "--mapping: with OMOP CDM tables"),
        (["cdm", "--contacts", "missed.csv"], "--contacts: cdm is a folder of OMOP CDM tables"),
        (["missed.csv", "--missed", "missed.csv"], "missed.csv is no folder of OMOP CDM tables"),
    ],
)
def test_options_that_do_not_go_with_omop_tables(options, says, folder, cdm):
    found = run("review", *options, "--rule", folder / "two.rule.yml", "--json", cwd=cdm)
    assert found.returncode == 2
    assert says in found.stderr
