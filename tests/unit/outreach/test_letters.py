"""Every shipped letter, as the person who receives it and the one who signs it get it."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from carenotebook import outreach
from carenotebook.core.errors import LetterError, OptionError
from carenotebook.outreach.letter_language import languages
from carenotebook.outreach.letter_model import kinds

DAY = date(2026, 3, 17)
SHIPPED = outreach.letters()


def approved(name):
    return outreach.approve_letter(name, "Clinical lead", DAY)


def drafted(name, **changes):
    letter = approved(name)
    return letter.draft(letter.example() | changes, on=DAY)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_letter_is_ready_once_filled_and_approved(name):
    letter = drafted(name)
    assert [str(f) for f in letter.check()] == []
    assert letter.ready
    assert letter.reading_age.met
    assert letter.reading_age.years <= letter.template.reading_age
    assert "Draft" not in letter.text


@pytest.mark.parametrize("name", SHIPPED)
def test_as_shipped_it_says_that_it_is_a_draft(name):
    letter = SHIPPED[name].draft(SHIPPED[name].example(), on=DAY)
    assert not letter.ready
    assert letter.text.startswith("*** Draft.")
    assert 'role="note">Draft.' in letter.html
    assert letter.record["approved_by"] is None


@pytest.mark.parametrize(("name", "key"), [(n, k) for n in SHIPPED for k in SHIPPED[n].facts])
def test_it_is_never_ready_while_a_needed_fact_is_open(name, key):
    template = approved(name)
    if not template.facts[key].required:
        return
    for unfinished in (None, "[to be filled in]", "____"):
        facts = template.example() | {key: unfinished}
        if key in template.kind.decision:
            with pytest.raises(LetterError, match=r"decision|day"):
                template.draft(facts, on=DAY)
        elif template.facts[key].kind == "date" and unfinished:
            with pytest.raises(LetterError, match="is a day"):
                template.draft(facts, on=DAY)
        else:
            letter = template.draft(facts, on=DAY)
            assert key in letter.open
            assert not letter.ready
            assert "Draft" in letter.text
            if template.facts[key].shown and unfinished is None:
                assert "[write here: " in " ".join(letter.text.split())
                assert "<mark>[write here: " in letter.html


@pytest.mark.parametrize("name", [n for n in SHIPPED if SHIPPED[n].kind.audience != "clinician"])
def test_nothing_can_be_told_from_outside(name):
    seen = f"{SHIPPED[name].subject} {drafted(name).blocks[0].lines[0][0].text}"
    giving_away = r"therap|session|clinic|counsel|appointment|health|psych"
    assert not re.search(giving_away, seen, re.IGNORECASE)
    assert f"<title>{SHIPPED[name].subject}</title>" in drafted(name).html


def test_the_quiet_note_gives_nothing_away_whatever_is_put_in():
    note = drafted("quiet_note", writer="Kim, your therapist")
    assert not note.ready
    (finding,) = note.check()
    assert "facts['writer']" in finding.message
    assert "Kim" not in finding.message


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", SHIPPED)
def test_the_page_has_a_language_one_title_and_headings_in_order(name):
    tags = Tags()
    tags.feed(drafted(name).html)
    names = [t for t, _ in tags.found]
    assert dict(tags.found)["html"] == {"lang": "en"}
    assert names.count("h1") == names.count("main") == names.count("title") == 1
    assert not {"script", "img", "a", "link", "iframe", "form"} & set(names)
    assert "@media print" in drafted(name).html


def test_no_notice_of_an_ending_without_a_clinicians_decision():
    letter = SHIPPED["ending_notice"]
    facts = letter.example()
    for key in ("decided_by", "decided_on", "second_clinician"):
        without = {k: v for k, v in facts.items() if k != key}
        with pytest.raises(LetterError, match=r"no draft without a clinician's decision.*" + key):
            letter.draft(without, on=DAY)
    with pytest.raises(LetterError, match="Nobody decides alone"):
        letter.draft(facts | {"second_clinician": "kim"}, on=DAY)
    with pytest.raises(LetterError, match="after the day of the letter"):
        letter.draft(facts | {"decided_on": "2026-03-18"}, on=DAY)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("ending_notice", {"ends_on": "2026-03-30"}, "less than 14 days"),
        ("review_notice", {"review_on": "2026-03-10"}, "less than 14 days"),
        ("alternatives_offer", {"reply_by": "2026-03-17"}, "not after the day of the letter"),
        ("ending_notice", {"reason": "You failed to attend."}, "Better: you were not able to come"),
        ("ending_notice", {"reason": "This is our final  warning."}, "threat"),
        ("welcome_back", {"options": ["come on Monday"]}, "at least two"),
        ("welcome_back", {"support": ["a <b>"]}, "still to be written"),
    ],
)
def test_what_is_put_in_is_checked_as_well(name, changes, said):
    letter = drafted(name, **changes)
    assert not letter.ready
    assert any(said in f.message for f in letter.check()), letter.check()


def test_a_fact_that_other_letters_use_is_told_and_does_not_block():
    letter = drafted("welcome_back", phone="01632 960 170")
    assert letter.ready
    assert [f.message for f in letter.check()] == [
        "facts['phone'] was given, and this letter has no place for it."
    ]


def test_a_reading_age_above_the_target_blocks_and_the_target_can_be_set():
    heavy = (
        "Notwithstanding extraordinary organisational considerations, comprehensive deliberation"
    )
    letter = approved("welcome_back")
    facts = letter.example() | {"support": [f"{heavy} remains indispensable throughout."] * 12}
    assert any(f.about == "reading" for f in letter.draft(facts, on=DAY).check())
    assert letter.draft(facts, on=DAY, target=25).ready
    with pytest.raises(OptionError, match="target="):
        letter.draft(facts, on=DAY, target=3)


def test_an_approval_holds_for_one_wording_and_survives_a_file(tmp_path):
    letter = approved("welcome_back")
    path = letter.save(tmp_path / "mine.md")
    again = outreach.load_letter(path)
    assert again.approved
    assert again.approval.by == "Clinical lead"
    assert again.sha256 == SHIPPED["welcome_back"].sha256
    path.write_text(path.read_text("utf-8").replace("I am glad", "I am very glad"), "utf-8")
    changed = outreach.load_letter(path)
    assert not changed.approved
    told = changed.draft(changed.example(), on=DAY).check()
    assert any("changed since it was approved" in f.message for f in told)
    renewed = outreach.approve_letter(changed, "The users' council's chair", DAY)
    assert renewed.approved
    assert renewed.text.count("approved:") == 1


def test_nothing_of_the_person_is_in_a_repr_or_an_error():
    letter = drafted("review_notice", first_name="Zebulon")
    assert "Zebulon" not in repr(letter) + repr(letter.record) + str(letter.check())
    for facts in (
        {"first_nam": "Zebulon"},
        {"Zebulon": "first_name"},
        {"review_on": "Zebulon"},
        {"tried": {"Zebulon": 1}},
    ):
        with pytest.raises(LetterError) as raised:
            outreach.draft_letter("review_notice", facts)
        assert "Zebulon" not in str(raised.value)


def test_no_module_of_outreach_can_send_anything():
    from importlib import resources

    sending = re.compile(r"^\s*(?:import|from)\s+(smtplib|socket|http|urllib|requests|email)\b")
    for file in resources.files("carenotebook.outreach").iterdir():
        if file.name.endswith(".py"):
            lines = file.read_text("utf-8").splitlines()
            assert [line for line in lines if sending.match(line)] == []
    assert not [n for n in outreach.__all__ if "send" in n or "mail" in n]


def test_every_language_has_a_letter_of_every_kind():
    for code in languages():
        assert {t.kind.name for t in outreach.letters(code).values()} == set(kinds())
    with pytest.raises(OptionError, match="there are letters in: en"):
        outreach.letters("tlh")


def test_the_reading_age_is_the_harder_of_two_published_formulas_and_five_years():
    # Four sentences of ten words of eight letters. Automated Readability Index:
    # 4.71 * 8 + 0.5 * 10 - 21.43 = 21.25. Coleman-Liau: 0.058 * 800 - 0.296 * 10 - 15.8 = 27.64,
    # with the coefficient as textstat has it (published: 0.0588).
    text = " ".join(["abcdefgh " * 9 + "abcdefgh."] * 4)
    assert outreach.reading_age(text).years == pytest.approx(32.64, abs=0.05)  # rounded to 0.1


def test_numbers_greetings_and_dates_do_not_make_a_letter_easier():
    heavy = (
        "Extraordinary organisational considerations necessitate comprehensive deliberation. " * 6
    )
    light = ["Dear Jo,", "1 May 2026", "Ring 01632 960 170 or 01632 960 171.", "Bye."] * 9
    assert outreach.reading_age([heavy, *light]).years == outreach.reading_age(heavy).years


def test_a_few_words_have_no_reading_age_and_nothing_is_fetched_to_find_one(monkeypatch):
    def refused(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.getaddrinfo", refused)
    monkeypatch.setattr("socket.socket.connect", refused)
    assert outreach.reading_age("Hello.").years is None
    assert not outreach.reading_age("Hello.").met
    assert outreach.reading_age("We have missed you and would like to see you soon. " * 9).met
