"""The read gate: an agency sees what it sent and what was released to it, and nothing else."""
import csv
import json

import pytest
from exchange import AUDITOR, OPERATOR
from messages import attendance, consent, consent_id, grant, new_id, of, part, referral, revocation

CLINIC, OFFICE, DESK, HOME, COURT = "treatment-south", "parole-north", "intake-desk", "housing-harbor", "court-county"


def told_to(exchange, profile, *words):
    """What the trail says but for the searcher's own questions."""
    return [row for row in exchange.trail(*words, profile=profile) if row["event"] != "query"]


def refusal(exchange, profile, *words):
    answer = exchange.cli(*words, profile=profile)
    assert answer.code == 3, answer
    return str(answer)


@pytest.fixture(scope="module")
def told(exchange):
    """One attendance record in two parts, of which the officer gets one."""
    subject = new_id()
    signed = consent(subject, grant())
    exchange.accepted(DESK, signed)
    message = attendance(subject)
    message["parts"].append(part("SudCounsellingNote", title="Notes", text="secret words"))
    exchange.accepted(CLINIC, message)
    assert of(exchange.collect(OFFICE), message)
    return subject, signed, message


@pytest.mark.quick
def test_sender_and_recipient_see_their_own_view_of_a_message(exchange, told):
    _, _, message = told
    mine = exchange.ask(CLINIC, "message", "show", message["messageId"])[0]
    assert [entry["type"] for entry in mine["parts"]] == ["AttendanceRecord", "SudCounsellingNote"]
    theirs = exchange.ask(OFFICE, "message", "show", message["messageId"])[0]
    assert [entry["type"] for entry in theirs["parts"]] == ["AttendanceRecord"]
    assert "secret" not in str(theirs)


@pytest.mark.quick
@pytest.mark.parametrize("other", [HOME, COURT, DESK])
def test_a_message_of_others_is_like_one_that_never_was(exchange, told, other):
    _, _, message = told
    seen = refusal(exchange, other, "message", "show", message["messageId"])
    never = refusal(exchange, other, "message", "show", new_id())
    assert "not_found" in seen and seen.replace(message["messageId"], "") == never.replace(message["messageId"], "")


@pytest.mark.parametrize("who", [AUDITOR, OPERATOR])
def test_nobody_who_is_no_agency_sees_content(exchange, told, who):
    _, _, message = told
    assert "not_permitted" in refusal(exchange, who, "message", "show", message["messageId"])


def test_a_held_message_is_not_there_for_its_recipient(exchange):
    message = attendance(new_id())
    exchange.accepted(CLINIC, message)
    assert "not_found" in refusal(exchange, OFFICE, "message", "show", message["messageId"])
    assert not told_to(exchange, OFFICE, "--message", message["messageId"])
    assert exchange.ask(CLINIC, "message", "show", message["messageId"])


def test_what_was_released_is_not_shown_again_after_the_revocation(exchange):
    subject = new_id()
    signed = consent(subject, grant())
    exchange.accepted(DESK, signed)
    message = attendance(subject)
    exchange.accepted(CLINIC, message)
    assert of(exchange.collect(OFFICE), message)
    assert exchange.ask(OFFICE, "message", "show", message["messageId"])
    exchange.accepted(DESK, revocation(subject, signed))
    assert "not_found" in refusal(exchange, OFFICE, "message", "show", message["messageId"])
    assert exchange.ask(CLINIC, "message", "show", message["messageId"])


@pytest.mark.quick
def test_consents_are_seen_by_who_recorded_them_and_whom_they_let_disclose(exchange, told):
    subject, signed, _ = told
    number = consent_id(signed)
    assert exchange.ask(DESK, "consent", "show", number)[0]["status"] == "active"
    assert exchange.ask(CLINIC, "consent", "show", number)[0]["grants"]
    assert exchange.ask(AUDITOR, "consent", "list", "--subject", subject)[0]["consentId"] == number
    assert "not_found" in refusal(exchange, HOME, "consent", "show", number)
    assert "not_found" in refusal(exchange, OFFICE, "consent", "show", number)
    assert exchange.ask(HOME, "consent", "list", "--subject", subject) == []
    assert "not_permitted" in refusal(exchange, OPERATOR, "consent", "show", number)


