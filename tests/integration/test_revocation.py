"""A revoked certificate is cut off at once, also in the middle of a connection."""
import os
import time

import envelope
import pytest
import wire
from envelope import Draft, now
from exchange import refused_logons, wait_for


def connect(exchange, member):
    return wire.Peer(exchange.address(), wire.tls_context(exchange.profile(member)))


@pytest.mark.quick
@pytest.mark.threads
def test_a_live_connection_ends_when_its_certificate_is_revoked(own_exchange):
    own_exchange.start()
    revoked, other = connect(own_exchange, "treatment-south"), connect(own_exchange, "parole-north")
    assert revoked.alive() and other.alive()
    begin = time.monotonic()
    done = own_exchange.cli("network", "revoke", own_exchange.folder, "agency/treatment-south")
    assert done.code == 0, done
    assert revoked.closed_within(10)
    assert time.monotonic() - begin < 5
    assert other.alive()
    with pytest.raises((wire.Closed, wire.Refused, OSError)):
        connect(own_exchange, "treatment-south").alive()
    answer = own_exchange.cli("exchange", "status", profile="treatment-south")
    assert answer.code in (1, 3) and "certificate_revoked" in str(answer)
    assert refused_logons(own_exchange, "certificate_revoked", now(-60))
    own_exchange.stop()


@pytest.mark.threads
def test_what_a_revoked_sender_has_in_custody_is_still_delivered(own_exchange):
    """Custody was taken while the certificate was good; it is the recipient's by now."""
    own_exchange.start()
    draft = Draft(sender="housing-harbor")
    draft.header.basis.legal = 5
    with connect(own_exchange, "housing-harbor") as peer:
        key = os.path.join(own_exchange.profile("housing-harbor"), "key.pem")
        assert envelope.submit(peer, key, draft.seal())[0].status == 1
    assert own_exchange.cli("network", "revoke", own_exchange.folder, "agency/housing-harbor").code == 0
    got = own_exchange.collect("parole-north", wait=10, count=1)
    assert [row["messageId"] for row in got] == [draft.header.message_id]
    own_exchange.stop()


def test_a_new_certificate_of_the_same_agency_works_after_revocation(own_exchange):
    own_exchange.start()
    assert own_exchange.cli("network", "revoke", own_exchange.folder, "agency/treatment-south").code == 0
    wait_for(lambda: own_exchange.cli("exchange", "status", profile="treatment-south").code != 0, "the revocation")
    profile = own_exchange.profile("treatment-south")
    os.rename(profile, profile + "-old")
    own_exchange.add("agency/treatment-south", "treatment")
    assert own_exchange.ask("treatment-south", "exchange", "status")
    own_exchange.stop()


def test_a_reload_with_an_unusable_list_keeps_the_old_one(own_exchange):
    own_exchange.start()
    peer = connect(own_exchange, "parole-north")
    crl = os.path.join(own_exchange.folder, "ca", "crl.pem")
    with open(crl, "rb") as lines:
        good = lines.read()
    with open(crl, "wb") as lines:
        lines.write(b"no list")
    own_exchange.reload()
    wait_for(lambda: "reload_failed" in own_exchange.log(), "the failed reload")
    assert peer.alive() and connect(own_exchange, "housing-harbor").alive()
    with open(crl, "wb") as lines:
        lines.write(good)
    own_exchange.reload()
    wait_for(lambda: "reloaded" in own_exchange.log(), "the reload")
    assert peer.alive()
    own_exchange.stop()


def test_an_agency_added_while_it_runs_is_let_in(own_exchange):
    own_exchange.start()
    own_exchange.add("agency/treatment-west", "treatment")
    assert own_exchange.ask("treatment-west", "exchange", "status")
    assert "treatment-west" in str(own_exchange.ask("parole-north", "agency", "list"))
    own_exchange.stop()
