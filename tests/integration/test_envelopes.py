"""Envelopes with something wrong: each gets its code and stays out; the next one is taken."""
import os
import time

import envelope
import pytest
import schema
from envelope import Draft

REFUSED, ACCEPTED = 2, 1


def field(number, body):
    """A length-delimited protobuf field."""
    assert len(body) < 128 and number < 16
    return bytes([number << 3 | 2, len(body)]) + body


def spoil(name):
    """The draft with the fault of that name, sealed where the fault does not forbid it."""
    draft = Draft()
    header = draft.header
    if name == "unknown type":
        header.type = "Invoice"
    elif name == "no type":
        header.ClearField("type")
    elif name == "no message id":
        header.ClearField("message_id")
    elif name == "message id that is none":
        header.message_id = "12345"
    elif name == "no sender":
        header.ClearField("sender")
    elif name == "sender that is another":
        header.sender = "parole-north"
    elif name == "no creation time":
        header.ClearField("created_at")
    elif name == "created in a year":
        header.created_at.seconds += 365 * 86400
    elif name == "created in 1970":
        header.created_at.seconds = 5
    elif name == "created in the year 300000":
        header.created_at.seconds = 1 << 43
    elif name == "negative nanoseconds":
        header.created_at.nanos = -5
    elif name == "expired on arrival":
        header.created_at.seconds -= 1200
        header.expires_at.seconds = int(time.time()) - 600
    elif name == "happened in 1650":
        header.occurred_at.seconds = -10098604800
    elif name == "no recipient":
        del header.recipients[:]
    elif name == "empty recipient":
        header.recipients[0].Clear()
    elif name == "two names for one recipient":
        header.recipients[0].service = "some-service"
    elif name == "unknown recipient":
        header.recipients[0].agency = "nobody-here"
    elif name == "unknown service":
        header.recipients[0].Clear()
        header.recipients[0].service = "no-such-service"
    elif name == "recipient name that is none":
        header.recipients[0].agency = "Parole North"
    elif name == "17 recipients":
        for number in range(16):
            header.recipients.add(agency=f"agency-{number}")
    elif name == "no subject":
        header.ClearField("subject")
    elif name == "subject that is a name":
        header.subject = "Jordan Sample"
    elif name == "part of an unknown type":
        draft.parts.append(schema.message("Part")(type="Invoice", category=3, salt=bytes(32), content=b""))
    elif name == "leading part of another type":
        draft.parts.clear()
        draft.add("PersonIdentity", schema.message("PersonIdentity")(family_name="Sample").SerializeToString())
    elif name == "no parts":
        draft.parts.clear()
    elif name == "65 parts":
        for _ in range(64):
            draft.parts.append(draft.parts[0])
    elif name == "10,000 parts":
        draft.parts.extend(schema.message("Part")(type="X") for _ in range(9999))
    elif name == "part with another category":
        draft.parts[0].category = 18
    elif name == "part that lacks a field":
        draft.parts[0].content = schema.message("AttendanceRecord")(status=1).SerializePartialToString()
    elif name == "part with garbage inside":
        draft.parts[0].content = b"\xff\xff\xff"
    elif name == "part with an unknown field":
        draft.parts[0].content += b"\xf2\x3f\x01x"
    elif name == "text that is no UTF-8":
        draft.parts[0].content += field(11, b"\xc3\x28")
    elif name == "text with a NUL":
        draft.parts[0].content += field(11, b"a\0b")
    elif name == "salt of 31 bytes":
        draft.parts[0].salt = bytes(31)
    elif name == "no salt":
        draft.parts[0].ClearField("salt")
    elif name == "causation id that is none":
        header.causation_id = "yesterday"
    elif name == "grant id that is none":
        header.basis.grant_id = "x"
    draft.seal()
    if name == "digest that is another's":
        header.manifest[0] = os.urandom(32)
    elif name == "digest too short":
        header.manifest[0] = header.manifest[0][:31]
    elif name == "more digests than parts":
        header.manifest.append(os.urandom(32))
    elif name == "fewer digests than parts":
        del header.manifest[:]
    elif name == "salt changed afterwards":
        draft.parts[0].salt = os.urandom(32)
    elif name == "content changed afterwards":
        draft.parts[0].content = envelope.example("AttendanceRecord")
    return draft