def test_asking_for_a_neighbours_consent_is_not_permitted(exchange, told):
    subject, _, _ = told
    assert "not_permitted" in refusal(exchange, OFFICE, "consent", "check", "--from", CLINIC, "--to", OFFICE, "--subject",
                                      subject, "--category", "attendance", "--purpose", "supervision_monitoring")


@pytest.mark.quick
def test_referrals_are_seen_by_their_parties(exchange):
    subject, number = new_id(), new_id()
    sent = referral(subject, number)
    exchange.accepted(OFFICE, sent)
    assert number in [row["referralId"] for row in exchange.ask(OFFICE, "referral", "list")]
    # Before it was handed over the target must not learn of it by looking.
    assert number not in [row["referralId"] for row in exchange.ask(HOME, "referral", "list")]
    assert "not_found" in refusal(exchange, HOME, "referral", "show", number)
    assert of(exchange.collect(HOME), sent)
    assert number in [row["referralId"] for row in exchange.ask(HOME, "referral", "list")]
    assert exchange.ask(HOME, "referral", "show", number)[0]["state"] == "REQUESTED"
    assert exchange.ask(AUDITOR, "referral", "list", "--subject", subject)[0]["referralId"] == number
    for other in (CLINIC, COURT):
        assert "not_found" in refusal(exchange, other, "referral", "show", number)
        assert number not in str(exchange.ask(other, "referral", "list"))
    assert "not_permitted" in refusal(exchange, OPERATOR, "referral", "show", number)


@pytest.mark.quick
def test_the_auditor_follows_a_message_through_the_trail(exchange, told):
    subject, _, message = told
    rows = exchange.trail("--message", message["messageId"])
    events = [row["event"] for row in rows]
    assert events[0] == "submission" and "release" in events and "settlement" in events
    released = next(row for row in rows if row["event"] == "release")
    assert released["agency"] == CLINIC and released["recipient"] == OFFICE and released["basis"]
    assert released["categories"] == ["attendance"] and "secret" not in str(rows)
    assert [int(row["logSequence"]) for row in rows] == sorted(int(row["logSequence"]) for row in rows)
    both = exchange.trail("--subject", subject, "--message", message["messageId"], "--agency", OFFICE)
    assert both and all(OFFICE in (row.get("agency"), row.get("recipient")) for row in both)
    assert {row["event"] for row in exchange.trail("--message", message["messageId"], "--agency", HOME)} <= {"query"}


def test_an_agencys_trail_is_its_own(exchange, told):
    subject, _, message = told
    rows = told_to(exchange, CLINIC, "--message", message["messageId"])
    assert {"submission", "release", "settlement"} <= {row["event"] for row in rows}
    assert all(row["agency"] == CLINIC for row in rows)
    rows = told_to(exchange, OFFICE, "--message", message["messageId"])
    assert [row["event"] for row in rows] == ["release"] and "withheldCategories" not in str(rows)
    assert told_to(exchange, HOME, "--message", message["messageId"]) == []
    assert told_to(exchange, COURT, "--subject", subject) == []
    assert "not_permitted" in refusal(exchange, HOME, "trail", "find", "--agency", CLINIC)


@pytest.mark.quick
def test_the_operator_searches_without_persons(exchange, told):
    subject, signed, message = told
    assert "not_permitted" in refusal(exchange, OPERATOR, "trail", "find", "--subject", subject)
    rows = exchange.trail("--agency", CLINIC, profile=OPERATOR)
    assert rows and message["messageId"] in str(rows)
    grant_id = signed["parts"][0]["content"]["grants"][0]["grantId"]
    assert subject not in str(rows) and grant_id not in str(rows)


@pytest.mark.quick
def test_a_question_is_itself_in_the_trail(exchange):
    subject = new_id()
    assert exchange.trail("--subject", subject) == []
    rows = exchange.trail("--subject", subject)
    assert [row["event"] for row in rows] == ["query"] and rows[0]["agency"] == AUDITOR


def test_pages_of_the_trail_join(exchange):
    subject = new_id()
    for _ in range(25):
        exchange.send(CLINIC, *[attendance(subject) for _ in range(24)])
    rows = [row for row in exchange.trail("--subject", subject) if row["event"] == "submission"]
    assert len({row["messageId"] for row in rows}) == 600 == len(rows)


