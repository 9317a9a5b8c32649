"""`referral move`: each move by its word, with what it needs named when it is missing."""
import pytest
from messages import new_id, of, operational, referral

OFFICE, HOME = "parole-north", "housing-harbor"
IN_A_DAY = "2099-01-01"


@pytest.fixture
def made(exchange):
    subject, number = new_id(), new_id()
    first = referral(subject, number)
    exchange.accepted(OFFICE, first)
    assert of(exchange.collect(HOME), first)
    return number


def move(exchange, who, number, *words):
    answer = exchange.cli("referral", "move", number, *words, profile=who)
    assert answer.code == 0, answer
    return exchange.ask(who, "referral", "show", number)[0]["state"]


@pytest.mark.quick
def test_a_referral_is_moved_by_words_from_request_to_closed_loop(exchange, made):
    for who, words, state in (
            (HOME, ("receive", "--worker", "w-21"), "RECEIVED"),
            (HOME, ("info", "--item", "release_address"), "INFO_REQUESTED"),
            (OFFICE, ("reply", "--item", "release_address=With family", "--actor", "w-1"), "RECEIVED"),
            (OFFICE, ("extend", "--until", IN_A_DAY, "--reason", "On leave"), "RECEIVED"),
            (HOME, ("WAITLISTED", "--position", "3"), "WAITLISTED"),
            (HOME, ("offer", "--until", IN_A_DAY), "OFFERED"),
            (OFFICE, ("accept",), "ACCEPTED"),
            (HOME, ("schedule", "--start", IN_A_DAY), "SCHEDULED"),
            (HOME, ("start",), "IN_PROGRESS"),
            (HOME, ("hold",), "ON_HOLD"),
            (OFFICE, ("resume",), "IN_PROGRESS"),
            (OFFICE, ("cancel", "--reason", "moved"), "CANCEL_REQUESTED"),
            (HOME, ("reject-cancel", "--reason", "care_continues"), "IN_PROGRESS"),
            (HOME, ("complete", "--outcome", "outcome-1=achieved"), "COMPLETED"),
            (OFFICE, ("dispute", "--reason", "outcome_not_seen"), "COMPLETED"),
            (OFFICE, ("close",), "COMPLETED")):
        assert move(exchange, who, made, *words) == state, words
    assert exchange.ask(OFFICE, "referral", "show", made)[0]["loopClosedAt"]


@pytest.mark.quick
def test_what_a_move_needs_is_named(exchange, made):
    for words, missing in ((("receive",), "--worker"), (("decline",), "--reason"), (("offer",), "--until"),
                           (("end",), "--outcome"), (("error",), "--second"), (("reroute",), "--to-referral")):
        answer = exchange.cli("referral", "move", made, *words, profile=HOME)
        assert answer.code == 2 and missing in answer.rows[0]["error"]["detail"], answer
    answer = exchange.cli("referral", "move", made, "bounce", profile=HOME)
    assert answer.code == 2 and "confirm-cancel" in answer.rows[0]["error"]["detail"], answer


def test_an_illegal_move_is_refused_with_what_would_be_legal(exchange, made):
    answer = exchange.cli("referral", "move", made, "start", profile=HOME)
    assert answer.code == 3, answer
    assert answer.rows[0]["refusal"]["code"] == "illegal_transition"
    assert "RECEIVED" in str(answer.rows[0]["refusal"]), answer


def test_a_stranger_cannot_even_learn_that_it_is_there(exchange, made):
    real = exchange.cli("referral", "move", made, "accept", profile="treatment-south")
    none = exchange.cli("referral", "move", new_id(), "accept", profile="treatment-south")
    assert real.code == none.code == 3 and real.rows == none.rows, (real, none)


def test_an_error_takes_two_people(exchange, made):
    alone = exchange.cli("referral", "move", made, "error", "--second", "w-1", "--actor", "w-1", profile=OFFICE)
    assert alone.code == 3, alone
    assert move(exchange, OFFICE, made, "error", "--second", "w-2", "--actor", "w-1") == "ENTERED_IN_ERROR"


def test_a_decline_says_why(exchange, made):
    assert move(exchange, HOME, made, "receive", "--worker", "w-21") == "RECEIVED"
    assert move(exchange, HOME, made, "decline", "--reason", "no_capacity") == "DECLINED"
    steps = exchange.ask(OFFICE, "referral", "show", made)[0]["steps"]
    assert steps[-1]["reasonCode"] == "no_capacity", steps


def test_before_care_the_source_simply_withdraws(exchange, made):
    assert move(exchange, OFFICE, made, "cancel", "--reason", "needs_met_elsewhere") == "CANCELLED"
    exchange.accepted(OFFICE, operational(
        exchange.ask(OFFICE, "referral", "show", made)[0]["subject"], HOME, "LoopClosed",
        {"decision": "LOOP_DECISION_ACCEPTED"}, made))
