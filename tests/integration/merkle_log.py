"""A transparency log by hand: entries, RFC 6962 by its definition, C2SP notes, an export folder.

Shares nothing with the programs under test. Keys and signatures are openssl's.
"""
import base64
import hashlib
import os
import struct
import subprocess

TAG = b"throughcare/leaf/v1\n"
EMPTY = hashlib.sha256(b"").digest()
EM_DASH = "\N{EM DASH}"


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(count):
    """The largest power of two below count."""
    return 1 << (count - 1).bit_length() - 1


def entry(index, time_ms, commitment=None):
    commitment = commitment or hashlib.sha256(b"record %d" % index).digest()
    return TAG + struct.pack(">QQ", time_ms, index) + commitment


class Key:
    """An Ed25519 key of openssl with a name: of a log (type 1) or of a witness (type 4)."""

    def __init__(self, folder, name, kind=1):
        self.name, self.kind = name, kind
        self.path = os.path.join(folder, hashlib.sha256(name.encode()).hexdigest()[:16] + ".pem")
        if not os.path.exists(self.path):
            run("genpkey", "-algorithm", "ed25519", "-out", self.path)
        self.public = run("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:]

    def key_id(self):
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def vkey(self):
        return f"{self.name}+{self.key_id().hex()}+{b64(bytes([self.kind]) + self.public)}"

    def raw(self, text):
        path = self.path + ".text"
        with open(path, "wb") as file:
            file.write(text)
        return run("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", path)

    def sign(self, text):
        """A line of a note; of a witness at a time: see cosign."""
        return f"{EM_DASH} {self.name} {b64(self.key_id() + self.raw(text))}\n".encode()

    def cosign(self, text, time_s):
        signature = self.raw(b"cosignature/v1\ntime %d\n" % time_s + text)
        return f"{EM_DASH} {self.name} {b64(self.key_id() + struct.pack('>Q', time_s) + signature)}\n".encode()


def run(*words):
    return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


def b64(data):
    return base64.b64encode(data).decode()


def tile_name(level, number, width):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return f"tile/{level}/{'/'.join(groups)}" + ("" if width == 256 else f".p/{width}")


class Log:
    def __init__(self, key, entries, origin=None):
        self.key, self.entries, self.origin = key, list(entries), origin or key.name
        self.leaves = [leaf_hash(one) for one in self.entries]
        self.known = {}

    def root(self, first=0, last=None):
        last = len(self.entries) if last is None else last
        count = last - first
        if count == 0:
            return EMPTY
        if count == 1:
            return self.leaves[first]
        if (first, last) not in self.known:
            middle = first + split(count)
            self.known[first, last] = node_hash(self.root(first, middle), self.root(middle, last))
        return self.known[first, last]

    def inclusion(self, index, first, last):
        """RFC 6962 2.1.1."""
        if last - first == 1:
            return []
        middle = first + split(last - first)
        if index < middle:
            return [*self.inclusion(index, first, middle), self.root(middle, last)]
        return [*self.inclusion(index, middle, last), self.root(first, middle)]

    def consistency(self, old, first, last, whole=True):
        """RFC 6962 2.1.2: SUBPROOF."""
        if old == last - first:
            return [] if whole else [self.root(first, last)]
        middle = split(last - first)
        if old <= middle:
            return [*self.consistency(old, first, first + middle, whole), self.root(first + middle, last)]
        return [*self.consistency(old - middle, first + middle, last, False), self.root(first, first + middle)]

    def text(self, size=None):
        size = len(self.entries) if size is None else size
        return f"{self.origin}\n{size}\n{b64(self.root(0, size))}\n".encode()

    def checkpoint(self, size=None, witnesses=(), time_s=0, keys=None):
        text = self.text(size)
        lines = [key.sign(text) for key in keys or [self.key]] + [key.cosign(text, time_s) for key in witnesses]
        return text + b"\n" + b"".join(lines)

    def proof(self, index, size=None, extra=True, **signing):
        size = len(self.entries) if size is None else size
        hashes = "".join(b64(one) + "\n" for one in self.inclusion(index, 0, size))
        head = "c2sp.org/tlog-proof@v1\n" + (f"extra {b64(self.entries[index])}\n" if extra else "")
        return f"{head}index {index}\n{hashes}\n".encode() + self.checkpoint(size, **signing)

    def step(self, old, size=None, **signing):
        size = len(self.entries) if size is None else size
        hashes = self.consistency(old, 0, size) if 0 < old < size else []
        return "".join([f"old {old}\n", *(b64(one) + "\n" for one in hashes), "\n"]).encode() + self.checkpoint(
            size, **signing)

    def tile(self, level, number, width):
        span = 256 ** level
        return b"".join(self.root((number * 256 + i) * span, (number * 256 + i + 1) * span) for i in range(width))

    def bundle(self, number, width):
        return b"".join(struct.pack(">H", len(one)) + one for one in self.entries[number * 256:number * 256 + width])

    def tiles(self):
        """(level, number, width) of all; level "entries" is a bundle."""
        for level in range(8):
            hashes = len(self.entries) >> 8 * level
            for number in range((hashes + 255) // 256):
                width = min(256, hashes - number * 256)
                yield level, number, width
                if level == 0:
                    yield "entries", number, width

    def export(self, folder, **signing):
        for level, number, width in self.tiles():
            path = os.path.join(folder, tile_name(level, number, width))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(self.bundle(number, width) if level == "entries" else self.tile(level, number, width))
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "checkpoint"), "wb") as file:
            file.write(self.checkpoint(**signing))


def entries(count, first_ms=1_800_000_000_000):
    return [entry(index, first_ms + index * 10) for index in range(count)]