FAULTS = [
    ("unknown type", "unknown_type"),
    ("no type", "field_missing"),
    ("no message id", "field_missing"),
    ("message id that is none", "field_invalid"),
    ("no sender", "field_missing"),
    ("sender that is another", "sender_mismatch"),
    ("no creation time", "field_missing"),
    ("created in a year", "time_absurd"),
    ("created in 1970", "time_absurd"),
    ("created in the year 300000", "time_absurd"),
    ("negative nanoseconds", "field_invalid"),
    ("expired on arrival", "expired_on_arrival"),
    ("happened in 1650", "time_absurd"),
    ("no recipient", "recipient_missing"),
    ("empty recipient", "recipient_missing"),
    ("two names for one recipient", "field_invalid"),
    ("unknown recipient", "unknown_recipient"),
    ("unknown service", "unknown_service"),
    ("recipient name that is none", "field_invalid"),
    ("17 recipients", "field_too_long"),
    ("no subject", "field_missing"),
    ("subject that is a name", "field_invalid"),
    ("part of an unknown type", "unknown_part_type"),
    ("leading part of another type", "part_missing"),
    ("no parts", "part_missing"),
    ("65 parts", "too_many_parts"),
    ("10,000 parts", "too_many_parts"),
    ("part with another category", "part_category"),
    ("part that lacks a field", "field_missing"),
    ("part with garbage inside", "malformed"),
    ("part with an unknown field", "field_unknown"),
    ("text that is no UTF-8", "utf8_invalid"),
    ("text with a NUL", "field_invalid"),
    ("salt of 31 bytes", "salt_invalid"),
    ("no salt", "salt_invalid"),
    ("causation id that is none", "field_invalid"),
    ("grant id that is none", "field_invalid"),
    ("digest that is another's", "manifest_mismatch"),
    ("digest too short", "field_invalid"),
    ("more digests than parts", "manifest_mismatch"),
    ("fewer digests than parts", "manifest_mismatch"),
    ("salt changed afterwards", "manifest_mismatch"),
    ("content changed afterwards", "manifest_mismatch"),
]


@pytest.mark.quick
@pytest.mark.parametrize("fault, code", FAULTS, ids=[fault for fault, _ in FAULTS])
def test_an_envelope_with_a_fault_is_refused_with_its_code(connect, bystander, key, fault, code):
    peer = connect()
    mine = key("treatment-south")
    found = envelope.submit(peer, mine, spoil(fault))
    refusal = found if not isinstance(found, list) else found[0].refusal
    assert refusal.code == code, refusal
    assert refusal.message and refusal.hint
    if isinstance(found, list):
        assert found[0].status == REFUSED
    assert envelope.submit(peer, mine, Draft().seal())[0].status == ACCEPTED


def test_a_refusal_is_in_the_trail_and_its_message_is_not_delivered(exchange, connect, key):
    draft = spoil("salt changed afterwards")
    envelope.submit(connect(), key("treatment-south"), draft)
    rows = exchange.trail("--message", draft.header.message_id)
    assert [(row["event"], row["code"]) for row in rows] == [("refusal", "manifest_mismatch")]


@pytest.mark.quick
def test_one_bad_envelope_among_good_ones_is_refused_alone(connect, key):
    drafts = [Draft().seal(), spoil("unknown type"), Draft().seal(), spoil("digest that is another's"), Draft().seal()]
    receipts = envelope.submit(connect(), key("treatment-south"), *drafts)
    assert [receipt.status for receipt in receipts] == [ACCEPTED, REFUSED, ACCEPTED, REFUSED, ACCEPTED]
    assert [receipt.message_id for receipt in receipts] == [draft.header.message_id for draft in drafts]


