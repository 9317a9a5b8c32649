"""Explained: what a check says is what a submission gets, and of any release it can be told why, and what if."""
import json
import os
import random

import pytest
import schema
from envelope import now
from exchange import AUDITOR, OPERATOR
from messages import attendance, consent, consent_id, grant, new_id, of, part, revocation

CLINIC, OFFICE, DESK, HOME, COURT = "treatment-south", "parole-north", "intake-desk", "housing-harbor", "court-county"

NOTES = {"attendance": "AttendanceNote", "drug_test": "DrugTestNote", "sud_treatment": "SudTreatmentNote",
         "mental_health": "MentalHealthNote", "victim_info": "VictimInfoNote", "housing": "HousingNote",
         "sud_counselling_notes": "SudCounsellingNote"}


def grant_of(signed):
    return signed["parts"][0]["content"]["grants"][0]["grantId"]


def check(exchange, subject, categories, to=OFFICE, *words, profile=CLINIC, purpose="supervision_monitoring"):
    return exchange.ask(profile, "consent", "check", "--from", CLINIC, "--to", to, "--subject", subject, "--category",
                        ",".join(categories), "--purpose", purpose, *words)[0]


def message_of(subject, categories, to, **more):
    """A message whose parts have these categories; the leading one is an attendance record."""
    message = attendance(subject, to=to, **more)
    message["parts"] += [part(NOTES[name], title="Title", text="Text") for name in categories[1:]]
    return message


def receipt_says(receipt):
    """A receipt in the words of a check."""
    if receipt["status"] == "RECEIPT_STATUS_REFUSED":
        return "deny", receipt["refusal"]["code"], 0
    found = receipt["dispositions"][0]
    if found["kind"] == "DISPOSITION_KIND_HELD":
        return "hold", found["code"], 0
    withheld = int(found.get("partsWithheld", 0))
    return "permit_parts" if withheld else "permit", found.get("code", ""), int(found["partsReleased"])


def answer_says(answer):
    return answer["decision"], answer.get("code", ""), len(answer.get("permitted", []))


@pytest.mark.quick
def test_a_check_says_what_a_submission_gets(exchange):
    """Over many persons, grants and messages, each asked about first and then sent."""
    chance = random.Random(35)
    categories = [name.upper() for name in NOTES if name not in ("victim_info", "sud_counselling_notes")]
    said = set()
    for _ in range(24):
        subject = new_id()
        for _ in range(chance.randrange(3)):
            chosen = chance.sample(categories, chance.randrange(1, 4))
            window = chance.choice([{}, {}, {"validFrom": now(86400)}, {"proceedingId": "2026-cr-1"}])
            signed = consent(subject, grant(targets=chance.sample([OFFICE, COURT, HOME], 2), categories=chosen, **window))
            exchange.accepted(DESK, signed)
            if chance.randrange(4) == 0:
                exchange.accepted(DESK, revocation(subject, signed))
        asked = ["attendance", *chance.sample([name for name in NOTES if name != "attendance"], chance.randrange(4))]
        to = chance.choice([OFFICE, COURT, HOME])
        proceeding = chance.choice([[], ["--proceeding", "2026-cr-2"]])
        more = {"proceedingId": proceeding[1]} if proceeding else {}
        answer = answer_says(check(exchange, subject, asked, to, *proceeding))
        receipt = receipt_says(exchange.send(CLINIC, message_of(subject, asked, to, **more))[0])
        assert answer == receipt, (asked, to, proceeding)
        said.add(answer[0])
    assert {"hold", "permit", "permit_parts"} <= said


