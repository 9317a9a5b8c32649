"""What is ordered to be expunged is gone: from every file, and everything else still proves."""
import base64
import os
import time
import uuid

import pytest
import schema
from exchange import AUDITOR, OPERATOR, wait_for
from go_verifier import verifier  # noqa: F401
from messages import attendance, consent, consent_id, grant, new_id, now, operational, part, referral, response
from test_explain import grant_of
from test_restart import digests

CLINIC, OFFICE, DESK, HOME, COURT = "treatment-south", "parole-north", "intake-desk", "housing-harbor", "court-county"
MARK = "Qvxzplant"


def order_sent(exchange, kind, actor="judge-1", **targets):
    content = {"kind": f"ORDER_KIND_{kind}", "cite": "Example Code 1203.4", "reference": f"{MARK}-docket", **targets}
    message = {"messageId": new_id(), "type": "TrailOrder", "actor": {"id": actor}, "parts": [{"type": "TrailOrder", "content": content}]}
    exchange.accepted(COURT, message)
    return message["messageId"]


def approve(exchange, order, actor="judge-2"):
    message = {"messageId": new_id(), "type": "TrailOrderApproval", "actor": {"id": actor},
               "parts": [part("TrailOrderApproval", orderId=order, approved=True)]}
    exchange.accepted(COURT, message)


def ordered(exchange, kind, **targets):
    """By two persons: in force."""
    order = order_sent(exchange, kind, **targets)
    approve(exchange, order)
    return order


def expunge(exchange, **targets):
    return ordered(exchange, "EXPUNGE", **targets)


def another_time():
    """A time of day that is not now, and not soon."""
    return time.strftime("%H:%M", time.localtime(time.time() + 6 * 3600))


class Life:
    """A person with something in every table, and a name that stands nowhere else."""

    def __init__(self, exchange, mark):
        self.mark = mark
        self.subject, self.number, self.other, self.waiting = new_id(), new_id(), new_id(), new_id()
        self.signed = consent(self.subject, grant(), subjectNameAsSigned=f"{mark} Signed")
        exchange.accepted(DESK, self.signed)
        self.told = attendance(self.subject)
        exchange.accepted(CLINIC, self.told)
        self.referred = referral(self.subject, self.number)
        self.referred["parts"][0]["content"]["reason"] = f"{mark} has no address"
        exchange.accepted(OFFICE, self.referred)
        merge = exchange.cli("message", "template", "PersonMerge").rows[0] | {"subject": self.subject}
        merge["parts"][0]["content"] |= {"fromIds": [self.subject], "toId": self.other}
        merge["messageId"] = new_id()
        exchange.accepted(OFFICE, merge)
        for agency in (HOME, OFFICE, CLINIC):
            exchange.collect(agency)
        exchange.accepted(HOME, response(self.subject, self.number, "RECEIVED"))
        self.queued = operational(self.subject, HOME, "Referral", {
            "serviceId": "harbor-rooms", "reason": f"{mark} waits",
            "desiredOutcomes": [{"id": "outcome-1", "text": f"{mark} is well"}]}, self.waiting)
        exchange.accepted(OFFICE, self.queued)
        self.held = attendance(self.subject, to=HOME)  # nobody consented to that
        exchange.accepted(CLINIC, self.held)
        exchange.trail("--subject", self.subject)
        exchange.cli("trail", "why", self.told["messageId"], profile=AUDITOR)
        self.ids = [self.subject, self.number, self.waiting, consent_id(self.signed), grant_of(self.signed)] + [
            message["messageId"] for message in (self.signed, self.told, self.referred, self.queued, self.held, merge)]

    def traces(self):
        """Everything that must be found nowhere."""
        yield self.mark.encode()
        yield MARK.encode()
        for text in self.ids:
            yield text.encode()
            yield uuid.UUID(text).bytes


def files_of(folder):
    for at, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(at, name)


def found_in(folder, traces):
    """Files with a trace in any of their bytes, live or not."""
    wanted = list(traces)
    found = []
    for path in files_of(folder):
        with open(path, "rb") as file:
            data = file.read()
        found += [(os.path.relpath(path, folder), trace) for trace in wanted if trace in data]
    return found


def executed(exchange, count=1):
    """Waits until the exchange has started again without what was expunged."""
    def done():
        answer = exchange.cli("trail", "find", "--event", "forgotten", profile=AUDITOR)
        return answer.code == 0 and len(answer.rows) == count
    wait_for(done, "the order to be executed", 60)


