"""Outcomes that two agencies know differently."""
from messages import new_id, of, operational, referral

OFFICE, HOME, COURT = "parole-north", "housing-harbor", "court-county"


def verification(subject, number, to, holds, days=30, **more):
    return operational(subject, to, "HousingVerification", {
        "afterDays": days, "stillHoused": f"STILL_HOLDS_{holds}", "asOf": "2026-11-01", "sourceCode": "visit", **more}, number)


def notices(rows):
    return [row["parts"][0]["content"] for row in rows if row["type"] == "DiscrepancyNotice"]


def test_two_that_say_different_things_must_find_out(exchange):
    subject, number = new_id(), new_id()
    opening = referral(subject, number)
    exchange.accepted(OFFICE, opening)
    assert of(exchange.collect(HOME), opening)
    exchange.collect(OFFICE)
    yes = verification(subject, number, OFFICE, "YES")
    no = verification(subject, number, HOME, "NO")
    exchange.accepted(HOME, yes)
    exchange.accepted(OFFICE, no)
    at_office = exchange.collect(OFFICE)
    assert of(at_office, yes) and not notices(at_office), "the home does not know yet what the office said"
    at_home = exchange.collect(HOME)
    at_home += exchange.collect(HOME)
    assert of(at_home, no)
    assert [row["messageIds"] for row in notices(at_home)] == [[yes["messageId"], no["messageId"]]]
    assert [row["messageIds"] for row in notices(exchange.collect(OFFICE))] == [[no["messageId"], yes["messageId"]]]
    assert exchange.refused(OFFICE, verification(subject, number, HOME, "YES")) == "field_invalid"
    exchange.accepted(OFFICE, verification(subject, number, HOME, "YES", supersedes=no["messageId"]))
    exchange.collect(HOME)
    done = [row for row in exchange.trail("--subject", subject) if row["event"] == "task_done"]
    assert len(done) == 2 and {row["code"] for row in done} == {"resolved"}


def test_a_verification_says_which_day_and_only_a_party_may(exchange):
    subject, number = new_id(), new_id()
    opening = referral(subject, number)
    exchange.accepted(OFFICE, opening)
    exchange.collect(HOME)
    assert exchange.refused(HOME, verification(subject, number, OFFICE, "YES", days=31)) == "field_invalid"
    assert exchange.refused(COURT, verification(subject, number, OFFICE, "YES", days=31)) == "unknown_referral"
    assert exchange.refused(COURT, verification(subject, new_id(), OFFICE, "YES", days=31)) == "unknown_referral"