@pytest.mark.quick
def test_each_category_has_its_own_answer_and_reason(exchange):
    subject = new_id()
    signed = consent(subject, grant(categories=("ATTENDANCE",)))
    exchange.accepted(DESK, signed)
    answer = check(exchange, subject, ["attendance", "drug_test", "victim_info"])
    lines = {line["category"]: line for line in answer["lines"]}
    assert [lines[f"CATEGORY_{name}"]["answer"] for name in ("ATTENDANCE", "DRUG_TEST", "VICTIM_INFO")] == ["yes", "hold", "no"]
    assert lines["CATEGORY_ATTENDANCE"]["grantId"] == grant_of(signed) and "expiresAt" in lines["CATEGORY_ATTENDANCE"]
    assert all(lines[f"CATEGORY_{name}"]["ruleId"] for name in ("ATTENDANCE", "DRUG_TEST"))
    assert lines["CATEGORY_DRUG_TEST"]["code"] == "consent_missing"
    assert answer["policyVersion"] >= 1 and "42cfr2.32-2" in answer["notices"] and answer["grants"] == [grant_of(signed)]


@pytest.mark.quick
def test_a_hold_names_the_consent_that_cures_it(exchange):
    subject = new_id()
    answer = check(exchange, subject, ["attendance", "drug_test"], OFFICE, "--role", "records")
    assert answer["decision"] == "hold"
    for word in (CLINIC, OFFICE, "records", "attendance", "drug_test", "supervision_monitoring"):
        assert word in answer["cure"]
    exchange.accepted(DESK, consent(subject, grant(categories=("ATTENDANCE", "DRUG_TEST"))))
    assert check(exchange, subject, ["attendance", "drug_test"])["decision"] == "permit"


@pytest.mark.quick
def test_a_check_is_judged_as_of_its_time(exchange):
    subject = new_id()
    begins, ends = now(86400 * 2), now(86400 * 9)
    exchange.accepted(DESK, consent(subject, grant(validFrom=begins, expiry={"at": ends})))
    waits = check(exchange, subject, ["attendance"])
    assert waits["decision"] == "hold" and waits["code"] == "consent_not_yet_valid"
    assert waits["recheckAt"][:19] == begins[:19] and waits["lines"][0]["validFrom"][:19] == begins[:19]
    assert check(exchange, subject, ["attendance"], OFFICE, "--at", now(86400 * 3))["decision"] == "permit"
    over = check(exchange, subject, ["attendance"], OFFICE, "--at", now(86400 * 10))
    assert (over["decision"], over["code"]) == ("hold", "consent_expired")
    before = check(exchange, subject, ["attendance"], OFFICE, "--at", now(-86400))
    assert (before["decision"], before["code"]) == ("hold", "consent_missing")


def test_a_desk_that_the_consent_names_is_asked_about_as_such(exchange):
    subject = new_id()
    narrow = grant()
    narrow["recipients"] = [{"kind": "PARTY_KIND_ROLE_IN_AGENCY", "agency": OFFICE, "role": "records"}]
    exchange.accepted(DESK, consent(subject, narrow))
    assert check(exchange, subject, ["attendance"])["decision"] == "hold"
    assert check(exchange, subject, ["attendance"], OFFICE, "--role", "records")["decision"] == "permit"


@pytest.mark.quick
def test_who_may_ask_for_a_check(exchange):
    subject = new_id()
    assert check(exchange, subject, ["attendance"], profile=AUDITOR)["decision"] == "hold"
    for who in (OFFICE, HOME, OPERATOR):
        refused = exchange.cli("consent", "check", "--from", CLINIC, "--to", OFFICE, "--subject", subject, "--category",
                               "attendance", "--purpose", "treatment", profile=who)
        assert refused.code == 3 and "not_permitted" in str(refused)
    unknown = exchange.cli("consent", "check", "--to", "nobody-here", "--subject", subject, "--category", "attendance",
                           profile=CLINIC)
    assert unknown.code == 3 and "unknown_recipient" in str(unknown)
    assert [row["event"] for row in exchange.trail("--subject", subject)][0] == "query"


# ---- why ----

@pytest.fixture(scope="module")
def told(exchange):
    """Held, cured by a consent, released in part."""
    subject = new_id()
    message = message_of(subject, ["attendance", "sud_counselling_notes"], OFFICE)
    exchange.accepted(CLINIC, message)
    signed = consent(subject, grant(sources=(CLINIC, HOME), targets=(OFFICE, COURT)))
    exchange.accepted(DESK, signed)
    assert of(exchange.collect(OFFICE, wait=10, count=1) + exchange.collect(OFFICE), message)
    return subject, signed, message


