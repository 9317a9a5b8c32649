"""What comes along with a release, that the log has its digest, and that it binds whoever passes parts on."""
import base64
import hashlib
import json
import struct

import pytest
import schema
import wire
from envelope import now
from exchange import OPERATOR
from google.protobuf import json_format
from messages import attendance, consent, grant, new_id, of, part

CLINIC, OFFICE, DESK, COURT, HOME = "treatment-south", "parole-north", "intake-desk", "court-county", "housing-harbor"
SECOND, THIRD, VETERANS = "treatment-east", "treatment-west", "treatment-veterans"
VA_TEXT = "These records are also protected by 38 U.S.C. 7332."
MONITORING, TREATMENT = "SUPERVISION_MONITORING", "TREATMENT"


@pytest.fixture(scope="module")
def network(model, tmp_path_factory):
    """A network with four treating providers, one of which is of another jurisdiction."""
    made = model.another(tmp_path_factory.mktemp("terms") / "network")
    for agency in (SECOND, THIRD, VETERANS):
        made.add(f"agency/{agency}", "treatment")
    made.start()
    entry = {"agency": VETERANS, "name": "Veterans' clinic", "kind": "AGENCY_KIND_TREATMENT",
             "status": "AGENCY_STATUS_ACTIVE", "jurisdiction": "va"}
    made.accepted(OPERATOR, {"messageId": new_id(), "type": "AgencyEntry",
                             "parts": [{"type": "AgencyEntry", "content": entry}]})
    yield made
    try:
        made.stop()
    finally:
        made.abandon()


def release_digest(sequence, parts, terms):
    mask = sum(1 << index for index in parts)
    return hashlib.sha256(b"throughcare/release/v1\n" + struct.pack(">QQ", sequence, mask)
                          + hashlib.sha256(terms).digest()).digest()


def logged(network, message, recipient=OFFICE):
    """The trail's row of the release of a message."""
    rows = [row for row in network.trail("--message", message["messageId"])
            if row["event"] == "release" and row["recipient"] == recipient]
    assert len(rows) == 1, rows
    return rows[0]


def raw_delivery(network, agency, message):
    """The delivery as it came over the wire."""
    with wire.Peer(network.address(), wire.tls_context(network.profile(agency))) as peer:
        peer.call(collect=schema.message("Collect")(credit=100, lease_ms=30000))
        found = [delivery for delivery in peer.deliveries
                 if schema.message("Header").FromString(delivery.header).message_id == message["messageId"]]
        assert len(found) == 1
        return found[0]


def permitted(network, subject, source, target, purpose=MONITORING, rule="AS_STATED", **more):
    network.accepted(DESK, consent(subject, grant(
        (source,), (target,), purposes=(purpose,), redisclosure=f"REDISCLOSURE_RULE_{rule}", **more)))


@pytest.mark.quick
def test_the_log_has_the_digest_of_the_terms_that_came(network):
    subject = new_id()
    network.accepted(DESK, consent(subject, grant(targets=(OFFICE, COURT))))
    message = attendance(subject)
    message["parts"].append(part("SudCounsellingNote", title="Notes", text="secret words"))
    network.accepted(CLINIC, message)
    delivery = raw_delivery(network, OFFICE, message)
    row = logged(network, message)
    kept = base64.b64decode(row["termsSha256"])
    assert release_digest(delivery.log_sequence, [0], delivery.terms) == kept
    # Whoever changes a byte of what was said, or claims that more or less was released, is found out.
    for place in range(0, len(delivery.terms), 7):
        changed = bytearray(delivery.terms)
        changed[place] ^= 1
        assert release_digest(delivery.log_sequence, [0], bytes(changed)) != kept
    assert release_digest(delivery.log_sequence, [0, 1], delivery.terms) != kept
    assert release_digest(delivery.log_sequence + 1, [0], delivery.terms) != kept
    terms = schema.message("ReleaseTerms").FromString(delivery.terms)
    assert [notice.code for notice in terms.notices] == list(delivery.obligations)
    assert row["notices"] == [f"{notice.code}@{notice.version}" for notice in terms.notices]
    assert "42 CFR part 2 prohibits" in terms.notices[0].text
    assert list(terms.redisclosure) == row["redisclosure"] == ["none"]
    assert row["grants"] == [terms.basis] == [terms.scopes[0].grant_id]
    assert row["purpose"] == "PURPOSE_SUPERVISION_MONITORING" and row["ruleIds"]
    # The scope is this recipient's: the consent's other one, and what was kept back, are not told of.
    assert terms.scopes[0].description == "What the form says"
    assert COURT.encode() not in delivery.SerializeToString() and b"ounselling" not in delivery.terms


