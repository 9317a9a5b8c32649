"""Full queues, full disks, too many and too slow clients: a precise answer, and calm for the rest."""
import os
import shutil
import time

import envelope
import pytest
import schema
import wire
from envelope import Draft
from exchange import wait_for
from messages import attendance, consent, grant, new_id

CLINIC, OFFICE, DESK, HOME = "treatment-south", "parole-north", "intake-desk", "housing-harbor"


def connect(exchange, member):
    return wire.Peer(exchange.address(), wire.tls_context(exchange.profile(member)))


def operational(note=None):
    """A message that goes without consent."""
    draft = Draft(sender=HOME)
    draft.header.basis.legal = 5
    if note:
        content = schema.message("AttendanceRecord").FromString(draft.parts[0].content)
        content.remark = note
        draft.parts[0].content = content.SerializeToString()
    return draft.seal()


def peak_kib(exchange):
    with open(f"/proc/{exchange.process.pid}/status", encoding="utf-8") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


@pytest.mark.quick
def test_a_full_mailbox_refuses_and_takes_again_when_it_is_emptied(own_exchange):
    own_exchange.set(mailbox__messages_max="3")
    own_exchange.start()
    key = os.path.join(own_exchange.profile(HOME), "key.pem")
    with connect(own_exchange, HOME) as peer:
        receipts = envelope.submit(peer, key, *[operational() for _ in range(5)])
        assert [receipt.refusal.code for receipt in receipts] == ["", "", "", "mailbox_full", "mailbox_full"]
        assert len(own_exchange.collect(OFFICE)) == 3
        assert envelope.submit(peer, key, operational())[0].status == 1
        other = Draft(sender=HOME, recipient=CLINIC)
        other.header.basis.legal = 5
        assert envelope.submit(peer, key, other.seal())[0].status == 1
    own_exchange.stop()


@pytest.mark.quick
def test_a_full_journal_refuses_messages_and_still_takes_settlements(own_exchange):
    own_exchange.set(journal__map_size="1MiB")
    own_exchange.start()
    key = os.path.join(own_exchange.profile(HOME), "key.pem")
    codes = set()
    with connect(own_exchange, HOME) as peer:
        for _ in range(40):
            receipts = envelope.submit(peer, key, *[operational("x" * 3000) for _ in range(16)])
            codes |= {receipt.refusal.code for receipt in receipts}
            if "exchange_full" in codes:
                break
        assert codes == {"", "exchange_full"}
        wait_for(lambda: not own_exchange.ask(HOME, "exchange", "status")[0].get("accepting"), "the status to say so")
        assert own_exchange.collect(OFFICE, count=20)
        assert peer.alive()
    own_exchange.stop()


@pytest.mark.quick
def test_a_disk_below_its_reserve_refuses_messages_and_lets_collect(own_exchange):
    """Less is free than shall stay free: only settlements and what serves them are taken."""
    own_exchange.start()
    key = os.path.join(own_exchange.profile(HOME), "key.pem")
    with connect(own_exchange, HOME) as peer:
        assert envelope.submit(peer, key, operational())[0].status == 1
    own_exchange.stop()
    free = shutil.disk_usage(own_exchange.folder).free
    own_exchange.set(journal__disk_reserve=f"{free // 1024 ** 3 + 64}GiB")
    own_exchange.start()
    with connect(own_exchange, HOME) as peer:
        receipt = envelope.submit(peer, key, operational())[0]
        assert receipt.refusal.code == "exchange_full"
        assert len(own_exchange.collect(OFFICE)) == 1
        assert peer.alive()
    own_exchange.stop()


def test_too_many_connections_of_one_agency(own_exchange):
    own_exchange.set(gateway__connections_per_agency_max="3")
    own_exchange.start()
    peers = [connect(own_exchange, OFFICE) for _ in range(3)]
    with pytest.raises((wire.Refused, wire.Closed)) as refusal:
        connect(own_exchange, OFFICE)
    if isinstance(refusal.value, wire.Refused):
        assert refusal.value.code == "too_many_connections"
    assert connect(own_exchange, HOME).alive()
    peers[0].close()
    wait_for(lambda: can_connect(own_exchange, OFFICE), "room for a connection")
    own_exchange.stop()


