"""An officer's list: in the order of what waiting puts at risk, cut as asked, and nobody else's."""
import pytest
from envelope import now
from exchange import wait_for
from messages import evidence, new_id, of, referral, response

pytestmark = pytest.mark.usefixtures("emptied")
OFFICE, HOME, CLINIC = "parole-north", "housing-harbor", "treatment-south"
DAY = 86400


def opening(officer, number, subject=None, team="north", to=HOME, **content):
    """A referral of this officer's; its release is far away unless something else is said."""
    envelope = referral(subject or new_id(), number, to) | {"actor": {"id": officer}}
    envelope["parts"][0]["content"] |= {"contact": {"id": officer, "name": "A. Officer", "team": team}, **content}
    return envelope


def received(exchange, number, status="RECEIVED", **content):
    subject = exchange.ask(HOME, "referral", "show", number)[0]["subject"]
    exchange.accepted(HOME, response(subject, number, status, content=content))
    exchange.collect(OFFICE)


def listed(exchange, who, *words):
    return [row["referralId"] for row in exchange.ask(who, "caseload", *words)]


@pytest.fixture
def officer():
    """Of the test's own: other tests of this network have cases, too."""
    return "w-" + new_id()[:8]


@pytest.fixture
def sent(exchange, officer):
    """Makes and hands over referrals: their ids, in the order of what was said of them."""
    def send(*contents, **more):
        numbers = [new_id() for _ in contents]
        for number, content in zip(numbers, contents):
            exchange.accepted(OFFICE, opening(officer, number, **(more | content)))
        exchange.collect(HOME)
        return numbers
    return send


@pytest.mark.quick
def test_what_is_nearer_or_graver_stands_first(exchange, officer, sent):
    calm, urgent, later, sooner = sent({}, {"urgency": "URGENCY_URGENT"}, {"releaseDate": now(3 * DAY)[:10]},
                                       {"releaseDate": now(DAY)[:10]})
    received(exchange, calm)
    rows = exchange.ask(OFFICE, "caseload", "--officer", officer)
    assert [row["referralId"] for row in rows] == [sooner, later, urgent, calm], rows
    assert [row["rank"] for row in rows] == sorted((row["rank"] for row in rows), reverse=True)
    assert rows[2]["risks"] == ["urgent"] and rows[0]["risks"][0].startswith("release_"), rows
    assert not rows[3].get("risks"), rows


def test_an_alert_that_nobody_acknowledged_goes_before_all(exchange):
    numbers, subjects = [new_id() for _ in range(2)], [new_id() for _ in range(2)]
    for number, subject in zip(numbers, subjects):
        exchange.accepted(OFFICE, opening("w-104", number, subject, to=CLINIC, urgency="URGENCY_URGENT"))
    alert = {"messageId": new_id(), "type": "SafetyAlert", "recipients": [{"agency": CLINIC}], "subject": subjects[1],
             "purpose": "PURPOSE_EMERGENCY", "basis": {"legal": "LEGAL_BASIS_MEDICAL_EMERGENCY"},
             "actor": {"id": "w-104"}, "priority": "PRIORITY_URGENT", "parts": [{"type": "SafetyAlert", "content": {
                 "severity": "SEVERITY_HIGH", "kind": "SAFETY_KIND_MISSING", "factsMinimum": "Not seen today"}}]}
    exchange.accepted(OFFICE, alert)
    assert of(exchange.collect(CLINIC), alert)
    rows = [row for row in exchange.ask(CLINIC, "caseload") if row["referralId"] in numbers]
    assert [row["referralId"] for row in rows] == [numbers[1], numbers[0]], rows
    assert rows[0]["risks"][0] == "alert", rows
    exchange.accepted(CLINIC, {"messageId": new_id(), "type": "TaskReply", "actor": {"id": "nurse-1"}, "parts": [
        {"type": "TaskReply", "content": {"messageId": alert["messageId"], "resultCode": "acknowledged"}}]})
    assert evidence(exchange.collect(OFFICE), alert).count("ACKNOWLEDGED") == 1
    rows = [row for row in exchange.ask(CLINIC, "caseload") if row["referralId"] in numbers]
    assert "alert" not in str([row["risks"] for row in rows]), rows


