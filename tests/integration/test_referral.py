"""The referral's table as agencies meet it: what moves it, and what is refused."""
import pytest
from messages import new_id, of, operational, referral, response

OFFICE, HOME = "parole-north", "housing-harbor"


@pytest.fixture
def made(exchange):
    """A referral that the target has got."""
    subject, number = new_id(), new_id()
    first = referral(subject, number)
    exchange.accepted(OFFICE, first)
    assert of(exchange.collect(HOME), first)
    return subject, number


def state(exchange, number, who=OFFICE):
    return exchange.ask(who, "referral", "show", number)[0]


def outcome(subject, number):
    return operational(subject, OFFICE, "OutcomeReport", {
        "endState": "END_STATE_COMPLETED", "outcomes": [{"desiredId": "outcome-1", "achievement": "ACHIEVEMENT_ACHIEVED",
                                                        "evidence": "Lease seen"}]}, number)


@pytest.mark.quick
def test_from_request_to_a_closed_loop(exchange, made):
    subject, number = made
    for status in ("RECEIVED", "ACCEPTED", "IN_PROGRESS"):
        exchange.accepted(HOME, response(subject, number, status))
        assert state(exchange, number)["state"] == status
    exchange.accepted(HOME, outcome(subject, number))
    assert state(exchange, number)["state"] == "COMPLETED"
    exchange.accepted(OFFICE, operational(subject, HOME, "LoopClosed", {"decision": "LOOP_DECISION_ACCEPTED"}, number))
    row = state(exchange, number)
    assert row["loopClosedAt"] and [step["toState"] for step in row["steps"]][:2] == ["REQUESTED", "RECEIVED"]


@pytest.mark.quick
def test_what_the_table_does_not_list_is_refused(exchange, made):
    subject, number = made
    assert exchange.refused(HOME, response(subject, number, "IN_PROGRESS")) == "illegal_transition"
    assert exchange.refused(OFFICE, response(subject, number, "RECEIVED", to=HOME)) in ("illegal_transition", "not_permitted")
    assert state(exchange, number)["state"] == "REQUESTED"


@pytest.mark.quick
def test_a_stale_version_is_refused(exchange, made):
    subject, number = made
    version = int(state(exchange, number)["version"])
    exchange.accepted(HOME, response(subject, number, "RECEIVED", expectedVersion=version))
    assert exchange.refused(HOME, response(subject, number, "ACCEPTED", expectedVersion=version)) == "stale_version"
    exchange.accepted(HOME, response(subject, number, "ACCEPTED", expectedVersion=version + 1))


def test_a_referral_that_is_not_there_or_not_ones_own(exchange, made):
    subject, number = made
    assert exchange.refused(HOME, response(subject, new_id(), "RECEIVED")) == "unknown_referral"
    assert exchange.refused("treatment-south", response(subject, number, "RECEIVED")) == "unknown_referral"
    assert exchange.cli("referral", "show", number, profile="treatment-south").code == 3


def test_a_target_that_guesses_the_id_is_a_stranger_until_it_has_got_the_referral(exchange):
    subject, number = new_id(), new_id()
    first = referral(subject, number)
    exchange.accepted(OFFICE, first)
    guess = response(subject, number, "RECEIVED")
    assert exchange.refused(HOME, guess) == exchange.refused(HOME, response(subject, new_id(), "RECEIVED")) \
        == "unknown_referral"
    assert state(exchange, number)["state"] == "REQUESTED"
    assert of(exchange.collect(HOME), first)
    exchange.accepted(HOME, response(subject, number, "RECEIVED"))


def test_a_referral_id_is_used_once(exchange, made):
    subject, number = made
    assert exchange.refused(OFFICE, referral(subject, number)) == "referral_exists"


def test_an_outcome_needs_a_referral_under_way(exchange, made):
    subject, number = made
    assert exchange.refused(HOME, outcome(subject, number)) in ("illegal_transition", "outcome_missing")
    for status in ("RECEIVED", "ACCEPTED", "IN_PROGRESS"):
        exchange.accepted(HOME, response(subject, number, status))
    assert exchange.refused(OFFICE, operational(subject, HOME, "LoopClosed", {"decision": "LOOP_DECISION_ACCEPTED"},
                                                number)) in ("illegal_transition", "outcome_missing")
    assert state(exchange, number)["state"] == "IN_PROGRESS"


def test_messages_of_one_referral_arrive_in_their_order(exchange, made):
    subject, number = made
    sent = [operational(subject, HOME, "ReferralAmend", {"changes": [{"field": "reason", "newValue": str(n)}], "reason": "x"},
                        number) for n in range(5)]
    for message in sent:
        exchange.accepted(OFFICE, message)
    got = [row["messageId"] for row in exchange.collect(HOME) if row["type"] == "ReferralAmend"]
    assert got == [message["messageId"] for message in sent]
