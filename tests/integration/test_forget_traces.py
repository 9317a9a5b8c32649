"""What names the person besides ids, and ids that name two things: neither stays, and nothing of others goes."""
import uuid

import pytest
import schema
import wire
from envelope import now
from exchange import AUDITOR
from messages import attendance, consent, grant, new_id, part, referral
from test_forget import approve, executed, expunge, found_in
from test_restart import digests

CLINIC, OFFICE, DESK, HOME, COURT = "treatment-south", "parole-north", "intake-desk", "housing-harbor", "court-county"
MARK = "Qvxzdocket"


def order_sent(exchange, kind, reference, **more):
    content = {"kind": f"ORDER_KIND_{kind}", "cite": "Example Code 1203.4", "reference": reference, **more}
    message = {"messageId": new_id(), "type": "TrailOrder", "actor": {"id": "judge-1"}, "parts": [{"type": "TrailOrder", "content": content}]}
    exchange.accepted(COURT, message)
    return message["messageId"]


def ordered(exchange, kind, reference, **more):
    order = order_sent(exchange, kind, reference, **more)
    approve(exchange, order)
    return order


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
