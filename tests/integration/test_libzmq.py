"""A stock libzmq DEALER, to which the exchange is a ZeroMQ peer behind a TLS tunnel."""
import os
import subprocess

import envelope
import pytest
import schema
import wire
import zmq
from envelope import Draft
from exchange import wait_for

DEADLINE_MS = 20000


class Tunnel:
    """stunnel on this side: plain ZMTP in, TLS 1.3 with the agency's certificate out."""

    def __init__(self, exchange, member, folder):
        self.socket = os.path.join(str(folder), "plain.sock")
        profile = exchange.profile(member)
        host, port = exchange.address()
        configuration = os.path.join(str(folder), "stunnel.conf")
        with open(configuration, "w", encoding="utf-8") as lines:
            lines.write(f"foreground = yes\npid =\n[exchange]\nclient = yes\naccept = {self.socket}\n"
                        f"connect = {host}:{port}\ncert = {profile}/certificate.pem\nkey = {profile}/key.pem\n"
                        f"CAfile = {profile}/ca.pem\nverifyChain = yes\ncheckHost = localhost\nsslVersionMin = TLSv1.3\n")
        self.process = subprocess.Popen(["stunnel4", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(self.socket), "stunnel")

    def close(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def dealer(exchange, tmp_path):
    """A DEALER for a member, through a tunnel of its own."""
    context = zmq.Context()
    opened = []

    def open_one(member):
        folder = tmp_path / member
        folder.mkdir()
        tunnel = Tunnel(exchange, member, folder)
        socket = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.RCVTIMEO, DEADLINE_MS)
        socket.setsockopt(zmq.SNDTIMEO, DEADLINE_MS)
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect("ipc://" + tunnel.socket)
        opened.append((socket, tunnel))
        return socket

    yield open_one
    for socket, tunnel in opened:
        socket.close()
        tunnel.close()
    context.term()


def call(socket, **body):
    socket.send(schema.message("Request")(**body).SerializeToString())
    return schema.message("Response").FromString(socket.recv())


@pytest.mark.quick
def test_a_stock_dealer_submits_and_collects(exchange, dealer, key):
    draft = Draft(sender="housing-harbor")
    draft.header.basis.legal = 5
    one = draft.seal().envelope()
    sender, recipient = dealer("housing-harbor"), dealer("parole-north")
    submit = schema.message("Submit")(envelopes=[one], signature=envelope.sign(key("housing-harbor"), [one.header]))
    response = call(sender, request_id=1, submit=submit)
    receipt = response.submit.receipts[0]
    assert response.request_id == 1 and receipt.status == 1, response

    recipient.send(schema.message("Request")(
        request_id=2, collect=schema.message("Collect")(credit=1024, lease_ms=30000)).SerializeToString())
    found = None
    while found is None:
        response = schema.message("Response").FromString(recipient.recv())
        if response.HasField("delivery") and response.delivery.header == one.header:
            found = response.delivery
    assert found.parts[0].content == one.parts[0].content and found.log_sequence == receipt.log_sequence
    recipient.send(schema.message("Request")(request_id=3, settle=schema.message("Settle")(
        settlements=[schema.message("Settlement")(delivery_id=found.delivery_id, kind=1)])).SerializeToString())
    while True:
        response = schema.message("Response").FromString(recipient.recv())
        if response.request_id == 3:
            break
    assert list(response.settle.results) == [1]


def test_a_stock_dealer_is_kept_alive_by_its_own_heartbeats(exchange, dealer):
    socket = dealer("housing-harbor")
    query = schema.message("Query")()
    query.agency_list.SetInParent()
    for number in range(1, 4):
        assert call(socket, request_id=number, query=query).query.agencies


def test_both_ends_of_the_codec_agree_on_ready(exchange, connect):
    """libzmq sends its Identity property also when it is empty, and other properties of its own."""
    peer = connect("housing-harbor", log_on=False)
    def prop(name, value):
        return bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value
    peer.send(wire.greeting() + wire.command(b"READY", prop(b"Identity", b"") + prop(b"socket-TYPE", b"DEALER") +
                                             prop(b"X-Anything", b"at all")))
    peer.exactly(64)
    assert b"READY" in peer.read_frame()[1] and peer.alive()