def test_the_command_line_shows_the_terms_and_their_digest(network):
    subject = new_id()
    network.accepted(DESK, consent(subject, grant()))
    message = attendance(subject)
    network.accepted(CLINIC, message)
    kept = base64.b64decode(of(network.collect(OFFICE), message)[0]["terms"])
    shown = network.ask(OFFICE, "message", "show", message["messageId"])[0]
    row = logged(network, message)
    assert base64.b64decode(shown["terms"]) == kept
    assert bytes.fromhex(shown["termsSha256"]) == base64.b64decode(row["termsSha256"])
    assert shown["redisclosure"] == ["none"] and shown["notices"][0]["text"]
    assert shown["scopes"][0]["categories"] == ["CATEGORY_ATTENDANCE"]
    plain = network.plain(OFFICE, "message", "show", message["messageId"])
    assert "It may not be passed on." in plain
    assert "covers attendance (\"What the form says\") for supervision monitoring" in " ".join(plain.split())
    assert "Notice 42cfr2.32-2 (2024-04-16):" in plain
    # The sender has its own message, and nothing was released to it.
    assert "terms" not in network.ask(CLINIC, "message", "show", message["messageId"])[0]


def test_people_get_each_notice_once(network):
    subject = new_id()
    network.accepted(DESK, consent(subject, grant()))
    for _ in range(3):
        network.accepted(CLINIC, attendance(subject))
    plain = network.plain(OFFICE, "message", "collect")
    assert plain.count("prohibits unauthorized use") == 1
    assert plain.count("Notice 42cfr2.32-2 (2024-04-16): as above.") == 2
    assert plain.count("It may not be passed on.") == 3


def test_only_those_who_may_learn_the_grants_of_a_release(network):
    subject = new_id()
    network.accepted(DESK, consent(subject, grant()))
    message = attendance(subject)
    network.accepted(CLINIC, message)
    assert of(network.collect(OFFICE), message)
    words = ("--message", message["messageId"])
    theirs = [row for row in network.trail(*words, profile=OFFICE) if row["event"] == "release"][0]
    assert theirs["grants"] and theirs["redisclosure"] == ["none"] and "ruleIds" not in theirs
    kept = [row for row in network.trail(*words, profile=OPERATOR) if row["event"] == "release"][0]
    assert not {"grants", "basis", "proceedingId", "reference", "subject"} & kept.keys()


# ---- passing on ----

def told(network, subject, rule, to=OFFICE, purpose=MONITORING, case=None):
    """The clinic tells someone under this rule; what was collected."""
    permitted(network, subject, CLINIC, to, purpose, rule, **({"proceedingId": case} if case else {}))
    message = attendance(subject, to, purpose=f"PURPOSE_{purpose}")
    if case:
        message["proceedingId"] = case
    network.accepted(CLINIC, message)
    return of(network.collect(to), message)[0]


def onwards(got, to, purpose=MONITORING, **more):
    """The same part, with its salt, in a message of one's own."""
    sent = {key: got["parts"][0][key] for key in ("type", "category", "salt", "content")}
    return {"messageId": new_id(), "type": got["type"], "recipients": [{"agency": to}], "subject": got["subject"],
            "purpose": f"PURPOSE_{purpose}", "parts": [sent], **more}


ORDER = {"basis": {"legal": "LEGAL_BASIS_COURT_ORDER", "reference": "2026-CR-17"}}
OPERATIONAL = {"basis": {"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"}}
CASE = {"proceedingId": "case-1"}


@pytest.mark.parametrize("rule, first, allowed, refused", [
    ("NONE", {}, [(COURT, MONITORING, ORDER)],
     [(COURT, MONITORING, {}), (HOME, MONITORING, OPERATIONAL)]),
    ("OFFICIAL_DUTY_CASE", {"case": "case-1"}, [(COURT, MONITORING, CASE)],
     [(COURT, MONITORING, {"proceedingId": "case-2"}), (COURT, MONITORING, {}), (HOME, MONITORING, CASE)]),
    ("HIPAA_TPO", {"to": SECOND, "purpose": TREATMENT}, [(THIRD, TREATMENT, {})],
     [(THIRD, MONITORING, {}), (COURT, TREATMENT, {})]),
    ("AS_STATED", {}, [(COURT, MONITORING, {})], []),
], ids=["none", "official-duty", "hipaa", "as-stated"])
def test_a_part_goes_on_only_as_the_rule_says_that_it_came_with(network, rule, first, allowed, refused):
    subject = new_id()
    got = told(network, subject, rule, **first)
    assert got["redisclosure"] == [rule.lower()]
    holder = first.get("to", OFFICE)
    for to, purpose, _ in [*allowed, *refused]:
        permitted(network, subject, holder, to, purpose)
    for to, purpose, more in refused:
        assert network.refused(holder, onwards(got, to, purpose, **more)) == "redisclosure_forbidden"
        # The same words as a part of one's own are one's own.
        own = onwards(got, to, purpose, **more)
        del own["parts"][0]["salt"]
        network.accepted(holder, own)
    for to, purpose, more in allowed:
        message = onwards(got, to, purpose, **more)
        network.accepted(holder, message)
        assert of(network.collect(to), message)


