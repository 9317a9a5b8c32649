"""Fail closed: what cannot be written is neither accepted nor released, and nothing is lost when there is room again.

A disk that fails is made by tests/crash/disk_fault.c, for one writer at a time; a disk that is full is a real one, of
a few MiB, in a mount namespace of the test's own.
"""
import contextlib
import errno
import itertools
import os
import struct
import subprocess

import envelope
import pytest
import schema
import wire
from envelope import Draft
from exchange import preloaded, wait_for
from messages import SYNTHETIC, new_id, referral
from test_checkpoint import check, start_fails
from test_forget import expunge

HOME, OFFICE, COURT, OPERATOR = "housing-harbor", "parole-north", "court-county", "operator"
WRITERS = ("journal", "ledger", "trail", "tree", "sealer")
FAILED = {"ledger": 75, "journal": 74, "trail": 74, "tree": 74}
BATCH = 32
OTHERS = ("court-county", "intake-desk", "treatment-south")


class Disk:
    """What each writer meets, and how often it has met it."""

    def __init__(self, build, folder):
        self.library = os.path.join(build, "tests", "crash", "disk_fault.so")
        self.path = os.path.join(str(folder), "faults")
        with open(self.path, "wb") as numbers:
            numbers.write(bytes(4 * 2 * len(WRITERS)))

    def environment(self):
        return preloaded(self.library, DISK_FAULT=self.path)

    def fail(self, writer, number):
        with open(self.path, "r+b") as numbers:
            numbers.seek(4 * WRITERS.index(writer))
            numbers.write(struct.pack("=i", number))

    def met(self, writer):
        with open(self.path, "rb") as numbers:
            return struct.unpack(f"={2 * len(WRITERS)}i", numbers.read())[len(WRITERS) + WRITERS.index(writer)]


@pytest.fixture
def disk(build, tmp_path):
    return Disk(build, tmp_path)


@contextlib.contextmanager
def connected(exchange, member=HOME):
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(member))) as peer:
        yield peer, os.path.join(exchange.profile(member), "key.pem")


def draft(remark=None, others=(), number=None):
    """A message that goes without consent; those with numbers are about one person, with ids that rise as clients' do:
    so that what a commit changes is little against a map of a few MiB, as it is against one of the usual size."""
    made = Draft(sender=HOME, subject=SYNTHETIC.format(0) if number else None)
    if number:
        made.header.message_id = SYNTHETIC.format(number)
    made.header.basis.legal = 5
    if remark:
        content = schema.message("AttendanceRecord").FromString(made.parts[0].content)
        content.remark = remark
        made.parts[0].content = content.SerializeToString()
    for agency in others:
        made.header.recipients.add(agency=agency)
    return made.seal()


def taken(peer, key, *drafts):
    """Message ids of those that got a receipt of acceptance."""
    return [receipt.message_id for receipt in envelope.submit(peer, key, *drafts) if receipt.status == 1]


def status(exchange):
    return exchange.ask(OPERATOR, "exchange", "status")[0]


def events(exchange):
    with open(exchange.log_path, encoding="utf-8", errors="replace") as lines:
        return lines.read()


def collected(exchange):
    ids = []
    while True:
        rows = exchange.collect(OFFICE, count=200)
        ids += [row["delivery"]["envelope"]["header"]["messageId"] if "delivery" in row else row["messageId"]
                for row in rows if "messageId" in row or "delivery" in row]
        if not rows:
            return ids