@pytest.mark.quick
def test_mailbox_counts_are_ones_own(exchange):
    assert [row["agency"] for row in exchange.ask(OFFICE, "mailbox", "status")] == [OFFICE]
    assert "not_permitted" in refusal(exchange, OFFICE, "mailbox", "status", "--agency", CLINIC)
    assert exchange.ask(OPERATOR, "mailbox", "status", "--agency", CLINIC)[0]["agency"] == CLINIC
    assert "not_permitted" in refusal(exchange, AUDITOR, "mailbox", "status")


def test_what_is_held_counts_for_its_sender_only(exchange):
    before = (exchange.ask(CLINIC, "mailbox", "status")[0], exchange.ask(OFFICE, "mailbox", "status")[0])
    exchange.accepted(CLINIC, attendance(new_id()))
    after = (exchange.ask(CLINIC, "mailbox", "status")[0], exchange.ask(OFFICE, "mailbox", "status")[0])
    held = [int(row.get("held", 0)) for row in (before[0], after[0])]
    assert held[1] == held[0] + 1
    assert after[1] == before[1]


def test_everybody_sees_the_agencies_and_how_the_exchange_is(exchange):
    for who in (OFFICE, AUDITOR, OPERATOR):
        assert OFFICE in [row["agency"] for row in exchange.ask(who, "agency", "list")]
        assert exchange.ask(who, "exchange", "status")[0]["accepting"]
    assert "connections" not in exchange.ask(OFFICE, "exchange", "status")[0]
    assert "connections" in exchange.ask(OPERATOR, "exchange", "status")[0]


def test_operators_and_auditors_send_nothing_about_persons(exchange):
    for who in (AUDITOR, OPERATOR):
        assert exchange.refused(who, attendance(new_id())) == "type_not_allowed"


@pytest.mark.quick
def test_the_trail_is_searched_by_everything_that_a_row_says(exchange, told):
    subject, signed, message = told
    given = signed["parts"][0]["content"]["grants"][0]["grantId"]
    releases = exchange.trail("--subject", subject, "--event", "release", "--type", "AttendanceRecord")
    assert [row["recipient"] for row in releases] == [OFFICE] and given in releases[0]["grants"]
    assert exchange.trail("--grant", given, "--event", "release") == releases
    submitted = exchange.trail("--message", message["messageId"], "--event", "submission")[0]
    assert submitted in exchange.trail("--certificate", submitted["certificate"], "--subject", subject)
    assert exchange.trail("--subject", subject, "--event", "release", "--agency", HOME) == []
    assert exchange.trail("--grant", new_id()) == []


def test_the_newest_first_is_the_same_list_turned(exchange, told):
    subject = told[0]
    oldest = told_to(exchange, AUDITOR, "--subject", subject)
    newest = told_to(exchange, AUDITOR, "--subject", subject, "--newest")
    assert len(oldest) > 3 and newest == oldest[::-1]


@pytest.mark.quick
def test_a_search_is_written_into_a_file(exchange, told, tmp_path):
    subject = told[0]
    rows = exchange.trail("--subject", subject, "--until", "2100-01-01")
    found = exchange.cli("trail", "find", "--subject", subject, "--event", "release", "--out", str(tmp_path / "a.jsonl"),
                         profile=AUDITOR)
    assert found.code == 0, found
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert lines == [row for row in rows if row["event"] == "release"]
    assert exchange.cli("trail", "find", "--subject", subject, "--format", "csv", "--out", str(tmp_path / "a.csv"),
                        profile=AUDITOR).code == 0
    with open(tmp_path / "a.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["event"] for row in table[:len(rows)]] == [row["event"] for row in rows]
    assert {path.name for path in tmp_path.iterdir()} == {"a.jsonl", "a.csv"}


def test_a_change_of_the_registry_tells_what_was_before(exchange):
    def enter(name):
        content = {"agency": "housing-elm", "name": name, "kind": "AGENCY_KIND_HOUSING", "status": "AGENCY_STATUS_ACTIVE"}
        exchange.accepted(OPERATOR, {"type": "AgencyEntry", "parts": [{"type": "AgencyEntry", "content": content}]})

    enter("Elm Street")
    enter("Elm Street Homes")
    latest = exchange.trail("--event", "registry", "--agency", OPERATOR, "--newest", "--limit", "1")[0]
    assert latest["code"] == "agency"
    assert latest["changes"] == [{"field": "name", "before": "Elm Street", "after": "Elm Street Homes"}]