def test_what_is_late_is_a_list_of_its_own_and_where_others_wait_it_goes_before_risk(exchange, officer, sent):
    late, urgent = sent({"respondBy": now(2)}, {"urgency": "URGENCY_URGENT"})

    def overdue():
        return listed(exchange, OFFICE, "--officer", officer, "--overdue")

    wait_for(overdue, "the time to answer to be over")
    assert overdue() == [late]
    row = [row for row in exchange.ask(HOME, "caseload", "--overdue") if row["referralId"] == late][0]
    assert row["overdue"] is True and row["nextMove"] == HOME, row
    at_home = [number for number in listed(exchange, HOME) if number in (late, urgent)]
    assert at_home == [late, urgent], "it is late, and the other side waits"
    assert listed(exchange, OFFICE, "--officer", officer) == [urgent, late], "the office itself can only wait"


@pytest.mark.quick
def test_each_side_finds_what_waits_for_it(exchange, officer, sent):
    theirs, mine = sent({}, {})
    received(exchange, mine)
    answer = exchange.cli("referral", "move", mine, "offer", "--until", now(3 * DAY), profile=HOME)
    assert answer.code == 0, answer
    exchange.collect(OFFICE)
    assert listed(exchange, OFFICE, "--officer", officer, "--whose-move", "me") == [mine]
    assert listed(exchange, OFFICE, "--officer", officer, "--whose-move", "them") == [theirs]
    at_home = listed(exchange, HOME, "--whose-move", "me")
    assert theirs in at_home and mine not in at_home
    answer = exchange.cli("caseload", "--whose-move", "mine", profile=OFFICE)
    assert answer.code == 3 and "field_invalid" in str(answer.rows), answer


@pytest.mark.quick
def test_a_team_has_its_own_list_and_the_other_side_does_not_see_whose_it_is(exchange, officer, sent):
    team = "t-" + officer
    other, ours = sent({}, {"team": team})
    assert listed(exchange, OFFICE, "--team", team) == [ours]
    answer = exchange.cli("referral", "assign", other, "--to", officer, "--team", team, "--reason", "workload",
                          "--actor", "boss-1", profile=OFFICE)
    assert answer.code == 0, answer
    assert sorted(listed(exchange, OFFICE, "--team", team)) == sorted([other, ours])
    assert not listed(exchange, HOME, "--team", team) and not listed(exchange, HOME, "--officer", officer)
    rows = [row for row in exchange.ask(HOME, "caseload") if row["referralId"] in (other, ours)]
    assert len(rows) == 2 and team not in str(rows), rows


@pytest.mark.quick
def test_nobody_has_what_it_is_no_party_to_or_was_not_handed(exchange, officer):
    number = new_id()
    exchange.accepted(OFFICE, opening(officer, number))
    assert listed(exchange, OFFICE, "--officer", officer) == [number]
    assert number not in listed(exchange, HOME), "it waits in the mailbox"
    exchange.collect(HOME)
    assert number in listed(exchange, HOME)
    for words in ((), ("--officer", officer), ("--team", "north"), ("--overdue",)):
        assert number not in listed(exchange, "court-county", *words)
    for nobody in ("operator", "auditor-state"):
        answer = exchange.cli("caseload", "--officer", officer, profile=nobody)
        assert answer.code == 3 and "not_permitted" in str(answer.rows), answer


def test_what_has_ended_stays_until_its_sender_has_seen_it(exchange, officer, sent):
    number, = sent({})
    received(exchange, number)
    received(exchange, number, "DECLINED", reasonCode="no_capacity")
    assert listed(exchange, OFFICE, "--officer", officer) == [number]
    assert not listed(exchange, OFFICE, "--officer", officer, "--open")
    assert number not in listed(exchange, HOME)
    answer = exchange.cli("referral", "move", number, "close", profile=OFFICE)
    assert answer.code == 0, answer
    assert not listed(exchange, OFFICE, "--officer", officer)