@pytest.mark.quick
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "failing"])
@pytest.mark.parametrize("writer", ["journal", "ledger", "trail", "tree"])
def test_a_writer_that_fails_ends_the_exchange_and_nothing_is_lost(own_exchange, disk, writer, number):
    own_exchange.start(env=disk.environment())
    with connected(own_exchange) as (peer, key), connected(own_exchange, OFFICE) as (office, _):
        known = taken(peer, key, draft())
        assert len(known) == 1
        disk.fail(writer, number)
        # With a journal that cannot be written there is no receipt, and nobody gets anything any more.
        with pytest.raises(wire.Closed):
            while True:
                known += taken(peer, key, draft())
                office.call(query=schema.message("Query")(mailbox_status={}))
        if writer == "journal":
            assert len(known) == 1
        assert not office.deliveries
    assert own_exchange.process.wait(60) == FAILED[writer]
    assert disk.met(writer) > 0 and f"{writer}_failed" in events(own_exchange)
    disk.fail(writer, 0)
    own_exchange.start()
    got = collected(own_exchange)
    assert set(known) <= set(got) and len(got) == len(set(got))
    own_exchange.stop()
    done = check(own_exchange)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.quick
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "failing"])
def test_a_sealer_that_cannot_remember_signs_nothing_until_it_can(own_exchange, disk, number):
    own_exchange.start(env=disk.environment())
    with connected(own_exchange) as (peer, key):
        assert taken(peer, key, draft())
        wait_for(lambda: int(status(own_exchange)["checkpointSize"]) > 0, "a first checkpoint")
        disk.fail("sealer", number)
        assert taken(peer, key, draft())
        wait_for(lambda: "sealer_failed" in events(own_exchange), "the sealer to fail")
        held = int(status(own_exchange)["checkpointSize"])
        state = os.path.join(own_exchange.folder, "sealer", "state", "sealer.state")
        with open(state, encoding="ascii") as lines:
            remembered = lines.read()
        before = disk.met("sealer")
        wait_for(lambda: disk.met("sealer") > before + 1, "the sealer to be asked again")
        with open(state, encoding="ascii") as lines:
            assert lines.read() == remembered
        assert int(status(own_exchange)["checkpointSize"]) == held, "a signature that was not remembered was given"
        disk.fail("sealer", 0)
        wait_for(lambda: int(status(own_exchange)["checkpointSize"]) > held, "the sealer to sign again")
    own_exchange.stop()


@pytest.mark.once
@pytest.mark.parametrize("name, room", [("ledger", "32MiB"), ("trail", "6MiB")])
def test_almost_full_takes_settlements_only_and_more_room_takes_all_again(own_exchange, name, room):
    own_exchange.set(**{f"{name}__map_size": room})
    own_exchange.start()
    sent, numbers = [], itertools.count(1)
    with connected(own_exchange) as (peer, key):
        for _ in range(2000):
            receipts = envelope.submit(peer, key, *[draft(others=OTHERS, number=next(numbers)) for _ in range(BATCH)])
            sent += [receipt.message_id for receipt in receipts if receipt.status == 1]
            codes = {receipt.refusal.code for receipt in receipts}
            if "exchange_full" in codes:
                break
            status(own_exchange)  # brings what was applied to the disk
        assert codes == {"exchange_full"}
        # 70 may have been passed within one second.
        assert f"{name}_alarm detail=85" in events(own_exchange)
        row = status(own_exchange)
        assert not row.get("accepting")
        assert int(row[f"{name}BytesUsed"]) * 100 >= int(row[f"{name}BytesLimit"]) * 85
        assert "short of room" in own_exchange.plain(OPERATOR, "exchange", "status")
        assert len(own_exchange.collect(OFFICE, count=50)) == 50, "what is there can be collected and acknowledged"
        assert peer.alive()
    own_exchange.stop()
    done = check(own_exchange)
    assert done.returncode == 0 and f"fill {name} " in done.stdout, done.stdout + done.stderr
    own_exchange.set(**{f"{name}__map_size": "64MiB"})
    own_exchange.start()
    with connected(own_exchange) as (peer, key):
        assert len(taken(peer, key, draft())) == 1
    assert status(own_exchange)["accepting"]
    assert len(collected(own_exchange)) == len(sent) - 50 + 1
    own_exchange.stop()


class Volume:
    """A small file system of the test's own, in a mount namespace that lives as long as this does."""

    def __init__(self, folder, mebibytes):
        self.folder = folder
        self.holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
             f"mount -t tmpfs -o size={mebibytes}m tmpfs '{folder}' && echo there && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.there = self.holder.stdout.readline() == "there\n"

    def enter(self, *command):
        return ["nsenter", f"--target={self.holder.pid}", "--user", "--mount", "--preserve-credentials", *command]

    def run(self, *command):
        return subprocess.run(self.enter(*command), capture_output=True, text=True, timeout=120, check=False)

    def resize(self, mebibytes):
        done = self.run("mount", "-o", f"remount,size={mebibytes}m", self.folder)
        assert done.returncode == 0, done.stderr

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(30)
        self.holder.stdout.close()