@pytest.fixture
def lives(own_exchange):
    own_exchange.start()
    gone, stays = Life(own_exchange, MARK + "gone"), Life(own_exchange, "Otherstays")
    return own_exchange, gone, stays


def told_of(exchange, life):
    return [row for row in exchange.trail("--subject", life.subject) if row["event"] != "query"]


def test_an_expunged_person_is_in_no_byte_and_everything_else_proves(lives):
    exchange, gone, stays = lives
    before = told_of(exchange, stays)
    assert found_in(exchange.data(), gone.traces())
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    exchange.stop()
    assert found_in(exchange.data(), gone.traces()) == []
    kept = digests(exchange, "--check")
    assert digests(exchange, "--rebuild") == kept
    assert digests(exchange, "--check") == kept
    exchange.start()
    assert told_of(exchange, stays) == before
    assert exchange.trail("--subject", gone.subject, "--event", "submission") == []
    assert exchange.send(CLINIC, gone.told)[0]["status"] == "RECEIPT_STATUS_REFUSED"
    fresh = attendance(stays.subject)
    exchange.accepted(CLINIC, fresh)
    assert [row for row in exchange.collect(OFFICE) if row.get("messageId") == fresh["messageId"]]
    exchange.stop()
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")


def proven(exchange, folder):
    """The log exported and counted again by the verifier."""
    wait_for(lambda: exchange.cli("trail", "checkpoint", profile=AUDITOR).code == 0, "the first checkpoint")
    done = exchange.cli("trail", "export", str(folder), profile=AUDITOR)
    assert done.code == 0, done
    done = exchange.cli("trail", "verify", str(folder), "--key", os.path.join(exchange.folder, "audit.vkey"))
    assert done.code == 0, done


def test_proofs_and_accountings_of_others_hold_as_before(lives, verifier, tmp_path):  # noqa: F811
    exchange, gone, stays = lives
    words = ("accounting", "--subject", stays.subject, "--rule", "42cfr2.25")
    before, = exchange.ask(AUDITOR, *words)
    proven(exchange, tmp_path / "before")
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    after, = exchange.ask(AUDITOR, *words)
    assert after["entries"] == before["entries"] and after["links"] == before["links"]
    proven(exchange, tmp_path / "after")
    with open(os.path.join(exchange.folder, "audit.vkey"), encoding="ascii") as lines:
        vkey = lines.read().strip()
    verifier("export", tmp_path / "after", vkey)
    verifier("consistency", tmp_path / "before", tmp_path / "after", vkey)
    row, = exchange.trail("--event", "forgotten")
    assert row["reference"] == "Example Code 1203.4" and MARK not in str(row)
    proof = str(tmp_path / "proof")
    done = exchange.cli("trail", "proof", "0", "--out", proof, profile=AUDITOR)
    assert done.code == 0, done


def test_which_records_were_expunged_together_is_told_to_no_agency(lives):
    """Who knows the place of one would know that the others were about the same person, and when."""
    exchange, gone, _ = lives
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    row, = exchange.trail("--event", "forgotten")
    index = str(row["logSequence"])
    wait_for(lambda: exchange.cli("trail", "proof", index, profile=AUDITOR).code == 0, "a checkpoint over it")
    for who in (DESK, OFFICE, CLINIC, OPERATOR):
        opening = exchange.ask(who, "trail", "proof", index)[0]["opening"]
        assert not {"salt", "record"} & set(opening), who
    opening = exchange.ask(AUDITOR, "trail", "proof", index)[0]["opening"]
    record = schema.message("Record").FromString(base64.b64decode(opening["record"]))
    assert record.forgotten.records and not opening["index"] in [run.first for run in record.forgotten.records]


def test_an_expunged_message_takes_nothing_of_its_person_along(lives):
    exchange, gone, _ = lives
    expunge(exchange, messageIds=[gone.told["messageId"]])
    executed(exchange)
    exchange.stop()
    told = gone.told["messageId"]
    assert found_in(exchange.data(), [told.encode(), uuid.UUID(told).bytes]) == []
    assert found_in(exchange.data(), [gone.mark.encode()])
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")
    exchange.start()
    rows = exchange.trail("--subject", gone.subject)
    assert [row for row in rows if row.get("messageId") == gone.referred["messageId"]]
    accounting, = exchange.ask(AUDITOR, "accounting", "--subject", gone.subject, "--rule", "42cfr2.25")
    assert "expunged" in [link.get("withheld") for link in accounting["links"]]


