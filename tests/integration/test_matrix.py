"""42 CFR part 2, rule by rule, through the real exchange: for each one case that must pass and one that must not."""
import copy

import pytest
import schema
import wire
from envelope import Draft, now, submit
from exchange import wait_for
from messages import attendance, consent, consent_id, evidence, grant, new_id, of, operational, part, revocation

CLINIC, OFFICE, DESK, COURT, HOUSING = "treatment-south", "parole-north", "intake-desk", "court-county", "housing-harbor"
DAY = 86400
pytestmark = pytest.mark.quick


def content_of(signed):
    return signed["parts"][0]["content"]


def without(signed, path):
    """The same document under other ids, less one element."""
    spoilt = copy.deepcopy(signed)
    spoilt["messageId"] = new_id()
    content = content_of(spoilt)
    content["consentId"] = content["grants"][0]["grantId"] = new_id()
    *folders, name = path
    for folder in folders:
        content = content[folder] if isinstance(content, dict) or isinstance(folder, int) else content[0][folder]
    del content[name]
    return spoilt


def refusal_of(exchange, agency, envelope):
    receipt = exchange.send(agency, envelope)[0]
    assert receipt["status"] == "RECEIPT_STATUS_REFUSED", receipt
    return receipt["refusal"]["code"], receipt["refusal"].get("detail", "")


def disposition(receipt):
    found = receipt["dispositions"][0]
    return found["kind"].removeprefix("DISPOSITION_KIND_"), found.get("code")


def released(exchange, message, sender=CLINIC, recipient=OFFICE):
    """Sends it; what the recipient then has of it."""
    assert disposition(exchange.accepted(sender, message))[0] == "QUEUED", message
    while True:
        rows = exchange.collect(recipient)
        if of(rows, message) or not rows:
            return of(rows, message)


def held(exchange, message, sender=CLINIC, recipient=OFFICE):
    """Sends it; the code that it is held with, and nothing of it with the recipient."""
    kind, code = disposition(exchange.accepted(sender, message))
    assert kind == "HELD", (kind, code)
    assert not of(exchange.collect(recipient), message)
    return code


def treatment(subject, **more):
    """From the clinic, for treatment."""
    return attendance(subject, to=CLINIC, **more) | {"purpose": "PURPOSE_TREATMENT"}


ELEMENTS = [
    ("2.31(a)(1) the name of the patient", ("subjectNameAsSigned",), "subject_name_as_signed"),
    ("2.31(a)(2) who may disclose", ("grants", 0, "disclosers"), "grants[0].disclosers"),
    ("2.31(a)(3) the information, specific and meaningful", ("grants", 0, "categories"), "grants[0].categories"),
    ("2.31(a)(4)(i) the recipients", ("grants", 0, "recipients"), "grants[0].recipients"),
    ("2.31(a)(4)(ii) the intermediary's name", ("grants", 0, "intermediaryNamed"), "intermediary_named"),
    ("2.31(a)(5) each purpose", ("grants", 0, "purposes"), "grants[0].purposes"),
    ("2.31(a)(6) the right to revoke", ("statements", "revocationRight"), "statements.revocation_right"),
    ("2.31(a)(6) how to revoke", ("statements", "howToRevoke"), "statements.how_to_revoke"),
    ("2.31(a)(7) expiration date or event", ("grants", 0, "expiry"), "grants[0].expiry"),
    ("2.31(a)(8) the signature", ("signature", "signer"), "signature.signer"),
    ("2.31(a)(9) the date of signing", ("signature", "signedAt"), "signature.signed_at"),
]


@pytest.mark.parametrize("rule, path, field", ELEMENTS, ids=[row[0] for row in ELEMENTS])
def test_2_31_a_a_consent_has_every_element(exchange, rule, path, field):
    """42 CFR 2.31(a)(1) to (9): with it, it is recorded and permits; without it, it is refused and permits nothing."""
    subject = new_id()
    whole = consent(subject, grant())
    code, detail = refusal_of(exchange, DESK, without(whole, path))
    assert code in ("consent_deficient", "field_missing") and field in detail, (rule, code, detail)
    assert held(exchange, attendance(subject)) == "consent_missing"
    exchange.accepted(DESK, whole)
    assert released(exchange, attendance(subject))


