"""What names the person besides ids, and ids that name two things: neither stays, and nothing of others goes."""
import uuid

import pytest
from exchange import AUDITOR
from messages import attendance, consent, grant, new_id, part, referral
from test_forget import Life, approve, executed, expunge, found_in, told_of
from test_restart import digests

CLINIC, OFFICE, DESK, HOME, COURT = "treatment-south", "parole-north", "intake-desk", "housing-harbor", "court-county"
MARK = "Qvxzdocket"


def order_of(kind, reference, **more):
    content = {"kind": f"ORDER_KIND_{kind}", "cite": "Example Code 1203.4", "reference": reference, **more}
    return {"messageId": new_id(), "type": "TrailOrder", "actor": {"id": "judge-1"}, "parts": [{"type": "TrailOrder", "content": content}]}


def order_sent(exchange, kind, reference, **more):
    message = order_of(kind, reference, **more)
    exchange.accepted(COURT, message)
    return message["messageId"]


def ordered(exchange, kind, reference, **more):
    order = order_sent(exchange, kind, reference, **more)
    approve(exchange, order)
    return order


def refused(exchange, sent):
    receipt = exchange.send(COURT, sent)[0]
    return receipt["status"] == "RECEIPT_STATUS_REFUSED" and receipt["refusal"]["code"]


def statuses(exchange):
    return {row["orderId"]: row["status"] for row in exchange.ask(COURT, "order", "list")}


@pytest.mark.quick
def test_docket_numbers_of_orders_go_with_the_last_whom_they_named(own_exchange):
    exchange, marks = own_exchange, [f"{MARK}-{number}" for number in range(6)]
    exchange.start()
    gone, stays = new_id(), new_id()
    for subject in (gone, stays):
        exchange.accepted(CLINIC, attendance(subject))
    seal = ordered(exchange, "SEAL", marks[0], subjects=[gone])
    ordered(exchange, "UNSEAL", marks[1], endsOrderId=seal)
    hold = ordered(exchange, "HOLD", marks[2], subjects=[gone])
    ordered(exchange, "HOLD_END", marks[3], endsOrderId=hold)
    order_sent(exchange, "SEAL", marks[4], subjects=[gone])  # nobody approves it
    both = ordered(exchange, "SEAL", "Otherdocket-1", subjects=[gone, stays])
    lift = order_sent(exchange, "UNSEAL", "Otherdocket-2", endsOrderId=both)
    ordered(exchange, "EXPUNGE", marks[5], subjects=[gone])
    executed(exchange)
    before = statuses(exchange)
    exchange.stop()
    assert found_in(exchange.data(), [mark.encode() for mark in marks]) == []
    assert {trace for _, trace in found_in(exchange.data(), [b"Otherdocket-1", b"Otherdocket-2"])} == {
        b"Otherdocket-1", b"Otherdocket-2"}
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")
    exchange.start()
    assert statuses(exchange) == before and before[both] == "in_force"
    assert not exchange.trail("--subject", stays, "--event", "submission")
    approve(exchange, lift)
    assert statuses(exchange)[both] == "ended" and exchange.trail("--subject", stays, "--event", "submission")
    ordered(exchange, "EXPUNGE", "Otherdocket-3", subjects=[stays])
    executed(exchange, 2)
    exchange.stop()
    assert found_in(exchange.data(), [b"Otherdocket"]) == []
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")


@pytest.mark.quick
def test_no_order_takes_another_order_away_nor_itself(own_exchange):
    exchange = own_exchange
    exchange.start()
    subject = new_id()
    exchange.accepted(CLINIC, attendance(subject))
    hold = ordered(exchange, "HOLD", "r", subjects=[subject])
    early = new_id()
    waits = order_sent(exchange, "EXPUNGE", "r", messageIds=[early])  # before there is an order with this id
    late = order_of("HOLD", "r", subjects=[subject]) | {"messageId": early}
    exchange.accepted(COURT, late)
    itself = order_of("EXPUNGE", "r")
    itself["parts"][0]["content"]["messageIds"] = [itself["messageId"]]
    approval = {"messageId": new_id(), "type": "TrailOrderApproval", "actor": {"id": "judge-2"},
                "parts": [part("TrailOrderApproval", orderId=waits, approved=True)]}
    for sent in (order_of("EXPUNGE", "r", messageIds=[new_id(), hold]), order_of("SEAL", "r", messageIds=[hold]), itself, approval):
        assert refused(exchange, sent) == "order_target"
    ordered(exchange, "EXPUNGE", "r", subjects=[hold])  # as if it were a person
    executed(exchange)
    assert statuses(exchange)[hold] == "in_force"
    expunged = order_sent(exchange, "EXPUNGE", "r", subjects=[subject])
    assert refused(exchange, approval | {"messageId": new_id(), "parts": [
        part("TrailOrderApproval", orderId=expunged, approved=True)]}) == "legal_hold"
    exchange.stop()
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")


@pytest.mark.quick
def test_what_an_order_keeps_for_good_has_no_id(exchange):
    subject = new_id()
    sent = order_of("EXPUNGE", "r", subjects=[subject])
    sent["parts"][0]["content"]["cite"] = f"Example Code 1203.4, for {subject.upper()}"
    assert refused(exchange, sent) == "field_invalid"


@pytest.mark.quick
def test_an_order_that_names_a_message_takes_nobody_along_who_has_the_same_id(own_exchange):
    exchange = own_exchange
    exchange.start()
    stays, other = Life(exchange, "Otherstays"), Life(exchange, "Alsostays")
    before = [told_of(exchange, life) for life in (stays, other)]
    sent = [attendance(new_id(), messageId=stays.subject), attendance(new_id(), messageId=stays.number),
            referral(new_id(), other.subject)]
    for message, text in zip(sent, ("status", "status", "reason")):
        message["parts"][0]["content"] |= {"reason": MARK} if text == "reason" else {"remark": MARK}
        exchange.accepted(OFFICE if text == "reason" else CLINIC, message)
    for subject in (stays.subject, other.subject):
        ordered(exchange, "HOLD", "r", subjects=[subject])
    expunge(exchange, messageIds=[stays.subject, stays.number], referralIds=[other.subject])
    executed(exchange)
    for life, rows in zip((stays, other), before):
        after = told_of(exchange, life)
        assert [row for row in rows if row not in after] == []
    assert exchange.ask(OFFICE, "referral", "show", stays.number)
    exchange.stop()
    assert found_in(exchange.data(), [MARK.encode()]) == []
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")


@pytest.mark.quick
def test_questions_that_took_a_message_for_a_person_go_with_it(own_exchange):
    exchange = own_exchange
    exchange.start()
    subject = new_id()
    told = attendance(subject)
    exchange.accepted(DESK, consent(subject, grant()))
    exchange.accepted(CLINIC, told)
    number = told["messageId"]
    for words in (("referral", "show", number), ("trail", "find", "--subject", number), ("trail", "why", number.upper())):
        exchange.cli(*words, profile=AUDITOR)
    expunge(exchange, subjects=[subject])
    executed(exchange)
    exchange.stop()
    assert found_in(exchange.data(), [number.encode(), number.upper().encode(), uuid.UUID(number).bytes]) == []
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")
