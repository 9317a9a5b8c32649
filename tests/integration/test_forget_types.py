"""What a message of any type says is in no byte once it is expunged: each type of the schema, and each text in it."""
import base64
import hashlib
import os
import uuid

import schema
from exchange import AUDITOR, OPERATOR
from google.protobuf import json_format
from messages import SYNTHETIC, attendance, consent, grant, new_id
from test_forget import CLINIC, COURT, DESK, HOME, OFFICE, executed, expunge, files_of
from test_restart import digests
from test_templates import ANSWERS, APART, END, MEETING, template

FREE = (0, 4)  # formats of the schema: text, and a code of small letters
DEPTH_MAX = 4
LINKED = ("code", "plan_id")  # by which an answer finds what it answers
TARGETS_MAX = 60  # of one order
ORDERS = {"TrailOrder", "TrailOrderApproval"}  # which are about the trail, and never about an order
# By what these say the exchange runs; they are about no person, and an entry that takes their place takes them away.
KEPT = ORDERS | {"AgencyEntry", "AuditorScope", "CalendarEntry", "CheckpointCosignature", "ServiceEntry", "UserPolicy"}
# Whose a referral is and which outcomes it has: it stays, and goes on.
KEPT_OF = {("Referral", "parts[0].contact.id"), ("Referral", "parts[0].desired_outcomes[0].id"),
           ("ReferralResponse", "parts[0].worker.id")}
SENDERS = {"AgencyEntry": OPERATOR, "CalendarEntry": OPERATOR, "ServiceEntry": OPERATOR, "UserPolicy": OPERATOR,
           "AuditorScope": OPERATOR, "StandingQuestion": AUDITOR, "TrailOrder": COURT}


class Planted:
    """A message with a mark of its own in each of its texts; where the exchange needs another word there, not."""

    def __init__(self, message, bare=()):
        self.bare = bare  # names of fields that stay as they are
        self.message = message | {"messageId": new_id()}
        self.parts = [json_format.ParseDict(part["content"], schema.message(part["type"])()) for part in message["parts"]]
        self.marks, self.undo = {}, {}
        for number, content in enumerate(self.parts):
            self.plant(content, f"parts[{number}]")
        self.plant_header()

    def plant_header(self):
        """What the exchange itself reads of one."""
        places = [("actor.id", self.message.get("actor"), "id"), ("basis.reference", self.message.get("basis"), "reference")]
        if self.message.get("recipients"):
            places += [("proceeding_id", self.message, "proceedingId"), ("recipients.person", self.message["recipients"][0], "person")]
        for at, place, name in places:
            if place is not None:
                self.marks["header." + at] = place[name] = "q" + uuid.uuid4().hex[:15]

    def plant(self, content, path, depth=0):
        for field in content.DESCRIPTOR.fields:
            at = f"{path}.{field.name}"
            if field.message_type and depth < DEPTH_MAX and field.message_type.file.package != "google.protobuf":
                self.plant_in(content, field, at, depth + 1)
            elif field.type in (field.TYPE_STRING, field.TYPE_BYTES):
                self.plant_at(content, field, at)

    def plant_in(self, content, field, at, depth):
        value = getattr(content, field.name)
        if field.label == field.LABEL_REPEATED:
            for number, child in enumerate(value):
                self.plant(child, f"{at}[{number}]", depth)
        elif content.HasField(field.name):
            self.plant(value, at, depth)
        else:
            self.undo[at] = lambda: content.ClearField(field.name)
            self.plant(value, at, depth)

    def plant_at(self, content, field, at):
        rule = field.GetOptions().Extensions[schema.rule()]
        if field.name in self.bare or (field.type == field.TYPE_STRING and rule.format not in FREE):
            return
        most, value = rule.max_bytes or 512, getattr(content, field.name)
        mark = "q" + uuid.uuid4().hex[:min(15, most - 1)]
        if field.type == field.TYPE_BYTES:
            mark = os.urandom(len(value) or min(most, 32))
        if field.label == field.LABEL_REPEATED:
            value.append(mark)
            self.undo[at] = lambda: value.remove(mark)
        else:
            was = value if content.HasField(field.name) else None
            self.undo[at] = lambda: content.ClearField(field.name) if was is None else setattr(content, field.name, was)
            setattr(content, field.name, mark)
        self.marks[at] = mark

    def unplant(self, detail):
        """What the refusal speaks of. False: it speaks of nothing that was planted."""
        field = detail.split(":")[0]
        named = [at for at in self.undo if field and (field in at or at.rsplit(".", 1)[1] in field)]
        for at in named:
            self.undo.pop(at)()
            for mark in [mark for mark in self.marks if mark.startswith(at)]:
                self.marks.pop(mark)
        return bool(named)

    def number(self):
        return self.message["messageId"]

    def sent(self):
        return self.message | {"parts": [part | {"content": json_format.MessageToDict(content)}
                                         for part, content in zip(self.message["parts"], self.parts)]}

    def send(self, exchange, sender):
        receipt = exchange.send(sender, self.sent())[0]
        while receipt["status"] == "RECEIPT_STATUS_REFUSED":
            assert self.unplant(receipt["refusal"].get("detail", "")), (self.message["type"], receipt, self.marks)
            receipt = exchange.send(sender, self.sent())[0]
        return self