def test_a_referral_goes_on_without_a_step_of_which_the_message_is_expunged(own_exchange):
    own_exchange.start()
    subject, number = new_id(), new_id()
    own_exchange.accepted(OFFICE, referral(subject, number))
    own_exchange.collect(HOME)
    received, accepted = response(subject, number, "RECEIVED"), response(subject, number, "ACCEPTED")
    own_exchange.accepted(HOME, received)
    own_exchange.accepted(HOME, accepted)
    expunge(own_exchange, messageIds=[accepted["messageId"]])
    executed(own_exchange)
    collected = [row["messageId"] for row in own_exchange.collect(OFFICE)]
    assert received["messageId"] in collected and accepted["messageId"] not in collected
    ordered(own_exchange, "SEAL", subjects=[new_id()])
    for profile, state in ((OFFICE, "RECEIVED"), (HOME, "ACCEPTED"), (AUDITOR, "ACCEPTED")):
        for words in (("referral", "show", number), ("referral", "list", "--subject", subject)):
            assert [row["state"] for row in own_exchange.ask(profile, *words)] == [state]
    assert [row["state"] for row in own_exchange.ask(OFFICE, "caseload")] == ["RECEIVED"]
    own_exchange.stop()
    assert found_in(own_exchange.data(), [accepted["messageId"].encode(), uuid.UUID(accepted["messageId"]).bytes]) == []
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")


def test_a_referral_stays_when_its_first_message_is_expunged(own_exchange):
    own_exchange.start()
    subject, number = new_id(), new_id()
    first = referral(subject, number)
    own_exchange.accepted(OFFICE, first)
    own_exchange.collect(HOME)
    own_exchange.accepted(HOME, response(subject, number, "RECEIVED"))
    unseen = referral(subject, new_id())
    own_exchange.accepted(OFFICE, unseen)
    expunge(own_exchange, messageIds=[first["messageId"], unseen["messageId"]])
    executed(own_exchange)
    own_exchange.collect(OFFICE)
    own_exchange.accepted(HOME, response(subject, number, "ACCEPTED"))
    own_exchange.collect(OFFICE)
    for profile in (OFFICE, HOME):
        assert [row["state"] for row in own_exchange.ask(profile, "referral", "show", number)] == ["ACCEPTED"]
    assert [row["state"] for row in own_exchange.ask(HOME, "caseload")] == ["ACCEPTED"]  # of the other it was never told
    assert sorted(row["state"] for row in own_exchange.ask(OFFICE, "caseload")) == ["ACCEPTED", "REQUESTED"]


def test_a_meeting_of_which_the_record_is_expunged_went_in_no_way(own_exchange):
    own_exchange.start()
    subject, number, meeting = new_id(), new_id(), new_id()
    own_exchange.accepted(OFFICE, referral(subject, number))
    own_exchange.collect(HOME)
    booked = operational(subject, OFFICE, "AppointmentScheduled", {
        "appointmentId": meeting, "start": now(-86400), "durationMinutes": 30}, number) | {"actor": {"id": "w-21"}}
    record = operational(subject, OFFICE, "AttendanceRecord", {
        "appointmentId": meeting, "status": "ATTENDANCE_STATUS_ATTENDED"}, number) | {"actor": {"id": "w-21"}}
    for message in (response(subject, number, "RECEIVED"), response(subject, number, "ACCEPTED"), booked, record):
        own_exchange.accepted(HOME, message)
    own_exchange.collect(OFFICE)

    def meetings():
        for profile in (HOME, OFFICE):
            own_exchange.ask(profile, "referral", "show", number)
            own_exchange.ask(profile, "caseload")
        return [own_exchange.ask(profile, "appointment", "list", number) for profile in (HOME, OFFICE, AUDITOR)]

    assert [[row["state"] for row in rows] for rows in meetings()] == [["ATTENDED"]] * 3
    expunge(own_exchange, messageIds=[record["messageId"]])
    executed(own_exchange)
    assert [[row["state"] for row in rows] for rows in meetings()] == [["AWAITING_FEEDBACK"]] * 3
    expunge(own_exchange, messageIds=[booked["messageId"]])
    executed(own_exchange, 2)
    assert meetings() == [[]] * 3


def test_tied_persons_stay_tied_when_the_merge_is_expunged(lives):
    exchange, gone, _ = lives
    merge = [row["messageId"] for row in exchange.trail("--subject", gone.subject) if row["event"] == "person_merged"][0]
    expunge(exchange, messageIds=[merge])
    executed(exchange)
    for subject in (gone.subject, gone.other):
        exchange.accepted(CLINIC, attendance(subject))
    exchange.stop()
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")