def test_2_31_a_4_ii_a_class_of_recipients_is_of_treating_providers(exchange):
    """42 CFR 2.31(a)(4)(ii): "my treating providers" reaches one, and never a parole office; nor can it be said of one."""
    subject = new_id()
    mine = grant(sources=(HOUSING,), purposes=("TREATMENT",), recipients=[{"kind": "PARTY_KIND_CLASS_TREATING"}])
    exchange.accepted(DESK, consent(subject, mine))
    assert released(exchange, treatment(subject), HOUSING, CLINIC)
    assert held(exchange, attendance(subject) | {"purpose": "PURPOSE_TREATMENT"}, HOUSING) == "consent_missing"
    named = grant(recipients=[{"kind": "PARTY_KIND_CLASS_TREATING", "agency": OFFICE}])
    assert refusal_of(exchange, DESK, consent(new_id(), named))[0] == "consent_deficient"


def test_2_31_a_4_a_desk_or_person_is_reached_as_such(exchange):
    """42 CFR 2.31(a)(4)(i): a named desk's consent reaches that desk and no other of the same agency."""
    subject = new_id()
    desk = {"kind": "PARTY_KIND_ROLE_IN_AGENCY", "agency": OFFICE, "role": "drug-court-team"}
    exchange.accepted(DESK, consent(subject, grant(recipients=[desk])))
    to_desk = attendance(subject)
    to_desk["recipients"] = [{"agency": OFFICE, "role": "drug-court-team"}]
    assert released(exchange, to_desk)
    other = attendance(subject)
    other["recipients"] = [{"agency": OFFICE, "role": "front-desk"}]
    assert held(exchange, other) == "consent_missing"


def test_2_31_a_7_no_end_only_for_treatment_payment_operations(exchange):
    """42 CFR 2.31(a)(7): "none" ends a consent for treatment, payment or operations only."""
    subject = new_id()
    endless = {"sources": (HOUSING,), "targets": (CLINIC,), "expiry": {"noneTpo": True}}
    code, detail = refusal_of(exchange, DESK, consent(subject, grant(purposes=("RESEARCH",), **endless)))
    assert code == "consent_deficient" and "expiry" in detail
    exchange.accepted(DESK, consent(subject, grant(purposes=("TREATMENT",), **endless)))
    assert released(exchange, treatment(subject), HOUSING, CLINIC)


def test_2_31_a_8_a_representative_shows_the_authority(exchange):
    """42 CFR 2.31(a)(8): a guardian's signature counts with what gives the authority, and not without."""
    subject = new_id()
    signed = consent(subject, grant())
    content_of(signed)["signature"] |= {"capacity": "SIGNER_CAPACITY_GUARDIAN"}
    code, detail = refusal_of(exchange, DESK, signed)
    assert code == "consent_deficient" and "authority_ref" in detail
    again = consent(subject, grant())
    content_of(again)["signature"] |= {"capacity": "SIGNER_CAPACITY_GUARDIAN", "authorityRef": "order 2026-g-7"}
    exchange.accepted(DESK, again)
    assert released(exchange, attendance(subject))


@pytest.mark.parametrize("statement", ["redisclosureWarning", "refusalConsequence"])
def test_2_31_a_10_treatment_payment_operations_say_what_follows(exchange, statement):
    """42 CFR 2.31(a)(10): warned of redisclosure and told what refusing means, or the consent is deficient."""
    subject = new_id()
    mine = {"sources": (HOUSING,), "targets": (CLINIC,), "purposes": ("TREATMENT",)}
    signed = consent(subject, grant(**mine))
    del content_of(signed)["statements"][statement]
    assert refusal_of(exchange, DESK, signed)[0] == "consent_deficient"
    exchange.accepted(DESK, consent(subject, grant(**mine)))
    assert released(exchange, treatment(subject), HOUSING, CLINIC)