def marks_left(exchange, story):
    """The types and fields of which the mark stands in any byte of any file."""
    found = set()
    for path in files_of(exchange.data()):
        with open(path, "rb") as file:
            data = file.read()
        for planted in story.planted:
            for at, mark in planted.marks.items():
                if planted.message["type"] not in KEPT and (mark if isinstance(mark, bytes) else mark.encode()) in data:
                    found.add((planted.message["type"], at))
    return found - KEPT_OF


class Story:
    """A message of each type, in an order in which all of them are taken."""

    def __init__(self, exchange):
        self.exchange, self.planted, self.subject = exchange, [], new_id()

    def send(self, name, sender, bare=(), content=(), **changes):
        message = template(self.exchange, name) | changes
        to = CLINIC if sender == OFFICE else OFFICE
        for recipient in message.get("recipients", []):
            recipient["agency"] = COURT if name == "VictimNotice" else to
        if "subject" in message and "subject" not in changes:
            message["subject"] = SYNTHETIC.format(7) if name == "TestMessage" else self.subject
        message["parts"][0]["content"].update(content)
        self.planted.append(Planted(message, bare).send(self.exchange, sender))
        self.exchange.collect(to)
        return self.planted[-1]

    def tell(self):
        sent = {name: self.send(name, SENDERS.get(name, OFFICE), ("id",) if name == "Referral" else ()) for name in sorted(self.types() - APART)}
        self.tell_of_a_referral()
        self.tell_of_a_meeting()
        self.tell_of_places()
        other = new_id()
        self.send("Referral", OFFICE, subject=other)
        self.send("ReferralCancel", OFFICE, subject=other)
        self.send("Statement", OFFICE, content={"about": sent["RiskLevelChange"].number()})
        self.send("PersonUnmerge", OFFICE, content={"mergeMessageId": sent["PersonMerge"].number()})
        self.send("ConsentRevoke", OFFICE, content={"consentId": sent["ConsentGrant"].parts[0].consent_id})
        alert = self.send("SafetyAlert", OFFICE, purpose="PURPOSE_EMERGENCY", basis={"legal": "LEGAL_BASIS_MEDICAL_EMERGENCY"})
        self.send("TaskReply", CLINIC, content={"messageId": alert.number()})
        self.send("EmergencyReview", OFFICE, content={"messageId": alert.number()})
        self.send("HearingResult", COURT, content={"dispositionFinal": True})
        policy = sent["UserPolicy"].parts[0]
        self.send("PolicyAck", OFFICE, ("text_sha256", "policy_id"), {
            "policyId": policy.policy_id, "textSha256": base64.b64encode(hashlib.sha256(policy.text.encode()).digest()).decode()})
        self.send("TrailOrderApproval", COURT, content={"orderId": sent["TrailOrder"].number()})

    def tell_of_a_referral(self):
        self.exchange.accepted(DESK, consent(self.subject, grant(categories=("REFERRAL_FACT", "PROGRESS"),
                                                                 purposes=("REFERRAL_COORDINATION",))))
        for sender, name in ANSWERS:
            self.send(name, sender, LINKED)
        self.send("ReferralResponse", CLINIC, content={"status": "REFERRAL_STATUS_ACCEPTED"})
        number = self.exchange.ask(OFFICE, "referral", "list", "--subject", self.subject)[0]["referralId"]
        self.exchange.accepted(CLINIC, attendance(self.subject, referralId=number))
        for sender, name in END:
            self.send(name, sender)

    def tell_of_a_meeting(self):
        first = self.send(MEETING[0], OFFICE).parts[0].appointment_id
        self.send(MEETING[1], OFFICE, content={"supersedes": first})
        self.send(MEETING[2], OFFICE, content={"appointmentId": new_id()})

    def tell_of_places(self):
        place = {"serviceId": "harbor-rooms"}
        self.send("ServiceEntry", OPERATOR, content=place | {"agency": HOME})
        self.send("CapacityUpdate", HOME, ("unit", "population"), place)
        for name in ("CapacityConfirm", "CapacityRelease"):
            lease = {"leaseId": new_id()}
            self.send("CapacityHold", OFFICE, ("unit", "population"), place | lease | {"population": "adults"})
            self.send(name, HOME, ("unit",), lease)

    def types(self):
        return {row["type"] for row in self.exchange.cli("message", "template", "--list").rows}


def test_what_a_message_of_any_type_says_is_in_no_byte_once_it_is_expunged(own_exchange):
    exchange = own_exchange
    exchange.start()
    story = Story(exchange)
    story.tell()
    told = {planted.message["type"] for planted in story.planted}
    assert told == story.types() - {"ReleasePolicy"}  # all the others stand on the one in force
    assert sum(len(planted.marks) for planted in story.planted) > 200
    targets = [planted.number() for planted in story.planted if planted.message["type"] not in ORDERS]
    for first in range(0, len(targets), TARGETS_MAX):
        expunge(exchange, messageIds=targets[first:first + TARGETS_MAX])
    executed(exchange, -(-len(targets) // TARGETS_MAX))
    exchange.stop()
    assert marks_left(exchange, story) == set()
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")
