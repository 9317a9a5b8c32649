"""Nothing protected is handed over without a consent in force, and nothing after its revocation."""
import pytest
from envelope import now
from messages import attendance, consent, consent_id, evidence, grant, new_id, of, part, revocation

CLINIC, OFFICE, DESK = "treatment-south", "parole-north", "intake-desk"


def disposition(receipt):
    found = receipt["dispositions"][0]
    return found["kind"].removeprefix("DISPOSITION_KIND_"), found.get("code")


@pytest.mark.quick
def test_without_consent_it_is_held_and_a_later_consent_releases_it(exchange):
    subject = new_id()
    message = attendance(subject)
    assert disposition(exchange.accepted(CLINIC, message)) == ("HELD", "consent_missing")
    assert not of(exchange.collect(OFFICE), message)
    exchange.accepted(DESK, consent(subject, grant()))
    got = of(exchange.collect(OFFICE, wait=10, count=1) + exchange.collect(OFFICE), message)
    assert len(got) == 1 and got[0]["parts"][0]["type"] == "AttendanceRecord"
    assert "HELD" in evidence(exchange.collect(CLINIC), message)


@pytest.mark.quick
def test_revocation_recalls_what_is_still_queued(exchange):
    subject = new_id()
    signed = consent(subject, grant())
    exchange.accepted(DESK, signed)
    message = attendance(subject)
    assert disposition(exchange.accepted(CLINIC, message))[0] == "QUEUED"
    exchange.accepted(DESK, revocation(subject, signed))
    assert not of(exchange.collect(OFFICE), message)
    assert "RECALLED" in evidence(exchange.collect(CLINIC), message)
    later = attendance(subject)
    assert disposition(exchange.accepted(CLINIC, later))[0] == "HELD"
    assert not of(exchange.collect(OFFICE), later)


def test_only_the_covered_parts_are_released(exchange):
    subject = new_id()
    exchange.accepted(DESK, consent(subject, grant()))
    message = attendance(subject)
    message["parts"].append(part("SudCounsellingNote", title="Notes", text="secret words"))
    receipt = exchange.accepted(CLINIC, message)
    assert receipt["dispositions"][0]["partsReleased"] == 1 and receipt["dispositions"][0]["partsWithheld"] == 1
    got = of(exchange.collect(OFFICE), message)
    assert [entry["type"] for entry in got[0]["parts"]] == ["AttendanceRecord"]
    assert "secret words" not in str(got) and "ounselling" not in str(got)


@pytest.mark.quick
@pytest.mark.parametrize("window, code", [
    ({"validFrom": now(86400 * 2)}, "consent_not_yet_valid"),
    ({"validFrom": now(-86400 * 9), "expiry": {"at": now(4)}}, "consent_expired"),
], ids=["not-yet-valid", "expired"])
def test_a_consent_outside_its_time_holds(exchange, window, code):
    subject = new_id()
    window = dict(window)
    if code == "consent_expired":
        window["expiry"] = {"at": now(2)}
    signed = consent(subject, grant(**window))
    exchange.accepted(DESK, signed)
    if code == "consent_expired":
        wait_until_expired(exchange, subject)
    grant_id = signed["parts"][0]["content"]["grants"][0]["grantId"]
    assert disposition(exchange.accepted(CLINIC, attendance(subject, grant=grant_id))) == ("HELD", code)


def wait_until_expired(exchange, subject):
    from exchange import wait_for
    wait_for(lambda: exchange.ask(CLINIC, "consent", "check", "--to", OFFICE, "--subject", subject, "--category",
                                  "attendance", "--purpose", "supervision_monitoring")[0]["decision"] == "hold",
             "the consent to expire")


@pytest.mark.quick
def test_a_consent_already_expired_is_not_recorded(exchange):
    subject = new_id()
    assert exchange.refused(DESK, consent(subject, grant(
        validFrom=now(-86400 * 9), expiry={"at": now(-3600)}))) == "consent_expired"


@pytest.mark.quick
def test_a_grant_for_another_proceeding_denies(exchange):
    subject = new_id()
    signed = consent(subject, grant(proceedingId="2026-cr-1"))
    exchange.accepted(DESK, signed)
    grant_id = signed["parts"][0]["content"]["grants"][0]["grantId"]
    assert exchange.refused(CLINIC, attendance(subject, grant=grant_id, proceedingId="2026-cr-2")) == "consent_other_proceeding"
    message = attendance(subject, grant=grant_id, proceedingId="2026-cr-1")
    exchange.accepted(CLINIC, message)
    assert of(exchange.collect(OFFICE), message)


@pytest.mark.quick
@pytest.mark.parametrize("missing", [
    "subjectNameAsSigned", "signature", "statements", "grants",
    ("grants", "disclosers"), ("grants", "recipients"), ("grants", "categories"), ("grants", "purposes"),
    ("grants", "expiry"),
    ("signature", "signedAt"), ("statements", "revocationRight"), ("statements", "howToRevoke"),
], ids=str)
def test_a_consent_that_lacks_an_element_is_refused(exchange, missing):
    subject = new_id()
    signed = consent(subject, grant())
    content = signed["parts"][0]["content"]
    if isinstance(missing, str):
        del content[missing]
    elif missing[0] == "grants":
        del content["grants"][0][missing[1]]
    else:
        del content[missing[0]][missing[1]]
    assert exchange.refused(DESK, signed) in ("consent_deficient", "field_missing")
    assert disposition(exchange.accepted(CLINIC, attendance(subject)))[0] == "HELD"


@pytest.mark.parametrize("category", ["SUD_COUNSELLING_NOTES", "PSYCHOTHERAPY_NOTES", "COURT_PROCEEDING"])
def test_what_needs_a_consent_of_its_own_is_not_combined(exchange, category):
    subject = new_id()
    assert exchange.refused(DESK, consent(subject, grant(), grant(categories=(category,)))) == "consent_combined"


def test_a_basis_that_does_not_cover_it_denies(exchange):
    subject = new_id()
    message = attendance(subject, basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
    assert exchange.refused(CLINIC, message) == "basis_insufficient"


def test_revoking_what_is_not_there(exchange):
    subject = new_id()
    assert exchange.refused(DESK, revocation(subject, consent(subject, grant()))) == "unknown_consent"


def test_a_grant_that_does_not_exist_holds_and_names_nobody(exchange):
    receipt = exchange.accepted(CLINIC, attendance(new_id(), grant=new_id()))
    assert disposition(receipt)[0] == "HELD"


@pytest.mark.quick
def test_the_check_says_what_a_submission_would_get(exchange):
    subject = new_id()
    words = ("consent", "check", "--to", OFFICE, "--subject", subject, "--category", "attendance,drug_test",
             "--purpose", "supervision_monitoring")
    assert exchange.ask(CLINIC, *words)[0]["decision"] == "hold"
    signed = consent(subject, grant())
    exchange.accepted(DESK, signed)
    answer = exchange.ask(CLINIC, *words)[0]
    assert answer["decision"] == "permit_parts"
    assert answer["permitted"] == ["CATEGORY_ATTENDANCE"] and answer["withheld"] == ["CATEGORY_DRUG_TEST"]
    exchange.accepted(DESK, revocation(subject, signed))
    assert exchange.ask(CLINIC, *words)[0]["decision"] == "hold"
    assert exchange.ask(DESK, "consent", "show", consent_id(signed))[0]["status"] == "revoked"