def notes(subject):
    message = attendance(subject)
    message["type"] = "SudCounsellingNote"
    message["parts"] = [part("SudCounsellingNote", title="Session", text="what was said")]
    return message


def test_2_31_b_counselling_notes_have_a_consent_of_their_own(exchange):
    """42 CFR 2.31(b): combined it is refused; alone it is recorded, and covers the notes only."""
    subject = new_id()
    code, _ = refusal_of(exchange, DESK, consent(subject, grant(), grant(categories=("SUD_COUNSELLING_NOTES",))))
    assert code == "consent_combined"
    exchange.accepted(DESK, consent(subject, grant(categories=("SUD_COUNSELLING_NOTES",))))
    message = attendance(subject)
    message["parts"] += notes(subject)["parts"]
    assert held(exchange, message) == "consent_missing", "the leading part is not covered"
    exchange.accepted(DESK, consent(subject, grant()))
    got = of(exchange.collect(OFFICE, wait=10, count=1) + exchange.collect(OFFICE), message)
    assert len(got[0]["parts"]) == 2


def test_2_31_c_1_an_expired_consent_permits_nothing(exchange):
    """42 CFR 2.31(c)(1): until its end it permits; from then on it does not, and an expired one is not recorded."""
    subject = new_id()
    assert refusal_of(exchange, DESK, consent(subject, grant(expiry={"at": now(-60)})))[0] in (
        "consent_expired", "consent_deficient")
    exchange.accepted(DESK, consent(subject, grant(validFrom=now(-DAY), expiry={"at": now(3)})))
    assert released(exchange, attendance(subject))
    words = ("consent", "check", "--to", OFFICE, "--subject", subject, "--category", "attendance", "--purpose",
             "supervision_monitoring")
    wait_for(lambda: exchange.ask(CLINIC, *words)[0]["decision"] == "hold", "the consent to expire")
    assert held(exchange, attendance(subject)) == "consent_expired"


def test_2_31_c_2_a_deficient_consent_permits_nothing(exchange):
    """42 CFR 2.31(c)(2): what lacks an element on its face is not recorded, and its grant's id releases nothing."""
    subject = new_id()
    signed = consent(subject, grant())
    deficient = without(signed, ("signature", "signer"))
    assert refusal_of(exchange, DESK, deficient)[0] == "consent_deficient"
    assert held(exchange, attendance(subject, grant=content_of(deficient)["grants"][0]["grantId"])) == "consent_missing"
    exchange.accepted(DESK, signed)
    assert released(exchange, attendance(subject, grant=content_of(signed)["grants"][0]["grantId"]))


def test_2_31_c_3_a_revoked_consent_permits_nothing(exchange):
    """42 CFR 2.31(c)(3): from its acknowledgement on nothing goes, and what was queued is recalled."""
    subject = new_id()
    signed = consent(subject, grant())
    exchange.accepted(DESK, signed)
    assert released(exchange, attendance(subject))
    queued = attendance(subject)
    exchange.accepted(CLINIC, queued)
    exchange.accepted(DESK, revocation(subject, signed))
    assert not of(exchange.collect(OFFICE), queued)
    assert "RECALLED" in evidence(exchange.collect(CLINIC), queued)
    assert held(exchange, attendance(subject)) in ("consent_revoked", "consent_missing")


def test_2_31_c_3_revoked_for_one_party_it_stays_for_the_rest(exchange):
    """42 CFR 2.31(a)(6), (c)(3) as SAMHSA reads them: one recipient is taken out, the other stays."""
    subject = new_id()
    signed = consent(subject, grant(targets=(OFFICE, COURT)))
    exchange.accepted(DESK, signed)
    exchange.accepted(DESK, revocation(subject, signed, recipient=OFFICE))
    assert held(exchange, attendance(subject)) == "consent_revoked"
    assert released(exchange, attendance(subject, to=COURT), recipient=COURT)


