"""An exchange that need not be honest: its own certificate, ZMTP by hand, and answers out of a merkle_log.

Whoever holds an exchange's keys can run one; what it cannot do is to be believed.
"""
import socket
import ssl
import threading

import schema
import wire


class Side(wire.Peer):
    """The server's end of one connection."""

    def __init__(self, connected):
        self.socket, self.buffer = connected, b""
        self.socket.settimeout(wire.DEADLINE_S)

    def greet(self):
        self.send(wire.greeting(as_server=1) + wire.ready(b"ROUTER"))
        self.exactly(64)
        self.read_frame()


class FalseExchange:
    """`log` is what it tells now; `bundles`, when set, changes what it gives as entries; `opened` has (salt, record) of
    the records that it opens, by index."""

    def __init__(self, network, log):
        self.log, self.bundles, self.witnesses = log, None, ()
        self.opened = {}
        self.cosigned = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.load_cert_chain(f"{network}/exchange/certificate.pem", f"{network}/exchange/key.pem")
        self.context.load_verify_locations(f"{network}/ca/ca.pem")
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def close(self):
        """Closed under a thread that waits, its number would be the next listener's, and the thread would serve there."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listener.close()

    def accept(self):
        while True:
            try:
                connected, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connected,), daemon=True).start()

    def serve(self, connected):
        try:
            side = Side(self.context.wrap_socket(connected, server_side=True))
            side.greet()
            while True:
                request = schema.message("Request").FromString(side.read_frame()[1])
                response = schema.message("Response")(request_id=request.request_id)
                self.answer(request, response)
                side.send(wire.frame(response.SerializeToString()))
        except (wire.Closed, wire.Refused, OSError):
            connected.close()

    def answer(self, request, response):
        if request.HasField("submit"):
            for envelope in request.submit.envelopes:
                self.take(envelope, response.submit.receipts.add())
            return
        response.query.SetInParent()
        kind = request.query.WhichOneof("body")
        getattr(self, kind)(getattr(request.query, kind), response)

    def take(self, envelope, receipt):
        header = schema.message("Header").FromString(envelope.header)
        receipt.message_id, receipt.status, receipt.log_sequence = header.message_id, 1, len(self.log.entries)
        receipt.accepted_at.GetCurrentTime()
        self.cosigned.append(schema.message("CheckpointCosignature").FromString(envelope.parts[0].content))

    def size(self, asked):
        return asked or len(self.log.entries)

    def proof(self, response, size):
        proof = response.query.trail_proof
        proof.size, proof.checkpoint = size, self.log.checkpoint(size, self.witnesses)
        proof.vkeys.append(self.log.key.vkey())
        return proof

    def trail_checkpoint(self, query, response):
        self.proof(response, self.size(query.size))

    def trail_consistency(self, query, response):
        proof = self.proof(response, self.size(query.new_size))
        proof.old_size = query.old_size
        if 0 < query.old_size < proof.size:
            proof.hashes.extend(self.log.consistency(query.old_size, 0, proof.size))

    def trail_proof(self, query, response):
        proof = self.proof(response, self.size(query.size))
        entry = self.log.entries[query.index]
        proof.opening.index, proof.opening.time_ms = query.index, int.from_bytes(entry[20:28], "big")
        proof.opening.commitment = entry[36:]
        if query.index in self.opened:
            proof.opening.salt, proof.opening.record = self.opened[query.index]
        proof.hashes.extend(self.log.inclusion(query.index, 0, proof.size))

    def trail_tiles(self, query, response):
        assert query.entries
        for number in range(query.first, min(query.first + query.count, (query.size + 255) // 256)):
            width = min(256, query.size - number * 256)
            data = self.log.bundle(number, width)
            response.query.tiles.add(level=0, number=number, width=width, entries=True,
                                     data=self.bundles(number, data) if self.bundles else data)

    def caseload(self, _, response):
        response.query.looked_at = 20_000
        response.query.referrals.add(referral_id="0197a0c0-0000-7000-8000-000000000002", state="ACCEPTED")
