"""Who is not let in, and what the exchange says and records about it."""
import os
import socket
import ssl
import time

import certificates
import pytest
import wire
from exchange import refused_logons, wait_for


def stamp():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))


def expect_refusal(exchange, profile, code, alert, certificate="certificate.pem"):
    """The handshake fails with that alert, the trail has the code, the command line says it."""
    since = stamp()
    with pytest.raises((ssl.SSLError, wire.Closed, ConnectionResetError)) as failure:
        wire.Peer(exchange.address(), wire.tls_context(profile, certificate))
    assert alert in str(failure.value).lower()
    wait_for(lambda: refused_logons(exchange, code, since), f"a record of {code}")


@pytest.mark.quick
def test_no_certificate(exchange, bystander):
    expect_refusal(exchange, exchange.profile("parole-north"), "certificate_missing", "certificate required", None)


def test_certificate_of_another_authority(exchange, bystander, tmp_path):
    ca = certificates.other_authority(tmp_path / "elsewhere")
    profile = certificates.Impostor(exchange.folder, tmp_path / "profile", ca=ca).folder
    expect_refusal(exchange, profile, "certificate_untrusted", "unknown ca")
    assert exchange.cli("exchange", "status", profile=profile).code in (1, 3)


def test_expired_certificate(exchange, bystander, tmp_path):
    profile = certificates.Impostor(exchange.folder, tmp_path / "profile", dates="-3 days").folder
    expect_refusal(exchange, profile, "certificate_expired", "certificate expired")


def test_certificate_that_is_not_valid_yet(exchange, bystander, tmp_path):
    profile = certificates.Impostor(exchange.folder, tmp_path / "profile", dates="+3 days", days="9").folder
    expect_refusal(exchange, profile, "certificate_expired", "certificate")


@pytest.mark.quick
def test_certificate_of_another_trust_domain(exchange, bystander, tmp_path):
    profile = certificates.Impostor(exchange.folder, tmp_path / "profile",
                                    uri="spiffe://elsewhere.example/agency/parole-north").folder
    expect_refusal(exchange, profile, "wrong_trust_domain", "")


@pytest.mark.parametrize("uri", [None, "https://test.example/agency/parole-north", "spiffe://test.example/parole-north",
                                 "spiffe://test.example/agency/Parole_North", "spiffe://test.example/exchange/exchange"])
def test_certificate_without_an_identity_of_a_member(exchange, bystander, tmp_path, uri):
    profile = certificates.Impostor(exchange.folder, tmp_path / "profile", uri=uri).folder
    expect_refusal(exchange, profile, "certificate_identity", "")


@pytest.mark.quick
def test_agency_that_the_registry_does_not_know(exchange, bystander, tmp_path):
    since = stamp()
    profile = certificates.Impostor(exchange.folder, tmp_path / "profile", uri="spiffe://test.example/agency/nobody").folder
    with pytest.raises(wire.Refused) as refusal:
        wire.Peer(exchange.address(), wire.tls_context(profile))
    assert refusal.value.code == "unknown_agency"
    wait_for(lambda: refused_logons(exchange, "unknown_agency", since), "a record of unknown_agency")
    answer = exchange.cli("exchange", "status", profile=profile)
    assert answer.code in (1, 3)
    assert "unknown_agency" in str(answer)


def test_older_tls_is_refused(exchange, bystander):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(exchange.address(), 10) as plain, pytest.raises((ssl.SSLError, ConnectionResetError)):
        context.wrap_socket(plain)


@pytest.mark.quick
@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost: exchange\r\n\r\n", b"\0" * 400, b"\xff" * 400,
                                  wire.greeting() + wire.ready(), b"\x16\x03\x01\xff\xff" + b"\1" * 100])
def test_what_is_no_tls_is_closed(exchange, bystander, said):
    peer = wire.Peer(exchange.address(), log_on=False)
    try:
        peer.send(said)
        end_of(peer.socket)
    except wire.Closed:
        pass
    finally:
        peer.close()


def test_random_bytes_are_closed(exchange, bystander):
    for _ in range(50):
        peer = wire.Peer(exchange.address(), log_on=False)
        try:
            peer.send(os.urandom(300))
            peer.socket.shutdown(socket.SHUT_WR)
            drain(peer.socket)
        except (wire.Closed, OSError):
            pass
        finally:
            peer.close()


def drain(plain):
    while plain.recv(65536):
        pass


def end_of(plain, drip=None):
    """Seconds until the exchange closes, however much is dripped meanwhile."""
    begin = time.monotonic()
    plain.settimeout(0.1)
    while time.monotonic() - begin < 30:
        try:
            if drip:
                plain.send(drip)
            if not plain.recv(65536):
                return time.monotonic() - begin
        except (TimeoutError, socket.timeout):
            continue
        except OSError:
            return time.monotonic() - begin
    raise AssertionError("it was never closed")


def test_silence_instead_of_a_handshake_is_closed_in_time(exchange, bystander):
    with socket.create_connection(exchange.address(), 30) as plain:
        assert end_of(plain) < 20


def test_a_handshake_dripped_byte_by_byte_is_closed_in_time(exchange, bystander):
    with socket.create_connection(exchange.address(), 30) as plain:
        plain.send(b"\x16\x03\x01\x01\x00")
        assert end_of(plain, drip=b"\1") < 20


def test_a_greeting_dripped_byte_by_byte_is_closed_in_time(exchange, bystander, connect):
    peer = connect(log_on=False)
    peer.send(wire.greeting()[:20])
    assert end_of(peer.socket, drip=b"\0") < 20


def test_silence_after_the_handshake_is_closed_in_time_and_said(exchange, bystander, connect):
    peer = connect(log_on=False)
    peer.send(wire.greeting())
    peer.exactly(64)
    with pytest.raises((wire.Refused, wire.Closed)) as ending:
        peer.read_frame()
    if isinstance(ending.value, wire.Refused):
        assert ending.value.code == "handshake_timeout"


@pytest.mark.quick
@pytest.mark.parametrize("said", [
    wire.greeting(version=(1, 0)),
    wire.SIGNATURE + b"\1\3" + bytes(52),
    wire.greeting(mechanism=b"PLAIN"),
    wire.greeting(mechanism=b"CURVE"),
    wire.greeting() + wire.ready(socket_type=b"REQ"),
    wire.greeting() + wire.ready(socket_type=b"PUB"),
    wire.greeting() + wire.command(b"READY", b"\x0bSocket-Type\0\0\xff\xff"),
    wire.greeting() + wire.command(b"HELLO", b""),
    wire.greeting() + wire.frame(b"no command"),
    b"GET / HTTP/1.1\r\nHost: exchange.example\r\nUser-Agent: something-long/1.0\r\n\r\n",
], ids=["zmtp1", "zmtp2", "plain", "curve", "req", "pub", "property-too-long", "hello", "frame-first", "http"])
def test_what_is_no_zmtp_dealer_is_told_so(exchange, bystander, connect, said):
    peer = connect(log_on=False)
    peer.send(said)
    peer.socket.settimeout(10)
    with pytest.raises((wire.Refused, wire.Closed)) as ending:
        peer.exactly(64)
        while True:
            peer.read_frame()
    if isinstance(ending.value, wire.Refused):
        assert ending.value.code == "protocol"


def test_a_second_log_on_with_the_same_certificate_is_fine(exchange, connect):
    first, second = connect("parole-north"), connect("parole-north")
    assert first.alive() and second.alive() and first.alive()