def test_64_envelopes_under_one_signature_are_taken_and_65_are_not(connect, key):
    peer = connect()
    drafts = [Draft().seal() for _ in range(65)]
    receipts = envelope.submit(peer, key("treatment-south"), *drafts[:64])
    assert all(receipt.status == ACCEPTED for receipt in receipts) and len(receipts) == 64
    assert envelope.submit(peer, key("treatment-south"), *drafts).code == "too_many_envelopes"


@pytest.mark.quick
def test_a_signature_that_is_wrong_absent_or_by_another_certificate(connect, bystander, key):
    peer = connect()
    one = Draft().seal().envelope()
    for signature in (b"", os.urandom(70), bytes(70), envelope.sign(key("parole-north"), [one.header]),
                      envelope.sign(key("treatment-south"), [one.header, one.header])):
        response = peer.submit([one], signature)
        refusal = response.refusal if response.HasField("refusal") else response.submit.receipts[0].refusal
        assert refusal.code in ("signature_invalid", "field_missing"), refusal
    assert peer.submit([one], envelope.sign(key("treatment-south"), [one.header])).submit.receipts[0].status == ACCEPTED


@pytest.mark.quick
def test_duplicate_fields_are_refused(connect, bystander, key):
    """The last one would win in one reader and the first in another."""
    peer = connect()
    draft = Draft().seal()
    one = draft.envelope()
    one.header = one.header + field(3, b"parole-north")
    response = peer.submit([one], envelope.sign(key("treatment-south"), [one.header]))
    refusal = response.refusal if response.HasField("refusal") else response.submit.receipts[0].refusal
    assert refusal.code in ("field_invalid", "malformed", "sender_mismatch"), response


@pytest.mark.quick
def test_the_same_message_again_gives_the_first_receipt(connect, key):
    peer = connect()
    draft = Draft().seal()
    first = envelope.submit(peer, key("treatment-south"), draft)[0]
    again = envelope.submit(connect(), key("treatment-south"), draft)[0]
    assert first.status == ACCEPTED and not first.repeated_submission
    assert again.status == ACCEPTED and again.repeated_submission
    assert again.log_sequence == first.log_sequence and again.accepted_at == first.accepted_at


@pytest.mark.quick
def test_the_same_id_with_other_content_is_a_conflict(connect, key):
    peer = connect()
    first, second = Draft().seal(), Draft()
    second.header.message_id = first.header.message_id
    assert envelope.submit(peer, key("treatment-south"), first)[0].status == ACCEPTED
    receipt = envelope.submit(peer, key("treatment-south"), second.seal())[0]
    assert receipt.status == REFUSED and receipt.refusal.code == "id_conflict"


def test_ids_are_each_senders_own(connect, key):
    """Nobody can find out by a conflict that somebody else used an id."""
    first = Draft().seal()
    assert envelope.submit(connect(), key("treatment-south"), first)[0].status == ACCEPTED
    second = Draft(sender="housing-harbor")
    second.header.message_id = first.header.message_id
    receipt = envelope.submit(connect("housing-harbor"), key("housing-harbor"), second.seal())[0]
    assert receipt.status == ACCEPTED and receipt.log_sequence


@pytest.mark.parametrize("kind", ["DeliveryEvidence", "RecallNotice", "ConsentNotice"])
def test_nobody_speaks_for_the_exchange(connect, key, kind):
    draft = Draft()
    draft.header.type = kind
    draft.parts.clear()
    draft.parts.append(schema.message("Part")(type=kind, category=26, salt=os.urandom(32), content=b""))
    found = envelope.submit(connect(), key("treatment-south"), draft.seal())
    refusal = found if not isinstance(found, list) else found[0].refusal
    assert refusal.code in ("type_not_allowed", "field_missing")


def test_an_agency_may_not_change_the_registry(exchange):
    code = exchange.refused("treatment-south", {
        "type": "AgencyEntry",
        "parts": [{"type": "AgencyEntry", "content": {"agency": "treatment-south", "name": "Mine", "kind": "AGENCY_KIND_COURT",
                                                       "status": "AGENCY_STATUS_ACTIVE"}}]})
    assert code in ("type_not_allowed", "not_permitted")


def test_every_code_that_the_tests_name_is_a_registered_one():
    assert {code for _, code in FAULTS} <= schema.refusal_names()
