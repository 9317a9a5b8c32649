"""`referral watch`: every change once, in the order of the log, and nobody else's."""
import concurrent.futures

import pytest
import schema
from messages import new_id, of, operational, referral, response

pytestmark = pytest.mark.usefixtures("emptied")
OFFICE, HOME, COURT = "parole-north", "housing-harbor", "court-county"


def changes(exchange, who, after=0, *words):
    return exchange.ask(who, "referral", "watch", "--once", "--after", str(after), *words)


def states(rows):
    return [(row.get("fromState"), row["toState"]) for row in rows]


def position(rows):
    return int(rows[-1]["logSequence"])


def end_of(exchange, who):
    """Where a watch that has seen all goes on."""
    rows = changes(exchange, who)
    return position(rows) if rows else 0


@pytest.mark.quick
def test_a_change_is_there_once_it_may_be_known_with_what_was_before(exchange):
    subject, number = new_id(), new_id()
    opening = referral(subject, number)
    office, home = end_of(exchange, OFFICE), end_of(exchange, HOME)
    exchange.accepted(OFFICE, opening)
    assert states(changes(exchange, OFFICE, office)) == [(None, "REQUESTED")]
    assert not changes(exchange, HOME, home), "it waits in the mailbox"
    assert of(exchange.collect(HOME), opening)
    assert states(changes(exchange, HOME, home)) == [(None, "REQUESTED")]
    exchange.accepted(HOME, response(subject, number, "RECEIVED"))
    exchange.accepted(HOME, response(subject, number, "ACCEPTED"))
    assert len(changes(exchange, OFFICE, office)) == 1, "the answers wait in the mailbox"
    exchange.collect(OFFICE)
    rows = changes(exchange, OFFICE, office)
    assert states(rows) == [(None, "REQUESTED"), ("REQUESTED", "RECEIVED"), ("RECEIVED", "ACCEPTED")]
    assert [row["by"] for row in rows] == [OFFICE, HOME, HOME] and [int(row["version"]) for row in rows] == [1, 2, 3]
    assert [row["nextMove"] for row in rows] == [HOME, HOME, HOME] and {row["subject"] for row in rows} == {subject}


@pytest.mark.quick
def test_a_loop_that_closes_is_a_change_of_its_own(exchange):
    subject, number = new_id(), new_id()
    exchange.accepted(OFFICE, referral(subject, number))
    exchange.collect(HOME)
    exchange.accepted(HOME, response(subject, number, "RECEIVED"))
    exchange.accepted(HOME, response(subject, number, "DECLINED", content={"reasonCode": "no_capacity"}))
    exchange.collect(OFFICE)
    office, home = end_of(exchange, OFFICE), end_of(exchange, HOME)
    exchange.accepted(OFFICE, operational(subject, HOME, "LoopClosed", {"decision": "LOOP_DECISION_ACCEPTED"}, number))
    exchange.collect(HOME)
    for who, after in ((OFFICE, office), (HOME, home)):
        rows = changes(exchange, who, after)
        assert states(rows) == [("DECLINED", "DECLINED")] and rows[0]["loopClosed"] is True, rows
        assert not rows[0].get("nextMove"), rows
    assert not [row for row in changes(exchange, OFFICE) if row["referralId"] == number and
                row.get("loopClosed") and row["messageType"] != "LoopClosed"]


@pytest.mark.quick
def test_nobody_watches_what_it_is_no_party_to(exchange):
    number = new_id()
    exchange.accepted(OFFICE, referral(new_id(), number))
    exchange.collect(HOME)
    assert not [row for row in changes(exchange, COURT) if row["referralId"] == number]
    for nobody in ("operator", "auditor-state"):
        answer = exchange.cli("referral", "watch", "--once", profile=nobody)
        assert answer.code == 3 and "not_permitted" in str(answer.rows), answer


def test_a_watch_goes_on_where_it_stopped_when_the_broker_was_killed(own_exchange):
    exchange, subject, number = own_exchange, new_id(), new_id()
    exchange.start()
    exchange.accepted(OFFICE, referral(subject, number))
    exchange.collect(HOME)
    exchange.accepted(HOME, response(subject, number, "RECEIVED"))
    exchange.collect(OFFICE)
    seen = changes(exchange, OFFICE)
    assert states(seen) == [(None, "REQUESTED"), ("REQUESTED", "RECEIVED")]
    exchange.kill()
    exchange.start()
    assert changes(exchange, OFFICE) == seen, "the past is the same"
    assert not changes(exchange, OFFICE, position(seen))
    exchange.accepted(HOME, response(subject, number, "ACCEPTED"))
    exchange.collect(OFFICE)
    assert states(changes(exchange, OFFICE, position(seen))) == [("RECEIVED", "ACCEPTED")]
    exchange.stop()
    exchange.start()
    assert states(changes(exchange, OFFICE, position(seen[:1]))) == [("REQUESTED", "RECEIVED"), ("RECEIVED", "ACCEPTED")]
    exchange.stop()


def test_a_limit_says_where_to_go_on_and_loses_nothing(exchange):
    numbers = [new_id() for _ in range(5)]
    start = end_of(exchange, OFFICE)
    for number in numbers:
        exchange.accepted(OFFICE, referral(new_id(), number))
    found, after = [], start
    for count in (2, 2, 1):
        rows = changes(exchange, OFFICE, after, "--limit", "2")
        assert len(rows) == count, rows
        found, after = found + [row["referralId"] for row in rows], position(rows)
    assert found == numbers
    assert not changes(exchange, OFFICE, after)
    assert f"--after {after}" in exchange.plain(OFFICE, "referral", "watch", "--once", "--after", str(after))
    start = end_of(exchange, HOME)
    exchange.collect(HOME)  # all five in one record, or in two
    found, after = [], start
    while rows := changes(exchange, HOME, after, "--limit", "1"):
        found, after = found + [row["referralId"] for row in rows], position(rows)
    assert [number for number in found if number in numbers] == numbers


def test_a_watch_that_waits_is_answered_by_the_change(exchange, connect):
    query, number = schema.message("Query")(), new_id()
    query.referral_watch.after_sequence = end_of(exchange, OFFICE)
    query.referral_watch.wait_ms = 30000
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(connect(OFFICE).call, query=query)
        exchange.accepted(OFFICE, referral(new_id(), number))
        rows = answer.result(25).query.changes
    assert [(row.referral_id, row.to_state) for row in rows] == [(number, "REQUESTED")]
