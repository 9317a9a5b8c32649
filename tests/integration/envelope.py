"""Envelopes put together by hand: digests, manifest and signature as the schema says, or not."""
import hashlib
import os
import struct
import subprocess
import time
import uuid

import schema

SIGNED = b"throughcare/submit/v1\n"


def now(offset_s=0):
    """RFC 3339, for JSON."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset_s))


def label(kind, category, sealed=False):
    return bytes([len(kind)]) + kind.encode() + struct.pack(">H", category) + bytes([sealed])


def digest(salt, kind, category, content, sealed=False):
    return hashlib.sha256(salt + label(kind, category, sealed) + content).digest()


def leaf(header):
    return hashlib.sha256(b"\0" + header).digest()


def root(leaves):
    """RFC 6962 tree head."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()


def sign(key, headers):
    """With the PEM key at this path, by openssl."""
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=SIGNED + root([leaf(h) for h in headers]),
                          capture_output=True, check=True)
    return done.stdout


class Draft:
    """An attendance record from treatment to parole, correct until a test spoils it."""

    def __init__(self, sender="treatment-south", recipient="parole-north", subject=None, kind="AttendanceRecord"):
        self.header = schema.message("Header")(
            message_id=str(uuid.uuid4()), type=kind, sender=sender, subject=subject or str(uuid.uuid4()), purpose=4)
        self.header.created_at.GetCurrentTime()
        if recipient:
            self.header.recipients.add(agency=recipient)
        self.parts = []
        self.add(kind)

    def add(self, kind, content=None):
        if content is None:
            content = example(kind)
        part = schema.message("Part")(type=kind, category=schema.category_of(kind), salt=os.urandom(32), content=content)
        self.parts.append(part)
        return part

    def seal(self):
        """Fills in the manifest from the parts as they are."""
        del self.header.manifest[:]
        for part in self.parts:
            self.header.manifest.append(digest(part.salt, part.type, part.category, part.content, part.sealed))
        return self

    def envelope(self):
        header = self.header.SerializePartialToString()
        return schema.message("Envelope")(header=header, parts=self.parts)


def example(kind):
    """A valid content of this part type, as the command line's templates have it."""
    part = schema.message(kind)()
    if kind == "AttendanceRecord":
        part.appointment_id = str(uuid.uuid4())
        part.status = 1
    return part.SerializePartialToString()


def submit(peer, key, *drafts):
    """Signs and submits; the receipts, or the refusal of the whole."""
    envelopes = [draft.envelope() for draft in drafts]
    response = peer.submit(envelopes, sign(key, [envelope.header for envelope in envelopes]))
    if response.HasField("refusal"):
        return response.refusal
    return list(response.submit.receipts)
