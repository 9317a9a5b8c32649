"""Frames and requests that no client should send: each gets its code, and nobody else notices."""
import os
import struct

import envelope
import pytest
import schema
import wire


def valid_request(exchange):
    draft = envelope.Draft().seal()
    one = draft.envelope()
    key = os.path.join(exchange.profile("treatment-south"), "key.pem")
    submit = schema.message("Submit")(envelopes=[one], signature=envelope.sign(key, [one.header]))
    return schema.message("Request")(request_id=1, submit=submit).SerializeToString()


def ending(peer):
    with pytest.raises((wire.Refused, wire.Closed)) as end:
        while True:
            peer.read_frame()
    return end.value


@pytest.mark.quick
@pytest.mark.parametrize("size", [4 * 1024 * 1024 + 1, 1 << 32, (1 << 63) - 1, (1 << 64) - 1])
def test_a_frame_over_the_limit_is_refused_at_its_length(connect, bystander, size):
    peer = connect()
    peer.send(bytes([wire.LONG]) + struct.pack(">Q", size))
    assert ending(peer).code == "frame_too_large"


@pytest.mark.quick
def test_endless_multipart_is_refused_at_its_first_frame(connect, bystander):
    peer = connect()
    peer.send(wire.frame(b"x" * 10, wire.MORE))
    assert ending(peer).code == "too_many_frames"


def test_a_command_over_the_limit_is_refused(connect, bystander):
    peer = connect()
    peer.send(bytes([wire.COMMAND | wire.LONG]) + struct.pack(">Q", 1 << 20))
    assert ending(peer).code in ("frame_too_large", "protocol")


@pytest.mark.parametrize("flags", [8, 0x80, wire.COMMAND | wire.MORE])
def test_reserved_flags_are_refused(connect, bystander, flags):
    peer = connect()
    peer.send(bytes([flags, 1]) + b"x")
    assert ending(peer).code == "protocol"


def test_ping_is_answered(connect):
    peer = connect()
    peer.send(wire.command(b"PING", b"\0\0context"))
    flags = peer.exactly(1)[0]
    body = peer.exactly(peer.exactly(1)[0])
    assert flags & wire.COMMAND and body == b"\4PONGcontext"
    assert peer.alive()


def test_a_session_truncated_at_every_byte_disturbs_nobody(exchange, connect, bystander):
    """Greeting, log-on and a submission, ended after each number of bytes."""
    session = wire.greeting() + wire.ready() + wire.frame(valid_request(exchange))
    for length in range(len(session)):
        with connect(log_on=False) as peer:
            peer.send(session[:length])
    assert bystander.alive()


@pytest.mark.quick
@pytest.mark.parametrize("body, codes", [
    (b"", {"malformed", "field_missing"}),
    (b"\xff" * 40, {"malformed"}),
    (b"\x08\x01\x12\xff\xff\xff\xff\x0f", {"malformed"}),
    (b"\x08\x01", {"malformed", "field_missing"}),
    (b"\x12\x00", {"malformed", "field_missing", "field_invalid"}),
    (b"\x08\x00\x2a\x00", {"malformed", "field_missing", "field_invalid"}),
    (b"\x08\x01\xfa\x3f\x01x", {"malformed", "field_unknown", "field_missing"}),
    (b"\x08\x01\x0b\x0c", {"malformed"}),
], ids=["empty", "ones", "length-beyond", "no-body", "no-id", "id-zero", "unknown-field", "group"])
def test_requests_that_are_none(connect, bystander, body, codes):
    peer = connect()
    peer.send(wire.frame(body))
    refusal = peer.read_response().refusal
    assert refusal.code in codes
    assert refusal.message and refusal.hint
    assert peer.alive()


def test_garbage_again_and_again_ends_the_connection(connect, bystander):
    peer = connect()
    with pytest.raises((wire.Refused, wire.Closed)):
        for _ in range(10000):
            peer.send(wire.frame(os.urandom(50)))
            peer.read_frame()


def test_random_requests_never_end_more_than_their_connection(connect, bystander):
    for _ in range(20):
        peer = connect()
        try:
            for _ in range(20):
                peer.send(wire.frame(os.urandom(int.from_bytes(os.urandom(1), "big") + 1)))
                peer.read_frame()
        except (wire.Refused, wire.Closed):
            pass
    assert bystander.alive()


def test_a_valid_request_with_one_byte_changed_is_never_accepted_as_sent(exchange, connect, bystander):
    """Every byte is covered by signature, manifest or framing: a change is refused, or is of no meaning."""
    request = bytearray(valid_request(exchange))
    peer = connect()
    for position in range(0, len(request), 11):
        changed = bytearray(request)
        changed[position] ^= 0x55
        peer.send(wire.frame(bytes(changed)))
        try:
            response = peer.read_response()
        except (wire.Refused, wire.Closed):
            peer = connect()
            continue
        receipts = response.submit.receipts
        assert response.HasField("refusal") or all(receipt.status == 2 for receipt in receipts), position


@pytest.mark.parametrize("credit, lease_ms", [(0, 30000), (1025, 30000), (1, 999), (1, 3600001)])
def test_collect_outside_its_limits_is_refused_or_capped(connect, bystander, credit, lease_ms):
    peer = connect("parole-north")
    response = peer.call(collect=schema.message("Collect")(credit=credit, lease_ms=lease_ms))
    if response.HasField("refusal"):
        assert response.refusal.code in ("field_invalid", "field_missing")
    else:
        assert response.collect.credit_left <= 1024
    assert peer.alive()


def test_settling_what_one_never_had_is_unknown(connect, bystander):
    peer = connect("parole-north")
    settlement = schema.message("Settlement")(delivery_id=(1 << 63) + 5, kind=1)
    response = peer.call(settle=schema.message("Settle")(settlements=[settlement]))
    assert list(response.settle.results) == [3]