def test_as_stated_is_held_until_the_forwarders_own_consent(network):
    subject = new_id()
    message = onwards(told(network, subject, "AS_STATED"), COURT)
    receipt = network.accepted(OFFICE, message)
    assert receipt["dispositions"][0]["code"] == "consent_missing"
    permitted(network, subject, OFFICE, COURT)
    assert of(network.collect(COURT, wait=10, count=1), message)


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed-again", "in-the-clear"])
def test_a_part_that_came_sealed_is_known_again_when_it_is_sent_on(network, sealed):
    subject = new_id()
    permitted(network, subject, CLINIC, OFFICE, rule="NONE", categories=("DRUG_TEST",))
    permitted(network, subject, OFFICE, COURT, categories=("DRUG_TEST",))
    message = attendance(subject)
    message["type"] = "DrugTestResult"
    message["parts"] = [part("DrugTestResult", specimenId="s-1", collectedAt=now(-3600),
                             status="TEST_STATUS_GIVEN",
                             analytes=[{"substance": "opiates", "result": "ANALYTE_RESULT_NEGATIVE"}])]
    network.accepted(CLINIC, message)
    got = of(network.collect(OFFICE), message)[0]
    assert got["parts"][0]["sealed"] and got["parts"][0]["opened"]
    network.collect(COURT)  # so that its certificate is known
    on = onwards(got, COURT)
    if sealed:  # as it was printed
        on["parts"] = got["parts"]
    words = ("--seal",) if sealed else ("--no-seal",)
    answer = network.cli("message", "send", *words, "-", profile=OFFICE, stdin=json.dumps(on))
    assert [row.get("refusal", {}).get("code") for row in answer.rows] == ["redisclosure_forbidden"], answer


def test_the_words_of_a_refusal_tell_no_rule(network):
    """One text for each of them: it is in the terms that came, and nowhere else."""
    texts = set()
    for rule, more in (("NONE", {}), ("OFFICIAL_DUTY_CASE", {"case": "case-1"})):
        got = told(network, new_id(), rule, **more)
        receipt = network.send(OFFICE, onwards(got, HOME))[0]
        texts.add(json.dumps(receipt["refusal"], sort_keys=True))
    assert len(texts) == 1


# ---- jurisdictions ----

def test_the_discloser_speaks_in_the_words_of_its_jurisdiction(network):
    query = schema.message("Query")()
    query.policy_show.SetInParent()
    with wire.Peer(network.address(), wire.tls_context(network.profile(OPERATOR))) as operator:
        shown = operator.call(query=query).query.policies[0]
    policy = schema.message("ReleasePolicy").FromString(shown.policy)
    policy.version += 1
    policy.notices.add(code="42cfr2.32-2", version="7332", jurisdiction="va", text=VA_TEXT)
    network.accepted(OPERATOR, {"messageId": new_id(), "type": "ReleasePolicy", "actor": {"id": "op-1"}, "parts": [
        {"type": "ReleasePolicy", "content": json_format.MessageToDict(policy)}]})
    for clinic, ours in ((VETERANS, True), (CLINIC, False)):
        subject = new_id()
        permitted(network, subject, clinic, OFFICE)
        message = attendance(subject)
        network.accepted(clinic, message)
        got = of(network.collect(OFFICE), message)[0]
        notice = [notice for notice in got["notices"] if notice["code"] == "42cfr2.32-2"]
        assert len(notice) == 1 and (notice[0]["text"] == VA_TEXT) is ours
        assert notice[0].get("jurisdiction", "") == ("va" if ours else "")
        assert got["policyVersion"] == policy.version
        assert ("42cfr2.32-2@7332" in logged(network, message)["notices"]) is ours
