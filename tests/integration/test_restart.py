"""A kill and a restart change nothing; what was deleted but can be made again is made again."""
import os
import shutil
import subprocess

import envelope
import pytest
import schema
import wire
from envelope import Draft
from messages import attendance, consent, grant, new_id, of, referral

CLINIC, OFFICE, DESK, HOME = "treatment-south", "parole-north", "intake-desk", "housing-harbor"


def state_of(exchange):
    """Everything that members can see, but for what looking itself changes."""
    return (exchange.ask(OFFICE, "referral", "list"), exchange.ask(OFFICE, "mailbox", "status"),
            exchange.ask(CLINIC, "mailbox", "status"), exchange.ask("operator", "agency", "list"))


def digests(exchange, option):
    done = subprocess.run([exchange.daemon_path, "--config", exchange.configuration(), option], capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(("ledger digest", "trail digest"))]


@pytest.mark.quick
@pytest.mark.threads
def test_kill_and_restart_keep_everything(own_exchange):
    own_exchange.start()
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    waiting, held = attendance(subject), attendance(new_id())
    receipt = own_exchange.accepted(CLINIC, waiting)
    own_exchange.accepted(CLINIC, held)
    own_exchange.accepted(OFFICE, referral(new_id(), new_id()))
    before = state_of(own_exchange)
    for _ in range(3):
        own_exchange.kill()
        own_exchange.start()
        assert state_of(own_exchange) == before
    again = own_exchange.accepted(CLINIC, waiting)
    assert again["repeatedSubmission"] and again["logSequence"] == receipt["logSequence"]
    assert of(own_exchange.collect(OFFICE), waiting)
    assert "release" in [row["event"] for row in own_exchange.trail("--message", waiting["messageId"])]
    own_exchange.stop()
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")


@pytest.mark.quick
def test_a_delivery_in_flight_at_the_kill_is_offered_again(own_exchange):
    own_exchange.start()
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    message = attendance(subject)
    own_exchange.accepted(CLINIC, message)
    peer = wire.Peer(own_exchange.address(), wire.tls_context(own_exchange.profile(OFFICE)))
    peer.call(collect=schema.message("Collect")(credit=10, lease_ms=3600000))
    assert len(peer.deliveries) == 1
    own_exchange.kill()
    own_exchange.start()
    assert of(own_exchange.collect(OFFICE), message)
    assert not of(own_exchange.collect(OFFICE), message)
    own_exchange.stop()


def test_acknowledged_under_load_and_killed_is_all_there(own_exchange):
    """The short sister of tests/crash: what had its receipt when the broker died is in the log."""
    own_exchange.start()
    key = os.path.join(own_exchange.profile(HOME), "key.pem")
    acknowledged = []
    for _ in range(5):
        peer = wire.Peer(own_exchange.address(), wire.tls_context(own_exchange.profile(HOME)))
        for _ in range(6):
            drafts = [Draft(sender=HOME).seal() for _ in range(32)]
            for receipt in envelope.submit(peer, key, *drafts):
                assert receipt.status == 1
                acknowledged.append((receipt.message_id, receipt.log_sequence))
        own_exchange.kill()
        own_exchange.start()
    assert len(set(acknowledged)) == 960
    for message_id, sequence in acknowledged[::97]:
        row = own_exchange.trail("--message", message_id)[0]
        assert row["event"] == "submission" and int(row["logSequence"]) == sequence
    own_exchange.stop()


@pytest.mark.parametrize("lost", [("ledger",), ("trail",), ("ledger", "trail")], ids="+".join)
def test_ledger_and_trail_are_made_again_from_the_journal(own_exchange, lost):
    own_exchange.start()
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    message = attendance(subject)
    own_exchange.accepted(CLINIC, message)
    assert of(own_exchange.collect(OFFICE), message)
    before, rows = state_of(own_exchange), own_exchange.trail("--message", message["messageId"])
    own_exchange.stop()
    for name in lost:
        shutil.rmtree(own_exchange.data(name))
    own_exchange.start()
    assert state_of(own_exchange) == before
    assert own_exchange.trail("--message", message["messageId"])[:len(rows)] == rows
    own_exchange.stop()


@pytest.mark.quick
def test_a_check_after_a_kill_finds_no_difference(own_exchange):
    own_exchange.start()
    for _ in range(4):
        own_exchange.send(CLINIC, *[attendance(new_id()) for _ in range(8)])
        own_exchange.kill()
        assert len(digests(own_exchange, "--check")) == 2
        own_exchange.start()
    own_exchange.stop()


def test_a_second_broker_on_the_same_folder_is_refused(own_exchange):
    own_exchange.start()
    done = subprocess.run([own_exchange.daemon_path, "--config", own_exchange.configuration()], capture_output=True,
                          timeout=60, check=False)
    assert done.returncode != 0
    assert own_exchange.ask(OFFICE, "exchange", "status")
    own_exchange.stop()
