"""A revocation of many messages: acknowledged when all are recalled, also across a restart, with others served."""
import os

import envelope
import pytest
import schema
import wire
from exchange import OPERATOR, wait_for
from messages import attendance, consent, consent_id, grant, new_id, of, referral, revocation

CLINIC, OFFICE, DESK = "treatment-south", "parole-north", "intake-desk"
MANY = 1000  # several slices (broker/ledger/job.h)


def queue(exchange, subject, count):
    receipts = exchange.send(CLINIC, *(attendance(subject) for _ in range(count)))
    assert {receipt["dispositions"][0]["kind"] for receipt in receipts} == {"DISPOSITION_KIND_QUEUED"}


def queued(exchange):
    return int(exchange.ask(OFFICE, "mailbox", "status")[0].get("queued", 0))


def recalled(exchange, subject):
    return [row for row in exchange.trail("--subject", subject) if row["event"] == "recall"]


@pytest.mark.quick
@pytest.mark.threads
def test_a_revocation_is_acknowledged_when_all_of_many_are_recalled(exchange):
    subject = new_id()
    signed = consent(subject, grant())
    exchange.accepted(DESK, signed)
    exchange.collect(OFFICE)
    queue(exchange, subject, MANY)
    exchange.accepted(DESK, revocation(subject, signed))
    assert queued(exchange) == 0
    assert not exchange.collect(OFFICE)
    assert len(recalled(exchange, subject)) == MANY
    exchange.collect(CLINIC, count=MANY + 10)


def revoke_draft(subject, signed):
    draft = envelope.Draft(DESK, None, subject, "ConsentRevoke")
    draft.parts.clear()
    content = schema.message("ConsentRevoke")(consent_id=consent_id(signed), by=1, method=1)
    draft.add("ConsentRevoke", content.SerializePartialToString())
    return draft.seal()


def test_a_recall_that_a_crash_cuts_goes_on_and_is_acknowledged_to_whoever_asks_again(own_exchange):
    own_exchange.start()
    subject = new_id()
    signed = consent(subject, grant())
    own_exchange.accepted(DESK, signed)
    queue(own_exchange, subject, 3 * MANY)
    draft = revoke_draft(subject, signed)
    packed = draft.envelope()
    signature = envelope.sign(os.path.join(own_exchange.profile(DESK), "key.pem"), [packed.header])
    submit = schema.message("Submit")(envelopes=[packed], signature=signature)
    begin = own_exchange.ask(OPERATOR, "exchange", "status")[0]
    peer = wire.Peer(own_exchange.address(), wire.tls_context(own_exchange.profile(DESK)))
    peer.ask(submit=submit)
    wait_for(lambda: int(own_exchange.ask(OPERATOR, "exchange", "status")[0]["logSequence"]) >
             int(begin["logSequence"]) + 2, "the revocation to be in the log")
    own_exchange.kill()
    peer.close()
    own_exchange.start()
    with wire.Peer(own_exchange.address(), wire.tls_context(own_exchange.profile(DESK))) as again:
        receipt = again.call(submit=submit).submit.receipts[0]
    assert receipt.status == 1 and receipt.repeated_submission
    assert queued(own_exchange) == 0
    assert len(recalled(own_exchange, subject)) == 3 * MANY
    own_exchange.stop()


def test_others_are_handed_what_is_theirs_while_a_recall_is_under_way(own_exchange):
    own_exchange.start()
    subject = new_id()
    signed = consent(subject, grant())
    own_exchange.accepted(DESK, signed)
    queue(own_exchange, subject, 3 * MANY)
    packed = revoke_draft(subject, signed).envelope()
    signature = envelope.sign(os.path.join(own_exchange.profile(DESK), "key.pem"), [packed.header])
    message = referral(new_id(), new_id())
    with wire.Peer(own_exchange.address(), wire.tls_context(own_exchange.profile(DESK))) as peer:
        number = peer.ask(submit=schema.message("Submit")(envelopes=[packed], signature=signature))
        own_exchange.accepted(OFFICE, message)
        assert of(own_exchange.collect("housing-harbor", wait=10, count=1), message)
        assert peer.answer(number).submit.receipts[0].status == 1
    own_exchange.stop()


def test_a_stop_does_not_wait_for_the_end_of_a_recall(own_exchange):
    own_exchange.start()
    subject = new_id()
    signed = consent(subject, grant())
    own_exchange.accepted(DESK, signed)
    queue(own_exchange, subject, 3 * MANY)
    packed = revoke_draft(subject, signed).envelope()
    signature = envelope.sign(os.path.join(own_exchange.profile(DESK), "key.pem"), [packed.header])
    peer = wire.Peer(own_exchange.address(), wire.tls_context(own_exchange.profile(DESK)))
    peer.ask(submit=schema.message("Submit")(envelopes=[packed], signature=signature))
    own_exchange.stop()
    peer.close()
    own_exchange.start()
    wait_for(lambda: queued(own_exchange) in (0, 3 * MANY), "the recall to go on, if it was in the log")
    own_exchange.stop()


CMS = bytes.fromhex("308400100000" "06092a864886f70d010703" "a0")  # as EnvelopedData begins


def test_what_a_recipient_was_lent_and_has_not_read_stays_after_a_revocation(exchange, connect, key):
    subject, count = new_id(), 20
    signed = consent(subject, grant(categories=("ATTENDANCE", "DRUG_TEST")))
    exchange.accepted(DESK, signed)
    exchange.collect(OFFICE)
    slow = connect(OFFICE)
    slow.ask(collect=schema.message("Collect")(credit=count))
    clinic = connect(CLINIC)
    for _ in range(count):
        draft = envelope.Draft(CLINIC, OFFICE, subject)
        draft.add("DrugTestResult", CMS + os.urandom(900_000)).sealed = True
        [receipt] = envelope.submit(clinic, key(CLINIC), draft.seal())
        assert receipt.dispositions[0].kind == 1
    assert int(exchange.ask(OFFICE, "mailbox", "status")[0]["inFlight"]) == count
    exchange.accepted(DESK, revocation(subject, signed))
    question = schema.message("Query")()
    question.mailbox_status.SetInParent()
    slow.call(query=question)
    # What was on its way came; the rest was in the exchange when the revocation was acknowledged.
    assert len([one for one in slow.deliveries if len(one.parts) == 2]) < count
    slow.close()
    wait_for(lambda: exchange.ask(OFFICE, "mailbox", "status")[0]["inFlight"] == 0, "the lease to end with the log-off")
    assert len(recalled(exchange, subject)) == count
    exchange.collect(OFFICE)
    exchange.collect(CLINIC)
