"""What `message template` prints is what `message send` takes, once recipient and subject are set."""
import json

import pytest
from messages import SYNTHETIC, attendance, consent, grant, new_id, of

CLINIC, OFFICE, COURT, OPERATOR = "treatment-south", "parole-north", "court-county", "operator"
AUDITOR = "auditor-state"

# Answers, in an order that the lifecycle of one referral allows: who sends, and the type.
ANSWERS = [(CLINIC, "ReferralResponse"), (CLINIC, "InfoRequest"), (OFFICE, "InfoReply"), (OFFICE, "ReferralAmend"),
           (CLINIC, "PlanProposed"), (OFFICE, "PlanDecision")]
END = [(CLINIC, "OutcomeReport"), (CLINIC, "HousingVerification"), (OFFICE, "EmploymentVerification"),
       (OFFICE, "LoopClosed")]
# A meeting is moved and held after it was fixed.
MEETING = ["AppointmentScheduled", "AppointmentChanged", "AttendanceRecord"]
# Places belong to a service that the registry has.
PLACES = {"CapacityUpdate", "CapacityHold", "CapacityConfirm", "CapacityRelease"}
# A policy takes the place of the one that all other tests stand on: test_policy.py sends its template.
APART = PLACES | {"ReferralCancel", "ConsentRevoke", "EmergencyReview", "ReleasePolicy", "PersonUnmerge", "Statement",
                  "PolicyAck", "TaskReply", "TrailOrderApproval"} | {
    name for _, name in ANSWERS + END + [(OFFICE, name) for name in MEETING]}


def template(exchange, name):
    return exchange.cli("message", "template", name).rows[0]


def send(exchange, sender, message, subject):
    to = CLINIC if sender == OFFICE else OFFICE
    # What concerns a victim goes only to whom an order or statute may name.
    to = COURT if message["type"] == "VictimNotice" else to
    for recipient in message.get("recipients", []):
        recipient["agency"] = to
    if "subject" in message:
        message["subject"] = SYNTHETIC.format(7) if message["type"] == "TestMessage" else subject
    return exchange.accepted(sender, message)


@pytest.mark.quick
def test_every_template_is_accepted_as_it_is(exchange):
    listed = {row["type"] for row in exchange.cli("message", "template", "--list").rows}
    assert APART < listed and {"Referral", "ConsentGrant", "CapacityUpdate", "PersonMerge"} < listed
    for name in sorted(listed - APART):
        sender = OPERATOR if name in ("AgencyEntry", "CalendarEntry", "ServiceEntry", "UserPolicy") else OFFICE
        sender = {"AuditorScope": OPERATOR, "StandingQuestion": AUDITOR, "TrailOrder": COURT}.get(name, sender)
        send(exchange, sender, template(exchange, name), new_id())


@pytest.mark.quick
def test_a_meeting_is_fixed_moved_and_not_held_where_it_was(exchange):
    subject = new_id()
    fixed, moved, held = (template(exchange, name) for name in MEETING)
    number = fixed["parts"][0]["content"]["appointmentId"]
    moved["parts"][0]["content"]["supersedes"] = held["parts"][0]["content"]["appointmentId"] = number
    send(exchange, OFFICE, fixed, subject)
    send(exchange, OFFICE, moved, subject)
    held["recipients"][0]["agency"], held["subject"] = CLINIC, subject
    refusal = exchange.send(OFFICE, held)[0]["refusal"]
    assert refusal["code"] == "illegal_transition" and refusal["state"] == "RESCHEDULED", refusal


