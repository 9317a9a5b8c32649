"""P1 attacked: the journal's sync is held up, or fails, while the ledger has worked ahead of it.

The ledger applies a batch while the journal syncs it (broker/decisions/0005). Here the sync waits for the test
(tests/crash/sync_gate.c), and the whole time nobody may be told anything that follows from the batch.
"""
import os

import envelope
import pytest
import schema
import wire
from envelope import Draft
from exchange import preloaded

HOME, OFFICE = "housing-harbor", "parole-north"
JOURNAL_FAILED = 74
ROUNDS = 100  # of a question and its answer over the same connection: the ledger has long applied by then


class Gate:
    def __init__(self, build, folder):
        self.library = os.path.join(build, "tests", "crash", "sync_gate.so")
        self.folder = str(folder)
        for name in ("arrived", "verdict"):
            os.mkfifo(os.path.join(self.folder, name))

    def environment(self):
        return preloaded(self.library, SYNC_GATE=self.folder)

    def close(self):
        with open(os.path.join(self.folder, "closed"), "wb"):
            pass

    def reached(self):
        """Waits until a sync has begun."""
        with open(os.path.join(self.folder, "arrived"), "rb") as arrived:
            arrived.read()

    def open(self, verdict):
        os.remove(os.path.join(self.folder, "closed"))
        with open(os.path.join(self.folder, "verdict"), "wb") as end:
            end.write(verdict)


@pytest.fixture
def gated(own_exchange, build, tmp_path):
    """An exchange with two members logged on, the office with credit, and the gate then closed on a message to it."""
    folder = tmp_path / "gate"
    folder.mkdir()
    gate = Gate(build, folder)
    own_exchange.start(env=gate.environment())
    home, office = (wire.Peer(own_exchange.address(), wire.tls_context(own_exchange.profile(member)))
                    for member in (HOME, OFFICE))
    office.call(collect=schema.message("Collect")(credit=10, lease_ms=60000))
    sealed = Draft(sender=HOME).seal().envelope()
    signature = envelope.sign(os.path.join(own_exchange.profile(HOME), "key.pem"), [sealed.header])
    gate.close()
    number = home.ask(submit=schema.message("Submit")(envelopes=[sealed], signature=signature))
    gate.reached()
    yield own_exchange, gate, home, office, number, (sealed, signature)
    home.close()
    office.close()


def hears_nothing(peer):
    """The gateway answers a PING, and with nothing but a PONG."""
    for number in range(ROUNDS):
        context = b"%016d" % number
        peer.send(wire.command(b"PING", b"\0\0" + context))
        flags, size = peer.exactly(2)
        assert flags == wire.COMMAND
        assert peer.exactly(size) == b"\x04PONG" + context


@pytest.mark.quick
@pytest.mark.threads
def test_nothing_is_told_before_the_sync_has_returned(gated):
    exchange, gate, home, office, number, _ = gated
    hears_nothing(home)
    hears_nothing(office)
    gate.open(b"g")
    assert home.answer(number).submit.receipts[0].status == 1
    exchange.stop()


@pytest.mark.quick
@pytest.mark.threads
def test_a_sync_that_fails_ends_the_exchange_without_a_word(gated):
    exchange, gate, home, office, _, (sealed, signature) = gated
    hears_nothing(home)
    hears_nothing(office)
    gate.open(b"f")
    for peer in (home, office):
        with pytest.raises(wire.Closed):
            peer.exactly(1)
    assert exchange.process.wait(30) == JOURNAL_FAILED
    exchange.start()
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(HOME))) as again:
        assert again.submit([sealed], signature).submit.receipts[0].status == 1
    exchange.stop()