def can_connect(exchange, member):
    try:
        return connect(exchange, member).alive()
    except (wire.Refused, wire.Closed):
        return False


@pytest.mark.threads
def test_a_client_that_never_reads_costs_bounded_memory(build, own_exchange):
    """It asks without end and reads nothing: its socket is left unread, the others notice nothing."""
    own_exchange.set(gateway__output_bytes_max="64KiB", gateway__stalled_max="2s")
    own_exchange.start()
    other = connect(own_exchange, HOME)
    assert other.alive()
    before = peak_kib(own_exchange)
    peer = connect(own_exchange, OFFICE)
    query = schema.message("Query")()
    query.agency_list.SetInParent()
    request = wire.frame(schema.message("Request")(request_id=1, query=query).SerializeToString()) * 100
    peer.socket.settimeout(5)
    begin, sent = time.monotonic(), 0
    try:
        while time.monotonic() - begin < 20 and sent < 64 * 1024 * 1024:
            sent += peer.socket.send(request)
    except OSError:
        pass
    assert other.alive()
    assert peak_kib(own_exchange) - before < 96 * 1024 * sanitizer_factor(build)
    own_exchange.stop()


def sanitizer_factor(build):
    """Sanitizers keep freed memory for a while; the bound is of the plain build."""
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as lines:
        return 1 if "THROUGHCARE_SANITIZE:STRING=\n" in lines else 8


def test_a_message_that_expires_in_the_mailbox_comes_back_as_evidence(own_exchange):
    own_exchange.start()
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    message = attendance(subject, expiresAt=envelope.now(3))
    own_exchange.accepted(CLINIC, message)
    wait_for(lambda: "expired" in [row["event"] for row in own_exchange.trail("--message", message["messageId"])],
             "the expiry")
    assert own_exchange.collect(OFFICE) == []
    kinds = [part["content"]["kind"] for row in own_exchange.collect(CLINIC) for part in row["parts"]]
    assert "EVIDENCE_KIND_EXPIRED" in kinds
    own_exchange.stop()


def test_what_is_never_acknowledged_ends_as_a_dead_letter(own_exchange):
    own_exchange.set(delivery__attempts_max="2", delivery__retry_first="10ms", delivery__retry_max="10ms")
    own_exchange.start()
    key = os.path.join(own_exchange.profile(HOME), "key.pem")
    draft = operational()
    with connect(own_exchange, HOME) as peer:
        assert envelope.submit(peer, key, draft)[0].status == 1
    with connect(own_exchange, OFFICE) as peer:
        peer.call(collect=schema.message("Collect")(credit=10, lease_ms=60000))
        seen = 0
        while seen < 2:
            while not peer.deliveries:
                response = peer.read_response()
                if response.HasField("delivery"):
                    peer.deliveries.append(response.delivery)
            delivery = peer.deliveries.pop()
            seen += 1
            assert delivery.attempt == seen
            settlement = schema.message("Settlement")(delivery_id=delivery.delivery_id, kind=2, reason_code="busy")
            assert list(peer.call(settle=schema.message("Settle")(settlements=[settlement])).settle.results) == [1]
    events = [row["event"] for row in own_exchange.trail("--message", draft.header.message_id)]
    assert "dead" in events
    assert int(own_exchange.ask(OFFICE, "mailbox", "status")[0]["dead"]) == 1
    own_exchange.stop()


def test_a_term_is_a_dead_letter_at_once_and_says_why(own_exchange):
    own_exchange.start()
    key = os.path.join(own_exchange.profile(HOME), "key.pem")
    draft = operational()
    with connect(own_exchange, HOME) as peer:
        envelope.submit(peer, key, draft)
    with connect(own_exchange, OFFICE) as peer:
        peer.call(collect=schema.message("Collect")(credit=1, lease_ms=60000))
        settlement = schema.message("Settlement")(delivery_id=peer.deliveries[0].delivery_id, kind=3,
                                                  reason_code="not_ours")
        assert list(peer.call(settle=schema.message("Settle")(settlements=[settlement])).settle.results) == [1]
    told = [part["content"] for row in own_exchange.collect(HOME) for part in row["parts"]]
    assert [content for content in told if content["kind"] == "EVIDENCE_KIND_DEAD"], told
    own_exchange.stop()