@pytest.mark.quick
def test_answers_find_their_referral(exchange):
    subject = new_id()
    exchange.accepted("intake-desk", consent(subject, grant(categories=("REFERRAL_FACT", "PROGRESS"),
                                                            purposes=("REFERRAL_COORDINATION",))))
    sent = send(exchange, OFFICE, template(exchange, "Referral"), subject)
    assert of(exchange.collect(CLINIC, count=100000), sent)
    for sender, name in ANSWERS:
        exchange.collect(sender, count=100000)  # who has not been handed a plan cannot decide on it
        send(exchange, sender, template(exchange, name), subject)
    accepted = template(exchange, "ReferralResponse")
    accepted["parts"][0]["content"]["status"] = "REFERRAL_STATUS_ACCEPTED"
    send(exchange, CLINIC, accepted, subject)
    number = exchange.ask(OFFICE, "referral", "list", "--subject", subject)[0]["referralId"]
    exchange.accepted(CLINIC, attendance(subject, referralId=number))
    for sender, name in END:
        send(exchange, sender, template(exchange, name), subject)
    assert "loopClosedAt" in exchange.ask(OFFICE, "referral", "show", number)[0]


def test_a_referral_that_is_in_doubt_is_not_guessed(exchange):
    subject = new_id()
    send(exchange, OFFICE, template(exchange, "Referral"), subject)
    send(exchange, OFFICE, template(exchange, "ReferralCancel"), subject)
    send(exchange, OFFICE, template(exchange, "Referral"), subject)
    send(exchange, OFFICE, template(exchange, "Referral"), subject)
    unclear = template(exchange, "ReferralAmend")
    unclear["recipients"][0]["agency"], unclear["subject"] = CLINIC, subject
    answer = exchange.cli("message", "send", "-", profile=OFFICE, stdin=json.dumps(unclear))
    assert answer.code == 3 and answer.rows[0]["error"]["code"] == "ambiguous", answer


@pytest.mark.quick
def test_a_revocation_finds_its_consent(exchange):
    subject = new_id()
    send(exchange, OFFICE, template(exchange, "ConsentGrant"), subject)
    send(exchange, OFFICE, template(exchange, "ConsentRevoke"), subject)
    assert exchange.ask(OFFICE, "consent", "list", "--subject", subject)[0]["status"] == "revoked"


def test_an_unmerge_names_its_merge_and_a_reply_what_asks(exchange):
    made, undone = template(exchange, "PersonMerge"), template(exchange, "PersonUnmerge")
    made["parts"][0]["content"] |= {"fromIds": [new_id()], "toId": new_id()}
    undone["parts"][0]["content"]["mergeMessageId"] = send(exchange, OFFICE, made, new_id())["messageId"]
    send(exchange, OFFICE, undone, new_id())
    alert = template(exchange, "SafetyAlert") | {
        "purpose": "PURPOSE_EMERGENCY", "basis": {"legal": "LEGAL_BASIS_MEDICAL_EMERGENCY"}}
    asked = send(exchange, OFFICE, alert, new_id())
    exchange.collect(CLINIC, count=100000)
    answer = template(exchange, "TaskReply")
    answer["parts"][0]["content"]["messageId"] = asked["messageId"]
    send(exchange, CLINIC, answer, None)


def test_a_policy_is_accepted_as_it_was_published(exchange):
    for sender, name in ((OPERATOR, "UserPolicy"), (OFFICE, "PolicyAck")):
        message = template(exchange, name)
        message["parts"][0]["content"]["policyId"] = "of-the-templates"
        send(exchange, sender, message, None)


def test_a_statement_is_about_a_message_that_its_sender_knows(exchange):
    sent = send(exchange, OFFICE, template(exchange, "RiskLevelChange"), new_id())
    statement = template(exchange, "Statement")
    statement["parts"][0]["content"]["about"] = sent["messageId"]
    send(exchange, OFFICE, statement, new_id())
    statement["parts"][0]["content"]["about"] = new_id()
    assert exchange.refused(OFFICE, statement) == "unknown_citation"


def test_a_type_that_is_only_recorded_says_so(exchange):
    receipt = send(exchange, OFFICE, template(exchange, "DisclosureAccountingRequest"), new_id())
    assert receipt["dispositions"][0]["kind"] == "DISPOSITION_KIND_RECORDED"
