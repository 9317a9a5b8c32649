"""Accountings of disclosures by hand: chains, the tree over all persons, the anchor, and the JSON of an answer.

Written from the formats of trail.proto alone; shares nothing with the programs under test.
"""
import base64
import hashlib
import struct
import uuid

import schema
from merkle_log import Log, TAG, b64, node_hash

NOBODY = bytes(32)
LONE_DEPTH = 16
GRANT = str(uuid.uuid4())


def sha(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def tag_of(subject):
    return sha(b"throughcare/person/v1\n", uuid.UUID(subject).bytes)[:8]


def bit_of(tag, depth):
    return tag[depth // 8] >> (7 - depth % 8) & 1


class Person:
    def __init__(self, subject):
        self.subject, self.links = subject, []

    def head(self, count=None):
        head = NOBODY
        for link in self.links[:count]:
            head = sha(b"throughcare/disclosure/v1\n", head,
                       struct.pack(">QQI", link["time"], link["sequence"], link["n"]), sha(link["row"]))
        return head

    def leaf(self):
        return sha(b"throughcare/head/v1\n", uuid.UUID(self.subject).bytes, struct.pack(">Q", len(self.links)), self.head())


class People:
    """The tree over the heads of all persons."""

    def __init__(self, persons):
        self.leaves = {tag_of(person.subject): person.leaf() for person in persons if person.links}

    def node(self, depth, within):
        if not within:
            return NOBODY
        if depth >= LONE_DEPTH and len(within) == 1:
            return sha(b"\2", within[0], self.leaves[within[0]])
        sides = [[tag for tag in within if bit_of(tag, depth) == side] for side in (0, 1)]
        return node_hash(*(self.node(depth + 1, side) for side in sides))

    def root(self):
        return self.node(0, sorted(self.leaves))

    def path(self, tag):
        """(depth, siblings from the place up, who stands there: a tag or None)."""
        within, depth, siblings = sorted(self.leaves), 0, []
        while within and (depth < LONE_DEPTH or len(within) > 1):
            here = bit_of(tag, depth)
            siblings.insert(0, self.node(depth + 1, [one for one in within if bit_of(one, depth) != here]))
            within = [one for one in within if bit_of(one, depth) == here]
            depth += 1
        return depth, siblings, within[0] if within else None


def release(subject, recipient="housing-harbor", agency="treatment-south", purpose=2, **more):
    row = schema.message("TrailRow")(event="release", agency=agency, recipient=recipient, subject=subject, purpose=purpose,
                                     message_id=str(uuid.uuid4()), message_type="AttendanceRecord", **more)
    if "legal_basis" not in more:
        row.basis = GRANT
        row.grants.append(row.basis)
    row.categories.extend(["attendance", "drug_test"])
    return row


class DisclosureLog:
    """A log of disclosures, one record each, and an anchor for them at its end."""

    def __init__(self, key, first_ms):
        self.key, self.now_ms = key, first_ms
        self.records, self.persons, self.anchored = [], {}, None

    def record(self, packed):
        salt = sha(b"salt %d" % len(self.records))
        self.now_ms += 1000
        self.records.append((self.now_ms, salt, packed))
        return len(self.records) - 1

    def disclose(self, *rows):
        """All of them in one record."""
        sequence = self.record(b"a submission")
        for n, row in enumerate(rows):
            person = self.persons.setdefault(row.subject, Person(row.subject))
            person.links.append({"time": self.now_ms, "sequence": sequence, "n": n, "row": row.SerializeToString(), "seen": row})

    def anchor(self):
        """Two records: an anchor whose position the tree is of, and the one that carries its root."""
        of = self.record(b"the anchor before")
        self.people = People(self.persons.values())
        self.anchored = {subject: len(person.links) for subject, person in self.persons.items()}
        self.leaves_at_anchor = {subject: person.head() for subject, person in self.persons.items()}
        record = schema.message("Record")()
        record.anchor.of_sequence, record.anchor.root = of, self.people.root()
        self.carrier = self.record(record.SerializeToString())

    def log(self):
        return Log(self.key, [TAG + struct.pack(">QQ", time, index) + sha(salt, packed)
                              for index, (time, salt, packed) in enumerate(self.records)])

    def anchor_proof(self, subject):
        log = self.log()
        time, salt, packed = self.records[self.carrier]
        size = len(log.entries)
        depth, siblings, there = self.people.path(tag_of(subject))
        proof = {"depth": depth, "hashes": [b64(one) for one in siblings], "record": {
            "opening": {"index": self.carrier, "timeMs": time, "commitment": b64(sha(salt, packed)), "salt": b64(salt),
                        "record": b64(packed)},
            "hashes": [b64(one) for one in log.inclusion(self.carrier, 0, size)], "size": size,
            "checkpoint": b64(log.checkpoint())}}
        if there == tag_of(subject):
            proof |= {"count": self.anchored[subject], "head": b64(self.leaves_at_anchor[subject])}
        else:
            proof["absent"] = True
            if there:
                proof |= {"otherTag": b64(there), "otherLeaf": b64(self.people.leaves[there])}
        return proof

    def accounting(self, subject, rule, since=None, until=None, exempt=lambda row: None, withheld=lambda row: None):
        """The answer of an honest exchange, as `accounting --format json` prints it."""
        links, lines = [], {}
        for link in self.persons.get(subject, Person(subject)).links:
            told = {"sequence": link["sequence"], "n": link["n"], "timeMs": link["time"], "rowSha256": b64(sha(link["row"]))}
            links.append(told)
            row = link["seen"]
            if (since and link["time"] < since) or (until and link["time"] >= until):
                told["withheld"] = "window"
            elif withheld(row):
                told["withheld"] = withheld(row)
            else:
                told["row"] = b64(link["row"])
                if exempt(row):
                    told["exempt"] = exempt(row)
                else:
                    group = (row.agency, row.recipient, *words(row).values())
                    line = lines.setdefault(group if rule.grouped else len(links), {
                        "discloser": row.agency, "recipient": row.recipient, "times": 0, "sequences": [],
                        "firstAt": stamp(link["time"]), **words(row)})
                    line["times"] += 1
                    line["sequences"].append(link["sequence"])
                    line["lastAt"] = stamp(link["time"])
        told = {"subject": subject, "ruleName": rule.name, "entries": list(lines.values()), "links": links,
                "anchor": self.anchor_proof(subject), "ruleData": b64(rule.SerializeToString())}
        return told | ({"since": stamp(since)} if since else {}) | ({"until": stamp(until)} if until else {})


def words(row):
    """What a rule that shows every field says of a disclosure."""
    purposes = row.DESCRIPTOR.fields_by_name["purpose"].enum_type.values_by_number
    basis = ", ".join(row.grants) or row.legal_basis.replace("_", " ") + (f": {row.reference}" if row.reference else "")
    return {"description": ", ".join(row.categories).replace("_", " "), "basis": basis,
            "purpose": purposes[row.purpose].name.removeprefix("PURPOSE_").lower().replace("_", " ")}


def stamp(ms):
    time = schema.message("AccountingEntry")().first_at
    time.FromMilliseconds(ms)
    return time.ToJsonString()


def rule_of(**more):
    rule = schema.message("ReleasePolicy").AccountingRule(name="45cfr164.528", cite="45 CFR 164.528", window_days=2190, **more)
    return rule


def unbase(text):
    return base64.b64decode(text)