def test_2_31_c_4_a_consent_known_to_be_false_permits_nothing(exchange):
    """42 CFR 2.31(c)(4): entered in error by whoever recorded it, it ends; nobody else can say so of it."""
    subject = new_id()
    signed = consent(subject, grant())
    exchange.accepted(DESK, signed)
    error = copy.deepcopy(signed)
    error["messageId"] = new_id()
    content_of(error).update(version=2, status="CONSENT_STATUS_ENTERED_IN_ERROR")
    assert refusal_of(exchange, HOUSING, error | {"messageId": new_id()})[0] in ("unknown_consent", "id_conflict")
    assert released(exchange, attendance(subject))
    exchange.accepted(DESK, error)
    assert held(exchange, attendance(subject)).startswith("consent_")


def test_2_31_d_use_in_proceedings_has_a_consent_of_its_own(exchange):
    """42 CFR 2.31(d): a consent to use in proceedings is combined with nothing."""
    subject = new_id()
    proceeding = grant(purposes=("LEGAL_PROCEEDING",), targets=(COURT,))
    assert refusal_of(exchange, DESK, consent(subject, grant(), proceeding))[0] == "consent_combined"
    message = attendance(subject, to=COURT) | {"purpose": "PURPOSE_LEGAL_PROCEEDING"}
    assert held(exchange, message, recipient=COURT) == "consent_missing"
    exchange.accepted(DESK, consent(subject, proceeding))
    assert of(exchange.collect(COURT, wait=10, count=1) + exchange.collect(COURT), message)


def test_2_13_a_only_what_the_consent_names_goes(exchange):
    """42 CFR 2.13(a): no more than is named; the rest of the same message stays, and no sign of it goes along."""
    subject = new_id()
    exchange.accepted(DESK, consent(subject, grant()))
    message = attendance(subject)
    message["parts"] += notes(subject)["parts"]
    got = released(exchange, message)
    assert [entry["type"] for entry in got[0]["parts"]] == ["AttendanceRecord"]
    assert "what was said" not in str(got) and "ounselling" not in str(got)


def test_2_13_c_that_somebody_is_a_patient_is_not_told(exchange):
    """42 CFR 2.13(c): the discloser sees its consent; an agency that it does not name learns nothing that a stranger
    could not: the same answer for a patient and for nobody."""
    patient, nobody = new_id(), new_id()
    signed = consent(patient, grant())
    exchange.accepted(DESK, signed)
    assert exchange.ask(CLINIC, "consent", "show", consent_id(signed))[0]["grants"][0]["status"] == "active"
    answers = [exchange.cli("consent", "check", "--to", HOUSING, "--subject", subject, "--category", "attendance",
                            "--purpose", "supervision_monitoring", profile=HOUSING) for subject in (patient, nobody)]
    told = [[{name: value for name, value in row.items() if name != "at"} for row in answer.rows] for answer in answers]
    assert told[0] == told[1] and answers[0].code == answers[1].code
    unknown = exchange.cli("consent", "show", new_id(), profile=HOUSING)
    known = exchange.cli("consent", "show", consent_id(signed), profile=HOUSING)
    assert (known.code, known.errors) == (unknown.code, unknown.errors)
    assert refusal_of(exchange, HOUSING, revocation(patient, signed)) == refusal_of(
        exchange, HOUSING, revocation(nobody, consent(nobody, grant())))


def handed_over(exchange, message, recipient=OFFICE):
    """The delivery of it as it comes over the wire."""
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(recipient))) as peer:
        peer.call(collect=schema.message("Collect")(credit=1024, lease_ms=30000))
        settle = schema.message("Settle")()
        for delivery in peer.deliveries:
            settle.settlements.add(delivery_id=delivery.delivery_id, kind=1)
        peer.call(settle=settle)
        found = [delivery for delivery in peer.deliveries
                 if schema.message("Header").FromString(delivery.header).message_id == message["messageId"]]
    assert len(found) == 1, message
    return found[0]


def terms(exchange, message, sender=CLINIC, recipient=OFFICE):
    """What goes along with it."""
    assert disposition(exchange.accepted(sender, message))[0] == "QUEUED", message
    return schema.message("ReleaseTerms").FromString(handed_over(exchange, message, recipient).terms)


def notices(told):
    return {notice.code: notice.text for notice in told.notices}