def why(exchange, who, message):
    rows = exchange.ask(who, "trail", "why", message["messageId"])
    return {row["event"]: row for row in rows}


@pytest.mark.quick
def test_why_for_an_auditor(exchange, told):
    subject, signed, message = told
    rows = why(exchange, AUDITOR, message)
    assert list(rows) == ["submission", "held", "unheld", "release"]
    assert rows["held"]["code"] == "consent_missing" and len(rows["held"]["withheld"]) == 2
    release = rows["release"]
    assert release["released"] == ["CATEGORY_ATTENDANCE"] and release["withheld"] == ["CATEGORY_SUD_COUNSELLING_NOTES"]
    assert release["purpose"] == "PURPOSE_SUPERVISION_MONITORING" and release["subject"] == subject
    assert release["consentIds"] == [consent_id(signed)]
    (relied,) = release["grants"]
    assert relied["grantId"] == grant_of(signed) and relied["status"] == "active"
    assert len(relied["disclosers"]) == 2 and relied["documentSha256"] and relied["signedAt"] and relied["recordedAt"]
    assert release["ruleIds"] and len(release["ruleIds"]) == len(release["cites"]) and release["policyVersion"] >= 1
    assert any(notice.startswith("42cfr2.32-2@") for notice in release["notices"])
    assert release["redisclosure"] == ["none"] and release["termsSha256"]
    assert release["code"] == "consent_missing" and release["today"] == "permit_parts"


@pytest.mark.quick
def test_why_for_the_sender_and_the_recipient(exchange, told):
    _, _, message = told
    mine = why(exchange, CLINIC, message)
    assert list(mine) == ["submission", "held", "unheld", "release"]
    (relied,) = mine["release"]["grants"]
    assert relied["disclosers"] == [CLINIC] and relied["recipients"] == [OFFICE]
    theirs = why(exchange, OFFICE, message)
    assert list(theirs) == ["release"]
    assert theirs["release"]["released"] == ["CATEGORY_ATTENDANCE"]
    assert HOME not in json.dumps([mine, theirs]) and COURT not in json.dumps([mine, theirs])
    assert not {"withheld", "code", "today", "todayCode", "todayWithheld"} & set(theirs["release"])
    assert "ounselling" not in json.dumps(theirs) and "COUNSELLING" not in json.dumps(theirs)
    assert "status" not in theirs["release"]["grants"][0]


@pytest.mark.quick
def test_why_is_answered_to_nobody_else(exchange, told):
    _, _, message = told
    for who in (HOME, COURT, DESK):
        others = exchange.cli("trail", "why", message["messageId"], profile=who)
        never = exchange.cli("trail", "why", new_id(), profile=who)
        assert others.code == 3 and others.rows == never.rows and "not_found" in str(others)
    assert "not_permitted" in str(exchange.cli("trail", "why", message["messageId"], profile=OPERATOR))


@pytest.mark.quick
def test_why_says_what_would_be_today(exchange):
    subject = new_id()
    signed = consent(subject, grant())
    exchange.accepted(DESK, signed)
    message = attendance(subject)
    exchange.accepted(CLINIC, message)
    assert of(exchange.collect(OFFICE), message)
    exchange.accepted(DESK, revocation(subject, signed))
    release = why(exchange, AUDITOR, message)["release"]
    assert (release["today"], release["todayCode"]) == ("hold", "consent_revoked")
    assert release["todayWithheld"] == ["CATEGORY_ATTENDANCE"] and release["grants"][0]["status"] == "revoked"
    theirs = why(exchange, OFFICE, message)["release"]
    assert "today" not in theirs and "revokedAt" not in theirs["grants"][0]


