"""`referral show` as a history: meetings and tasks stand in it as far as each side knows of them."""
import pytest
from envelope import now
from exchange import wait_for
from messages import evidence, new_id, of, operational, referral, response

pytestmark = pytest.mark.usefixtures("emptied")
OFFICE, HOME = "parole-north", "housing-harbor"


def rows(exchange, who, number, event):
    timeline = exchange.ask(who, "referral", "show", number)[0]["timeline"]
    return [row for row in timeline if row["event"] == event]


def meetings(exchange, who, number):
    return [(row["code"], row["by"]) for row in rows(exchange, who, number, "appointment")]


def attendance(subject, number, meeting, status, **more):
    return operational(subject, OFFICE, "AttendanceRecord", {
        "appointmentId": meeting, "status": f"ATTENDANCE_STATUS_{status}", **more}, number) | {"actor": {"id": "w-21"}}


@pytest.mark.quick
def test_a_meeting_stands_where_it_begins_with_how_it_went_as_far_as_that_was_told(exchange):
    subject, number, meeting, start = new_id(), new_id(), new_id(), now(-3600)
    exchange.accepted(OFFICE, referral(subject, number))
    exchange.collect(HOME)
    exchange.accepted(HOME, response(subject, number, "RECEIVED"))
    exchange.accepted(HOME, response(subject, number, "ACCEPTED"))
    booked = operational(subject, OFFICE, "AppointmentScheduled", {
        "appointmentId": meeting, "start": start, "durationMinutes": 30}, number) | {"actor": {"id": "w-21"}}
    exchange.accepted(HOME, booked)
    over = [("AWAITING_FEEDBACK", HOME)]
    wait_for(lambda: meetings(exchange, HOME, number) == over, "its time to be over")
    assert not meetings(exchange, OFFICE, number), "that there is one was not told yet"
    assert of(exchange.collect(OFFICE), booked)
    row, = rows(exchange, OFFICE, number, "appointment")
    assert row["code"] == "AWAITING_FEEDBACK" and row["occurredAt"].startswith(start[:19]) and row["messageId"] == booked["messageId"]
    missed = attendance(subject, number, meeting, "DID_NOT_ATTEND", absenceReason="ABSENCE_REASON_UNACCEPTABLE")
    exchange.accepted(HOME, missed)
    assert meetings(exchange, HOME, number) == [("DID_NOT_ATTEND", HOME)]
    assert meetings(exchange, OFFICE, number) == over, "how it went waits in the mailbox"
    assert of(exchange.collect(OFFICE), missed)
    assert meetings(exchange, OFFICE, number) == [("DID_NOT_ATTEND", HOME)]


def test_a_task_stands_in_the_history_of_whose_people_are_asked_and_of_nobody_else(exchange):
    subject, number = new_id(), new_id()
    sent = referral(subject, number)
    exchange.accepted(OFFICE, sent)
    assert of(exchange.collect(HOME), sent)
    exchange.accepted(OFFICE, response(subject, number, "ENTERED_IN_ERROR", to=HOME) | {"actor": {"id": "officer-1"}})
    notice = [row for row in exchange.collect(HOME) if row["type"] == "MisdirectedDisclosure"][0]
    assert [row["code"] for row in rows(exchange, HOME, number, "task")] == ["attest"]
    exchange.collect(OFFICE)
    exchange.accepted(HOME, {"messageId": new_id(), "type": "TaskReply", "actor": {"id": "w-21"}, "parts": [
        {"type": "TaskReply", "content": {"messageId": notice["messageId"], "resultCode": "destroyed"}}]})
    assert [row["code"] for row in rows(exchange, HOME, number, "task")] == ["attest", "destroyed"]
    assert not rows(exchange, OFFICE, number, "task"), "it is told by evidence"
    assert "ACKNOWLEDGED" in evidence(exchange.collect(OFFICE), sent)