def test_2_32_a_1_the_long_statement_goes_along(exchange):
    """42 CFR 2.32(a)(1): what goes under a part 2 consent carries the statement; housing's own business does not."""
    subject = new_id()
    exchange.accepted(DESK, consent(subject, grant(attach=["ATTACHMENT_NOTICE_1"])))
    assert "2.12(c)(5)" in notices(terms(exchange, attendance(subject)))["42cfr2.32-1"]
    own = attendance(subject, basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
    assert not any(code.startswith("42cfr2.32") for code in notices(terms(exchange, own, HOUSING)))


def test_2_32_a_2_the_short_statement_goes_along(exchange):
    """42 CFR 2.32(a)(2): a consent that attaches the short statement sends that one and not the other."""
    subject = new_id()
    exchange.accepted(DESK, consent(subject, grant(attach=["ATTACHMENT_NOTICE_2"])))
    texts = notices(terms(exchange, attendance(subject)))
    assert texts["42cfr2.32-2"].startswith("42 CFR part 2 prohibits unauthorized use or disclosure")
    assert "42cfr2.32-1" not in texts


def test_2_32_b_the_scope_of_the_consent_goes_along(exchange):
    """42 CFR 2.32(b): the recipient is told what the consent covers, and nothing of the grants to others."""
    subject = new_id()
    mine, others = grant(), grant(targets=(COURT,), categories=("DRUG_TEST",))
    signed = consent(subject, mine, others)
    exchange.accepted(DESK, signed)
    told = terms(exchange, attendance(subject))
    assert [scope.grant_id for scope in told.scopes] == [mine["grantId"]]
    assert told.scopes[0].consent_id == consent_id(signed) and told.scopes[0].description == "What the form says"
    assert list(told.scopes[0].categories) == [4]
    assert others["grantId"] not in str(told) and COURT not in str(told)


def test_2_33_what_was_disclosed_is_not_passed_on_against_its_rule(exchange, key):
    """42 CFR 2.33: what was received under "no redisclosure" goes no further, though a consent covers such content; the
    recipient's own record does, and a court order lifts the rule."""
    subject = new_id()
    exchange.accepted(DESK, consent(subject, grant(redisclosure="REDISCLOSURE_RULE_NONE")))
    exchange.accepted(DESK, consent(subject, grant(sources=(OFFICE,), targets=(HOUSING,))))
    message = attendance(subject)
    exchange.accepted(CLINIC, message)
    delivery = handed_over(exchange, message)
    assert released(exchange, attendance(subject, to=HOUSING), OFFICE, HOUSING)
    forwarded = Draft(sender=OFFICE, recipient=HOUSING, subject=subject)
    del forwarded.parts[:]
    forwarded.parts += delivery.parts
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(OFFICE))) as peer:
        receipt = submit(peer, key(OFFICE), forwarded.seal())[0]
        assert receipt.refusal.code == "redisclosure_forbidden", receipt
        forwarded.header.message_id = new_id()
        forwarded.header.basis.legal = 1
        forwarded.header.basis.reference = "2026-order-7"
        assert submit(peer, key(OFFICE), forwarded.seal())[0].status == 1


def criminal_justice(subject, proceeding, **more):
    later = {"revocableFrom": {"eventCode": "final_disposition"}, "proceedingId": proceeding,
             "imposingAuthority": "County Court", "monitorRole": "parole officer", "durationReason": "length of treatment",
             "redisclosure": "REDISCLOSURE_RULE_OFFICIAL_DUTY_CASE", **more}
    return consent(subject, grant(**later), regime="CONSENT_REGIME_PART2_CJ")


def final_disposition(subject, proceeding):
    return operational(subject, OFFICE, "HearingResult", {
        "hearingId": "h-1", "result": "discharged", "dispositionFinal": True, "proceedingId": proceeding})