def test_several_orders_are_executed_one_after_another(lives):
    exchange, gone, stays = lives
    expunge(exchange, referralIds=[gone.number])
    executed(exchange)
    expunge(exchange, subjects=[gone.subject])
    executed(exchange, 2)
    expunge(exchange, subjects=[stays.subject])
    executed(exchange, 3)
    exchange.stop()
    assert found_in(exchange.data(), [*gone.traces(), *stays.traces()]) == []
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")
    exchange.start()
    Life(exchange, "Newcomer")
    exchange.stop()
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")


def test_an_order_for_the_night_seals_at_once_and_is_executed_by_the_next_start(own_exchange):
    exchange = own_exchange
    exchange.set(forget__at=f'"{another_time()}"')
    exchange.start()
    gone = Life(exchange, MARK + "gone")
    expunge(exchange, subjects=[gone.subject])
    assert exchange.trail("--event", "forgotten") == []
    assert exchange.trail("--subject", gone.subject, "--event", "release") == []
    exchange.stop()
    exchange.start()
    exchange.stop()
    assert found_in(exchange.data(), gone.traces()) == []


@pytest.mark.quick
@pytest.mark.parametrize("spoiled", [("exchange", "certificate.pem"), ("registry", "99999999-spoiled.submit")])
def test_an_order_does_not_end_an_exchange_that_could_not_start_again(own_exchange, spoiled):
    exchange, path = own_exchange, os.path.join(own_exchange.folder, *spoiled)
    exchange.start()
    subject = new_id()
    exchange.accepted(CLINIC, attendance(subject))
    whole = None
    if os.path.exists(path):
        with open(path, "rb") as file:
            whole = file.read()
    with open(path, "wb") as file:
        file.write(b"half a file")
    expunge(exchange, subjects=[subject])
    wait_for(lambda: "could not start again" in exchange.log(), "the exchange to say that it goes on")
    exchange.accepted(CLINIC, attendance(new_id()))
    assert exchange.trail("--event", "forgotten") == []
    if whole is None:
        os.remove(path)
    else:
        with open(path, "wb") as file:
            file.write(whole)
    exchange.reload()
    executed(exchange)


def test_an_order_that_names_somebody_forgotten_meanwhile_still_reaches_the_others(lives):
    exchange, gone, stays = lives
    both = order_sent(exchange, "EXPUNGE", subjects=[gone.subject, stays.subject])
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    approve(exchange, both)
    executed(exchange, 2)
    exchange.stop()
    assert found_in(exchange.data(), [*gone.traces(), *stays.traces()]) == []
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")


def test_a_person_who_came_back_is_not_forgotten_along_with_another(lives):
    exchange, gone, stays = lives
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    back = referral(gone.subject, new_id())
    exchange.accepted(OFFICE, back)
    told = attendance(gone.subject)
    exchange.accepted(CLINIC, told)
    order_sent(exchange, "SEAL", subjects=[gone.subject, stays.subject])
    expunge(exchange, subjects=[stays.subject])
    executed(exchange, 2)
    rows = exchange.trail("--subject", gone.subject)
    for message in (back, told):
        assert [row for row in rows if row.get("messageId") == message["messageId"]]


def test_a_message_under_another_persons_id_does_not_take_that_person_along(lives):
    exchange, gone, stays = lives
    before = told_of(exchange, stays)
    exchange.accepted(CLINIC, attendance(gone.subject) | {"messageId": stays.subject})
    exchange.accepted(CLINIC, attendance(gone.subject) | {"messageId": stays.number})
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    assert told_of(exchange, stays) == before


def test_orders_for_the_same_night_may_name_the_same_person(own_exchange):
    exchange = own_exchange
    exchange.set(forget__at=f'"{another_time()}"')
    exchange.start()
    gone, also = Life(exchange, MARK + "gone"), Life(exchange, MARK + "also")
    expunge(exchange, subjects=[gone.subject])
    expunge(exchange, subjects=[gone.subject])
    expunge(exchange, subjects=[gone.subject, also.subject])
    exchange.stop()
    exchange.start()
    assert len(exchange.cli("trail", "find", "--event", "forgotten", profile=AUDITOR).rows) == 3
    exchange.stop()
    assert found_in(exchange.data(), [*gone.traces(), *also.traces()]) == []
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")