@pytest.mark.quick
def test_why_tells_the_sender_nothing_of_another_recipient(exchange):
    subject = new_id()
    signed = consent(subject, grant(targets=(OFFICE, COURT)))
    exchange.accepted(DESK, signed)
    message = attendance(subject)
    exchange.accepted(CLINIC, message)
    assert of(exchange.collect(OFFICE), message)
    before = why(exchange, CLINIC, message)["release"]
    exchange.accepted(DESK, revocation(subject, signed, recipient=COURT))
    after = why(exchange, CLINIC, message)["release"]
    assert after == before and after["today"] == "permit"
    assert why(exchange, AUDITOR, message)["release"]["grants"][0]["status"] == "partly_revoked"


@pytest.mark.quick
def test_why_explains_what_was_recalled_and_what_was_refused(exchange):
    subject = new_id()
    signed = consent(subject, grant(targets=(COURT,)))
    exchange.accepted(DESK, signed)
    queued = attendance(subject, to=COURT)
    exchange.accepted(CLINIC, queued)
    exchange.accepted(DESK, revocation(subject, signed))
    recall = why(exchange, CLINIC, queued)["recall"]
    assert recall["code"] == "consent_revoked" and recall["grants"][0]["grantId"] == grant_of(signed)
    assert recall["grants"][0]["revokedAt"]
    denied = attendance(subject, to=COURT, basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
    assert exchange.refused(CLINIC, denied) == "basis_insufficient"
    row = why(exchange, AUDITOR, denied)["refusal"]
    assert row["code"] == "basis_insufficient" and row["withheld"] == ["CATEGORY_ATTENDANCE"]
    assert row["legalBasis"] == "non_part2_operational" and row["today"] == "deny"


def test_why_in_sentences(exchange, told):
    _, signed, message = told
    done = exchange.plain(AUDITOR, "trail", "why", message["messageId"])
    text = " ".join(done.split())
    for words in ("held: treatment-south to parole-north", "Because no consent in force covers this (consent_missing).",
                  "Released: attendance.", "Not released: sud counselling notes.", f"Permitted by grant {grant_of(signed)}",
                  "For the purpose of supervision monitoring.", "By the rules ", "It may not be passed on.", "Notices that went along: ",
                  "Today a part of it would be released."):
        assert words in text, done
    assert max(len(line) for line in done.splitlines()) <= 100


# ---- reviews ----

@pytest.mark.quick
def test_a_release_in_an_emergency_is_listed_until_it_is_reviewed(exchange):
    subject = new_id()
    message = attendance(subject, to=CLINIC, basis={"legal": "LEGAL_BASIS_MEDICAL_EMERGENCY"}, actor={"id": "w-1"},
                         purpose="PURPOSE_EMERGENCY")
    exchange.accepted(OFFICE, message)
    assert of(exchange.collect(CLINIC), message)

    def rows(who, *words):
        return [row for row in exchange.ask(who, "review", "list", *words) if row["messageId"] == message["messageId"]]

    (row,) = rows(OFFICE, "--open")
    assert row["status"] == "open" and row["recipient"] == CLINIC and row["due"] > row["releasedAt"]
    assert rows(AUDITOR) == [row] == rows(OPERATOR)
    for who in (CLINIC, HOME):
        assert rows(who) == []
    assert why(exchange, OFFICE, message)["release"]["legalBasis"] == "medical_emergency"
    exchange.accepted(OFFICE, {"messageId": new_id(), "type": "EmergencyReview", "actor": {"id": "w-2"}, "parts": [
        part("EmergencyReview", messageId=message["messageId"], finding="EMERGENCY_FINDING_JUSTIFIED")]})
    assert rows(OFFICE, "--open") == []
    (row,) = rows(AUDITOR)
    assert row["status"] == "justified" and row["reviewer"] == "w-2" and row["reviewedAt"]
    assert "reviewer" not in rows(OPERATOR)[0]
    assert {"break_glass", "break_glass_reviewed"} <= set(why(exchange, AUDITOR, message))


# ---- what if ----

@pytest.mark.quick
def test_what_if_a_consent_had_been_revoked(exchange, told):
    subject, signed, message = told
    for number in (consent_id(signed), grant_of(signed)):
        rows = exchange.ask(AUDITOR, "trail", "whatif", "--revoke", number)
        assert [(row["messageId"], row["was"], row["wouldBe"], row["code"]) for row in rows] == [
            (message["messageId"], "permit_parts", "hold", "consent_revoked")]
        assert rows[0]["noLonger"] == ["CATEGORY_ATTENDANCE"] and rows[0]["subject"] == subject
    assert "not_found" in str(exchange.cli("trail", "whatif", "--revoke", new_id(), profile=AUDITOR))


@pytest.mark.quick
def test_what_if_it_were_another_time(exchange, told):
    subject, _, message = told
    rows = exchange.ask(AUDITOR, "trail", "whatif", "--at", now(86400 * 400), "--subject", subject)
    assert [(row["was"], row["wouldBe"], row["code"]) for row in rows] == [("permit_parts", "hold", "consent_expired")]
    rows = exchange.ask(AUDITOR, "trail", "whatif", "--at", now(3600), "--subject", subject)
    assert [(row["messageId"], row["was"], row["wouldBe"]) for row in rows] == [
        (message["messageId"], "hold", "permit_parts")]


def test_what_if_there_were_another_policy(exchange, told, tmp_path):
    subject, _, message = told
    with open(os.path.join(schema.ROOT, "broker/consent/policy.yaml"), encoding="utf-8") as lines:
        text = lines.read()
    same = tmp_path / "same.yaml"
    same.write_text(text, encoding="utf-8")
    assert exchange.ask(AUDITOR, "trail", "whatif", "--policy", str(same), "--subject", subject) == []
    stricter = tmp_path / "stricter.yaml"
    head, _, rules = text.partition("\nrules:\n")
    stricter.write_text(head + "\nrules:\n  - { rule_id: nothing-to-parole, effect: deny, to: [parole], cite: a test }\n" + rules,
                        encoding="utf-8")
    rows = exchange.ask(AUDITOR, "trail", "whatif", "--policy", str(stricter), "--subject", subject)
    assert [(row["messageId"], row["was"], row["wouldBe"], row["code"]) for row in rows] == [
        (message["messageId"], "hold", "deny", "basis_insufficient"),
        (message["messageId"], "permit_parts", "deny", "basis_insufficient")]
    rows = exchange.ask(OPERATOR, "trail", "whatif", "--policy", str(stricter))
    assert message["messageId"] in json.dumps(rows) and subject not in json.dumps(rows)
    stricter.write_text("policy_id: none\n", encoding="utf-8")
    assert exchange.cli("trail", "whatif", "--policy", str(stricter), profile=OPERATOR).code == 1


@pytest.mark.quick
def test_who_may_ask_what_if(exchange, told):
    subject, signed, _ = told
    for who in (CLINIC, OFFICE, HOME, DESK):
        assert "not_permitted" in str(exchange.cli("trail", "whatif", "--at", now(0), profile=who))
    rows = exchange.ask(OPERATOR, "trail", "whatif", "--at", now(86400 * 400))
    assert rows and subject not in json.dumps(rows) and grant_of(signed) not in json.dumps(rows)
    for words in (["--subject", subject], ["--revoke", consent_id(signed)]):
        assert "not_permitted" in str(exchange.cli("trail", "whatif", "--at", now(0), *words, profile=OPERATOR))


def test_pages_of_what_if_join(exchange):
    subject = new_id()
    signed = consent(subject, grant(targets=(COURT,)))
    exchange.accepted(DESK, signed)
    sent = [attendance(subject, to=COURT, evidence="EVIDENCE_LEVEL_EXCEPTIONS") for _ in range(600)]
    for begin in range(0, 600, 60):
        exchange.send(CLINIC, *sent[begin:begin + 60])
    exchange.collect(COURT, count=2000)
    rows = exchange.ask(AUDITOR, "trail", "whatif", "--revoke", grant_of(signed))
    assert {row["messageId"] for row in rows} == {message["messageId"] for message in sent} and len(rows) == 600