def test_2_35_a_1_only_those_who_made_it_a_condition(exchange):
    """42 CFR 2.35(a)(1): a parole office that imposed it may be told; housing cannot be made a monitor."""
    subject, proceeding = new_id(), new_id()
    to_housing = criminal_justice(subject, proceeding, recipients=[{"kind": "PARTY_KIND_AGENCY", "agency": HOUSING}])
    code, detail = refusal_of(exchange, DESK, to_housing)
    assert code == "consent_deficient" and "recipients" in detail
    exchange.accepted(DESK, criminal_justice(subject, proceeding))
    assert released(exchange, attendance(subject, proceedingId=proceeding))


@pytest.mark.parametrize("rule, element", [
    ("2.35(a)(1) who made it a condition", "imposingAuthority"), ("2.35(a)(2) why it must be monitored", "monitorRole"),
    ("2.35(b) a reasonable duration", "durationReason"), ("2.35(c) from when it can be revoked", "revocableFrom"),
], ids=lambda value: value if value.startswith("2.35") else "")
def test_2_35_what_a_criminal_justice_consent_states(exchange, rule, element):
    """42 CFR 2.35(a) to (c): each statement is required, and named when it is missing."""
    subject, proceeding = new_id(), new_id()
    whole = criminal_justice(subject, proceeding)
    code, _ = refusal_of(exchange, DESK, without(whole, ("grants", 0, element)))
    assert code == "consent_deficient", rule
    exchange.accepted(DESK, whole)
    assert released(exchange, attendance(subject, proceedingId=proceeding))


def test_2_35_c_a_revocation_waits_for_the_final_disposition(exchange):
    """42 CFR 2.35(c): revoked too early it stays in force, and the revoker is told until when; with the hearing it ends by
    itself, and a hearing of another case ends nothing."""
    subject, proceeding = new_id(), new_id()
    signed = criminal_justice(subject, proceeding)
    exchange.accepted(DESK, signed)
    receipt = exchange.accepted(DESK, revocation(subject, signed))
    assert disposition(receipt) == ("APPLIED", "revocation_pending")
    assert released(exchange, attendance(subject, proceedingId=proceeding))
    exchange.accepted(COURT, final_disposition(subject, new_id()))
    assert released(exchange, attendance(subject, proceedingId=proceeding))
    exchange.accepted(COURT, final_disposition(subject, proceeding))
    assert held(exchange, attendance(subject, proceedingId=proceeding)) == "consent_revoked"


def test_2_35_d_for_official_duties_about_that_release_only(exchange):
    """42 CFR 2.35(d): a message under another proceeding, a new charge, is refused."""
    subject, proceeding = new_id(), new_id()
    exchange.accepted(DESK, criminal_justice(subject, proceeding))
    assert released(exchange, attendance(subject, proceedingId=proceeding))
    assert refusal_of(exchange, CLINIC, attendance(subject, proceedingId=new_id()))[0] == "consent_other_proceeding"


def test_2_51_an_emergency_reaches_those_who_treat(own_exchange):
    """42 CFR 2.51(a): to medical personnel without a consent, by somebody named; to a parole office not."""
    own_exchange.add("agency/treatment-east", "treatment")
    own_exchange.start()
    subject = new_id()
    basis = {"basis": {"legal": "LEGAL_BASIS_MEDICAL_EMERGENCY", "reference": "overdose"}, "purpose": "PURPOSE_EMERGENCY"}
    named = basis | {"actor": {"id": "w-7"}}
    assert refusal_of(own_exchange, CLINIC, attendance(subject, to="treatment-east") | basis)[0] == "field_missing"
    assert refusal_of(own_exchange, CLINIC, attendance(subject) | named)[0] == "basis_insufficient"
    assert released(own_exchange, attendance(subject, to="treatment-east") | named, recipient="treatment-east")
    own_exchange.stop()


def test_2_61_a_court_order_names_itself(exchange):
    """42 CFR 2.61: an order authorises what it is named for; a message that names none is refused."""
    subject = new_id()
    order = {"legal": "LEGAL_BASIS_COURT_ORDER"}
    assert refusal_of(exchange, CLINIC, attendance(subject, basis=order))[0] == "basis_insufficient"
    assert released(exchange, attendance(subject, basis=order | {"reference": "2026-order-7"}))
