"""What is asked of people: alerts that a named person acknowledges, and changes told to those who want to hear them."""
import pytest
from messages import evidence, new_id, of, operational, part, referral, response

CLINIC, OFFICE, COURT, HOME = "treatment-south", "parole-north", "court-county", "housing-harbor"


def alert(subject, to=CLINIC):
    content = {"severity": "SEVERITY_HIGH", "kind": "SAFETY_KIND_MISSING", "factsMinimum": "Not seen since yesterday"}
    return {"messageId": new_id(), "type": "SafetyAlert", "recipients": [{"agency": to}], "subject": subject,
            "purpose": "PURPOSE_EMERGENCY", "basis": {"legal": "LEGAL_BASIS_MEDICAL_EMERGENCY"},
            "actor": {"id": "officer-1"}, "priority": "PRIORITY_URGENT",
            "parts": [{"type": "SafetyAlert", "content": content}]}


def reply(asks, result="acknowledged", actor="nurse-1"):
    return {"messageId": new_id(), "type": "TaskReply", "actor": {"id": actor},
            "parts": [part("TaskReply", messageId=asks["messageId"], resultCode=result)]}


def subscription(active):
    return {"messageId": new_id(), "type": "StatusSubscription", "parts": [part("StatusSubscription", active=active)]}


@pytest.mark.quick
def test_an_alert_is_acknowledged_by_a_named_person_and_its_sender_hears_it(exchange):
    sent = alert(new_id())
    exchange.accepted(OFFICE, sent)
    assert exchange.refused(CLINIC, reply(sent)) == "unknown_task", "it has not been handed over"
    assert of(exchange.collect(CLINIC), sent)
    assert exchange.refused(COURT, reply(sent)) == "unknown_task"
    assert exchange.refused(CLINIC, reply(sent, actor=" ")) == "field_missing"
    assert exchange.refused(CLINIC, reply(sent, "destroyed")) == "field_invalid"
    exchange.collect(OFFICE)
    exchange.accepted(CLINIC, reply(sent))
    assert evidence(exchange.collect(OFFICE), sent) == ["ACKNOWLEDGED"]
    assert exchange.refused(CLINIC, reply(sent)) == "unknown_task", "it is done"


def test_who_subscribed_hears_of_each_change_when_it_may_know_of_it(exchange):
    subject, number = new_id(), new_id()
    exchange.accepted(OFFICE, subscription(True))
    exchange.collect(OFFICE)
    exchange.collect(HOME)

    def told():
        return [row["parts"][0]["content"] for row in exchange.collect(OFFICE)
                if row["type"] == "ReferralStatusNotice" and row.get("referralId") == number]

    exchange.accepted(OFFICE, referral(subject, number))
    assert [(row.get("fromState"), row["toState"], row["version"]) for row in told()] == [(None, "REQUESTED", 1)]
    exchange.collect(HOME)
    exchange.accepted(HOME, response(subject, number, "RECEIVED"))
    notices = told() or told()  # with the answer, or after it
    assert [(row["fromState"], row["toState"], row["by"]) for row in notices] == [("REQUESTED", "RECEIVED", HOME)]
    exchange.accepted(OFFICE, subscription(False))
    exchange.accepted(HOME, response(subject, number, "ACCEPTED"))
    assert not told() and not told()


def test_a_referral_entered_in_error_is_asked_back(exchange):
    subject, number = new_id(), new_id()
    sent = referral(subject, number)
    exchange.accepted(OFFICE, sent)
    assert of(exchange.collect(HOME), sent)
    wrong = response(subject, number, "ENTERED_IN_ERROR", to=HOME) | {"actor": {"id": "officer-1"}}
    exchange.accepted(OFFICE, wrong)
    rows = [row for row in exchange.collect(HOME) if row["type"] == "MisdirectedDisclosure"]
    assert [row["parts"][0]["content"]["messageIds"] for row in rows] == [[sent["messageId"]]]
    assert rows[0]["parts"][0]["content"]["reasonCode"] == "entered_in_error"
    exchange.collect(OFFICE)
    exchange.accepted(HOME, reply(rows[0], "destroyed"))
    assert "ACKNOWLEDGED" in evidence(exchange.collect(OFFICE), sent)


def test_the_persons_own_word_goes_along_and_nobody_learns_to_whom(exchange):
    subject, number = new_id(), new_id()
    opening = referral(subject, number)
    exchange.accepted(OFFICE, opening)
    said = operational(subject, COURT, "Statement", {
        "about": number, "text": "I want to live near my work.", "takenBy": "w-104"})
    exchange.accepted(OFFICE, said)
    assert of(exchange.collect(COURT), said)
    at_home = exchange.collect(HOME)
    assert of(at_home, opening)
    word = of(at_home, said) or of(exchange.collect(HOME), said)
    assert word[0]["parts"][0]["content"]["text"] == "I want to live near my work."
    heard = [row["parts"][0]["content"] for row in exchange.collect(OFFICE) if row["type"] == "DeliveryEvidence"]
    assert not [row for row in heard if row["messageId"] == said["messageId"] and row["recipient"] == HOME]
    own = exchange.trail("--subject", subject, profile=OFFICE)
    assert not [row for row in own if row.get("messageId") == said["messageId"] and row.get("recipient") == HOME]
    every = exchange.trail("--subject", subject)
    assert [row for row in every if row.get("messageId") == said["messageId"] and row.get("recipient") == HOME]
    stranger = operational(subject, OFFICE, "Statement", {"about": number, "text": "x", "takenBy": "w-1"})
    assert exchange.refused(COURT, stranger) == "unknown_citation"
