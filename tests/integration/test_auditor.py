"""Auditors: what one may look at, and what it asked to be told of."""
import pytest
from exchange import AUDITOR, OPERATOR
from messages import attendance, consent, grant, new_id, referral, response
from test_restart import digests

CLINIC, OFFICE, DESK, HOME = "treatment-south", "parole-north", "intake-desk", "housing-harbor"
LIMITED = "auditor-guest"


@pytest.fixture(scope="module")
def told(exchange):
    """Two persons, told of in the same way."""
    exchange.add("auditor/" + LIMITED)
    subjects = [new_id(), new_id()]
    for subject in subjects:
        exchange.accepted(DESK, consent(subject, grant()))
        exchange.accepted(CLINIC, attendance(subject))
    exchange.collect(OFFICE)
    return subjects


def give(exchange, *words):
    answer = exchange.cli("auditor", "scope", LIMITED, *words, "--granted-by", "letter 12", profile=OPERATOR)
    assert answer.code == 0, answer


@pytest.mark.quick
def test_an_auditor_sees_what_its_scope_names(exchange, told):
    inside, outside = told
    assert exchange.trail("--subject", outside, profile=LIMITED)
    give(exchange, "--subject", inside)
    assert exchange.trail("--subject", inside, profile=LIMITED)
    assert {row["subject"] for row in exchange.trail(profile=LIMITED)} == {inside}
    refused = exchange.cli("trail", "find", "--subject", outside, profile=LIMITED)
    assert refused.code == 3 and "out_of_scope" in str(refused)
    assert exchange.ask(LIMITED, "auditor", "scopes")[0]["subjects"] == [inside]
    assert exchange.trail("--event", "query_refused", "--agency", LIMITED)
    set_by = exchange.trail("--event", "scope", "--newest", "--limit", "1")[0]
    assert set_by["recipient"] == LIMITED and {"field": "granted_by", "after": "letter 12"} in set_by["changes"]


@pytest.mark.quick
def test_a_referral_is_shown_as_it_was_when_the_scope_ends(exchange):
    """What came later is outside of it, in the list, the steps and the timeline."""
    exchange.add("auditor/auditor-then")
    subject, number = new_id(), new_id()
    exchange.accepted(OFFICE, referral(subject, number))
    exchange.collect(HOME)
    exchange.accepted(HOME, response(subject, number, "RECEIVED"))
    later = response(subject, number, "DECLINED", content={"reasonCode": "no_capacity"})
    exchange.accepted(HOME, later)
    until = exchange.trail("--message", later["messageId"])[0]["at"]
    words = ["auditor", "scope", "auditor-then", "--subject", subject, "--until", until, "--granted-by", "letter 13"]
    assert exchange.cli(*words, profile=OPERATOR).code == 0
    shown = exchange.ask("auditor-then", "referral", "show", number)[0]
    assert shown["state"] == "RECEIVED" and [step["toState"] for step in shown["steps"]] == ["REQUESTED", "RECEIVED"]
    assert later["messageId"] not in str(shown)
    assert [row["state"] for row in exchange.ask("auditor-then", "referral", "list", "--subject", subject)] == ["RECEIVED"]
    assert exchange.ask(AUDITOR, "referral", "show", number)[0]["state"] == "DECLINED"


def test_content_is_open_only_with_a_scope_that_says_so(exchange, told):
    inside = told[0]
    sent = exchange.trail("--subject", inside, "--event", "submission", "--type", "AttendanceRecord")[0]["messageId"]
    give(exchange, "--subject", inside)
    assert exchange.cli("message", "show", sent, profile=LIMITED).code == 3
    give(exchange, "--subject", inside, "--content")
    shown = exchange.ask(LIMITED, "message", "show", sent)[0]
    assert shown["parts"][0]["type"] == "AttendanceRecord"


@pytest.mark.quick
def test_only_an_operator_gives_a_scope(exchange, told):
    answer = exchange.cli("auditor", "scope", LIMITED, "--granted-by", "myself", profile=AUDITOR)
    assert answer.code == 3, answer


@pytest.mark.quick
def test_an_auditor_is_told_of_what_it_asked(exchange, told):
    assert exchange.cli("auditor", "ask", "changes", "--kind", "override", profile=AUDITOR).code == 0
    give(exchange, "--subject", told[0])
    questions = exchange.ask(AUDITOR, "auditor", "questions")
    assert [row["hits"] for row in questions if row["name"] == "changes"] == [1]
    notices = [row["parts"][0]["content"] for row in exchange.collect(AUDITOR) if row["type"] == "StandingNotice"]
    assert [(notice["name"], notice["event"]) for notice in notices] == [("changes", "scope")]
    assert exchange.trail("--event", "scope", "--newest", "--limit", "1")[0]["logSequence"] == notices[0]["logSequence"]
    assert exchange.cli("auditor", "ask", "changes", "--end", profile=AUDITOR).code == 0
    give(exchange, "--subject", told[0])
    assert exchange.ask(AUDITOR, "auditor", "questions") == []
    assert exchange.collect(AUDITOR) == []


def test_scopes_questions_and_disclosures_are_the_same_after_a_rebuild(own_exchange):
    """State and trail are functions of the log, also what auditors have asked for."""
    own_exchange.start()
    own_exchange.add("auditor/" + LIMITED)
    subject = new_id()
    give(own_exchange, "--subject", subject, "--content")
    for kind in ("without-consent", "override", "outside-hours"):
        words = ["auditor", "ask", kind, "--kind", kind, "--from", "00:00", "--to", "00:00"]
        assert own_exchange.cli(*words, profile=AUDITOR).code == 0
    own_exchange.accepted(OFFICE, referral(subject, new_id()))
    own_exchange.collect("housing-harbor")
    give(own_exchange)
    assert len(own_exchange.collect(AUDITOR)) >= 3
    assert {row["hits"] > 0 for row in own_exchange.ask(AUDITOR, "auditor", "questions")} == {True}
    own_exchange.stop()
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")