@pytest.fixture
def volume(own_exchange):
    folder = own_exchange.data()
    os.makedirs(folder, exist_ok=True)
    made = Volume(folder, 16)
    try:
        if not made.there:
            pytest.skip("this kernel lets nobody but root mount, not even in a namespace")
        daemon = own_exchange.daemon_path
        wrapper = os.path.join(os.path.dirname(own_exchange.folder), "throughcared-on-volume")
        with open(wrapper, "w", encoding="ascii") as script:
            script.write("#!/bin/sh\nexec " + " ".join(made.enter(daemon)) + ' "$@"\n')
        os.chmod(wrapper, 0o755)
        own_exchange.daemon_path = wrapper
        yield made
    finally:
        own_exchange.abandon()
        made.close()


def fill(peer, key, sent):
    """Messages of 4 kB until some are not accepted: their code, or None when the exchange ended."""
    for _ in range(400):
        try:
            receipts = envelope.submit(peer, key, *[draft("x" * 4000) for _ in range(16)])
        except wire.Closed:
            return None
        sent += [receipt.message_id for receipt in receipts if receipt.status == 1]
        if len({receipt.status for receipt in receipts} - {1}) > 0:
            return receipts[-1].refusal.code
    raise AssertionError("16 MiB took 25 MB")


@pytest.mark.quick
def test_a_full_disk_keeps_its_reserve_for_settlements(own_exchange, volume):
    own_exchange.set(journal__disk_reserve="4MiB")
    own_exchange.start()
    sent = []
    with connected(own_exchange) as (peer, key):
        assert fill(peer, key, sent) == "exchange_full"
        wait_for(lambda: "disk_alarm" in events(own_exchange), "the alarm")
        assert peer.alive()
    wait_for(lambda: not status(own_exchange).get("accepting"), "the status to say so")
    assert len(own_exchange.collect(OFFICE, count=20)) == 20
    volume.resize(128)
    with connected(own_exchange) as (peer, key):
        wait_for(lambda: taken(peer, key, draft()), "the exchange to take messages again, without a restart")
    wait_for(lambda: status(own_exchange).get("accepting"), "the status to say so")
    own_exchange.stop()


@pytest.mark.quick
def test_a_disk_full_to_the_last_byte_ends_the_exchange_and_loses_nothing(own_exchange, volume):
    own_exchange.set(journal__disk_reserve="0B")
    own_exchange.start()
    sent = []
    with connected(own_exchange) as (peer, key):
        assert fill(peer, key, sent) is None
    assert own_exchange.process.wait(60) in FAILED.values()
    assert "error" in start_fails(own_exchange), "full as it is, nothing is served"
    volume.resize(256)
    own_exchange.start()
    assert set(sent) <= set(collected(own_exchange))
    own_exchange.stop()
    done = check(own_exchange)
    assert done.returncode == 0, done.stdout + done.stderr


def order_status(exchange):
    """None while the exchange is about to begin anew."""
    answer = exchange.cli("order", "list", profile=COURT)
    return answer.rows[0]["status"] if answer.code == 0 and answer.rows else None


@pytest.mark.quick
def test_without_room_for_forgetting_all_is_served_on_until_there_is(own_exchange, volume):
    own_exchange.set(journal__disk_reserve="4MiB")
    own_exchange.start()
    gone, stays = referral(new_id(), new_id()), referral(new_id(), new_id())
    own_exchange.accepted(OFFICE, gone)
    own_exchange.accepted(OFFICE, stays)
    expunge(own_exchange, subjects=[gone["subject"]])
    wait_for(lambda: "forget_postponed" in events(own_exchange), "it to be told")
    told = events(own_exchange)
    assert "has no room" in told and "bytes more have to be free" in told and "hint: make room there" in told
    assert "<5>forgetting" not in told, "it has stopped serving for nothing"
    assert order_status(own_exchange) == "in_force"
    assert not own_exchange.trail("--subject", gone["subject"], "--event", "submission")
    own_exchange.stop()
    own_exchange.start()
    wait_for(lambda: events(own_exchange).count("forget_postponed") >= 2, "a start to tell it, too")
    wait_for(lambda: order_status(own_exchange) == "in_force", "it to serve all the same")
    assert own_exchange.trail("--subject", stays["subject"], "--event", "submission")
    with connected(own_exchange) as (peer, key):
        assert taken(peer, key, draft())
    volume.resize(256)
    wait_for(lambda: order_status(own_exchange) == "forgotten", "it to be done, without a restart")
    own_exchange.stop()
    done = check(own_exchange)
    assert done.returncode == 0, done.stdout + done.stderr
