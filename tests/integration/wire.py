"""A client that speaks ZMTP 3.1 over TLS 1.3 by hand, so that it can also speak it wrongly."""
import socket
import ssl
import struct
import time

import schema

DEADLINE_S = 30
SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
MORE, LONG, COMMAND = 1, 2, 4


def greeting(version=(3, 1), mechanism=b"NULL", as_server=0):
    return SIGNATURE + bytes(version) + mechanism.ljust(20, b"\0") + bytes([as_server]) + bytes(31)


def frame(body, flags=0):
    if len(body) > 255:
        return bytes([flags | LONG]) + struct.pack(">Q", len(body)) + body
    return bytes([flags, len(body)]) + body


def command(name, body):
    return frame(bytes([len(name)]) + name + body, COMMAND)


def ready(socket_type=b"DEALER", identity=b""):
    def prop(name, value):
        return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    return command(b"READY", prop(b"Socket-Type", socket_type) + prop(b"Identity", identity))


class Closed(Exception):
    """The exchange closed the connection."""


class Refused(Exception):
    """The exchange said ERROR; `code` is its stable code."""

    def __init__(self, text):
        super().__init__(text)
        self.code = text.partition(":")[0]


def tls_context(profile, certificate="certificate.pem", key="key.pem", ca="ca.pem"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.load_verify_locations(f"{profile}/{ca}")
    if certificate:
        context.load_cert_chain(f"{profile}/{certificate}", f"{profile}/{key}")
    return context


class Peer:
    """One connection. Reads have a deadline; what the exchange says is taken apart frame by frame."""

    def __init__(self, address, context=None, log_on=True):
        self.socket = socket.create_connection(address, DEADLINE_S)
        self.socket.settimeout(DEADLINE_S)
        self.buffer = b""
        self.next_request = 0
        self.deliveries = []
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        if log_on:
            self.log_on()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError) as error:
            raise Closed(str(error)) from error

    def exactly(self, count):
        while len(self.buffer) < count:
            try:
                more = self.socket.recv(65536)
            except (ConnectionResetError, ssl.SSLError) as error:
                raise Closed(str(error)) from error
            if not more:
                raise Closed("end")
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def read_frame(self):
        """(flags, body); ERROR raises Refused, PING is answered, PONG passed over."""
        while True:
            flags = self.exactly(1)[0]
            size = struct.unpack(">Q", self.exactly(8))[0] if flags & LONG else self.exactly(1)[0]
            body = self.exactly(size)
            if not flags & COMMAND:
                return flags, body
            name, rest = body[1:1 + body[0]], body[1 + body[0]:]
            if name == b"ERROR":
                raise Refused(rest[1:1 + rest[0]].decode())
            if name == b"PING":
                self.send(command(b"PONG", rest[2:]))
            elif name != b"PONG":
                return flags, body

    def log_on(self):
        self.send(greeting() + ready())
        assert self.exactly(64)[:10] == SIGNATURE
        _, body = self.read_frame()
        assert body[1:6] == b"READY" and b"ROUTER" in body

    def ask(self, **body):
        """Sends a Request and gives back its number."""
        self.next_request += 1
        request = schema.message("Request")(request_id=self.next_request, **body)
        self.send(frame(request.SerializeToString()))
        return self.next_request

    def read_response(self):
        _, body = self.read_frame()
        return schema.message("Response").FromString(body)

    def answer(self, number):
        """The response to request `number`; deliveries that come before it are kept."""
        while True:
            response = self.read_response()
            if response.HasField("delivery"):
                self.deliveries.append(response.delivery)
            elif response.request_id == number:
                return response

    def call(self, **body):
        return self.answer(self.ask(**body))

    def submit(self, envelopes, signature):
        submit = schema.message("Submit")(envelopes=envelopes, signature=signature)
        return self.call(submit=submit)

    def alive(self):
        """An ordinary question gets its answer."""
        query = schema.message("Query")()
        query.agency_list.SetInParent()
        return self.call(query=query).HasField("query")

    def closed_within(self, seconds):
        """True when the exchange closes without a word, or after words that are passed over."""
        self.socket.settimeout(seconds)
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                self.read_frame()
        except Closed:
            return True
        except Refused:
            return True
        except (TimeoutError, socket.timeout):
            return False
        return False
