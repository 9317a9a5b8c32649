"""Sealed parts: only their recipients read them, and the exchange decides on them as on any other."""
import base64
import json
import os
import subprocess
import uuid

import pytest

import schema
from certificates import openssl
from envelope import Draft, now, submit
from exchange import OPERATOR, assert_three_parts
from messages import attendance, consent, evidence, grant, new_id, of, part, revocation
from test_forget import found_in

SENDER = "treatment-south"
RECIPIENT = "parole-north"
COURT = "court-county"


def planted():
    """A word that stands nowhere but where a message has it."""
    return "planted-" + uuid.uuid4().hex


def drug_test(word, **more):
    content = {"specimenId": word, "collectedAt": now(-86400), "status": "TEST_STATUS_GIVEN",
               "analytes": [{"substance": "opiates", "result": "ANALYTE_RESULT_NEGATIVE"}]}
    return {**part("DrugTestResult", **content), **more}


def with_test(subject, word, **more):
    """An attendance record that anybody may carry, and a drug test that the policy has sealed."""
    message = attendance(subject, **more)
    message["parts"].append(drug_test(word))
    return message


def both(subject, **more):
    return consent(subject, grant(categories=("ATTENDANCE", "DRUG_TEST"), **more))


def drug_tests(row):
    return [entry for entry in row["parts"] if entry["type"] == "DrugTestResult"]


def seal_elsewhere(certificate, content, *words):
    """As a program that is not ours seals."""
    return openssl("cms", "-encrypt", "-binary", "-outform", "DER", *words, certificate, input=content).stdout


def collect_all(exchange, agency):
    """Also when something could not be opened."""
    return exchange.cli("message", "collect", profile=agency)


@pytest.mark.quick
def test_the_recipient_reads_what_the_exchange_never_saw(own_exchange):
    exchange, subject, hidden, shown = own_exchange, new_id(), planted(), planted()
    exchange.start()
    exchange.accepted("intake-desk", both(subject))
    sealed, clear = with_test(subject, hidden), with_test(subject, shown)
    exchange.accepted(SENDER, sealed)
    done = exchange.cli("message", "send", "--no-seal", profile=SENDER, stdin=json.dumps(clear))
    assert done.code == 0, done
    rows = exchange.collect(RECIPIENT)
    [test] = drug_tests(of(rows, sealed)[0])
    assert test["sealed"] and test["opened"] and test["content"]["specimenId"] == hidden
    [test] = drug_tests(of(rows, clear)[0])
    assert "sealed" not in test and test["content"]["specimenId"] == shown
    # The sender's own view stays as it was sent; the recipient may look again.
    [mine] = exchange.ask(SENDER, "message", "show", sealed["messageId"])
    assert drug_tests(mine)[0]["opened"] is False
    [theirs] = exchange.ask(RECIPIENT, "message", "show", sealed["messageId"])
    assert drug_tests(theirs)[0]["content"]["specimenId"] == hidden
    exchange.stop()
    assert found_in(exchange.data(), [shown.encode()])
    assert not found_in(exchange.data(), [hidden.encode(), base64.b64encode(hidden.encode())])


def test_two_recipients_open_the_same_bytes(exchange):
    subject, word = new_id(), planted()
    exchange.accepted("intake-desk", both(subject, targets=(RECIPIENT, COURT)))
    message = with_test(subject, word)
    message["recipients"].append({"agency": COURT})
    exchange.accepted(SENDER, message)
    for agency in (RECIPIENT, COURT):
        [row] = of(exchange.collect(agency), message)
        assert drug_tests(row)[0]["content"]["specimenId"] == word


def test_the_same_message_sent_again_gets_the_first_receipt(exchange):
    subject = new_id()
    exchange.accepted("intake-desk", both(subject))
    message = with_test(subject, planted())
    first = exchange.accepted(SENDER, message)
    again = exchange.accepted(SENDER, message)
    assert again["repeatedSubmission"] and again["logSequence"] == first["logSequence"]
    message["parts"][1]["content"]["specimenId"] = planted()
    assert exchange.refused(SENDER, message) == "id_conflict"
    exchange.collect(RECIPIENT)


def test_sealed_parts_are_held_released_withheld_and_recalled_like_others(exchange):
    subject, word = new_id(), planted()
    message = with_test(subject, word)
    receipt = exchange.accepted(SENDER, message)
    assert receipt["dispositions"][0]["kind"] == "DISPOSITION_KIND_HELD"
    # Only a part of it.
    exchange.accepted("intake-desk", consent(subject, grant()))
    [row] = of(exchange.collect(RECIPIENT), message)
    assert [entry["type"] for entry in row["parts"]] == ["AttendanceRecord"] and row["partsWithheld"] == 1
    # All of it, and none of it.
    wider = both(subject)
    exchange.accepted("intake-desk", wider)
    whole, late = with_test(subject, word), with_test(subject, word)
    exchange.accepted(SENDER, whole)
    [row] = of(exchange.collect(RECIPIENT), whole)
    assert drug_tests(row)[0]["content"]["specimenId"] == word
    late["basis"] = {"grantId": wider["parts"][0]["content"]["grants"][0]["grantId"]}
    exchange.accepted(SENDER, late)
    exchange.accepted("intake-desk", revocation(subject, wider))
    assert not of(exchange.collect(RECIPIENT), late)
    assert "RECALLED" in evidence(exchange.collect(SENDER), late)
    [release] = [row for row in exchange.trail("--message", whole["messageId"]) if row["event"] == "release"]
    assert "drug_test" in release["categories"]


def test_a_renewed_certificate_brings_back_what_was_sealed_to_the_one_before(own_exchange, tmp_path):
    exchange, subject, word = own_exchange, new_id(), planted()
    exchange.start()
    exchange.accepted("intake-desk", both(subject))
    message = with_test(subject, word)
    file = tmp_path / "message.json"
    file.write_text(json.dumps(message))
    assert exchange.cli("message", "send", str(file), profile=SENDER).code == 0
    exchange.ask(None, "network", "renew", exchange.folder, f"agency/{RECIPIENT}")
    assert not of(exchange.collect(RECIPIENT), message)
    [notice] = [entry["content"] for row in exchange.collect(SENDER) for entry in row["parts"]
                if entry["content"].get("kind") == "EVIDENCE_KIND_RECALLED"]
    assert notice["messageId"] == message["messageId"] and notice["reasonCode"] == "certificate_changed"
    # The same message is still the same message; as a new one it is sealed anew.
    assert exchange.accepted(SENDER, message)["repeatedSubmission"]
    [receipt] = exchange.ask(SENDER, "message", "send", "--again", str(file))
    assert receipt["messageId"] != message["messageId"]
    [row] = [row for row in exchange.collect(RECIPIENT) if row["messageId"] == receipt["messageId"]]
    assert row["causationId"] == message["messageId"]
    assert drug_tests(row)[0]["content"]["specimenId"] == word
    # Held as well.
    other = with_test(new_id(), word)
    exchange.accepted(SENDER, other)
    exchange.ask(None, "network", "renew", exchange.folder, f"agency/{RECIPIENT}")
    exchange.collect(RECIPIENT)
    assert evidence(exchange.collect(SENDER), other) == ["HELD", "RECALLED"]
    exchange.stop()
    for words in ("--check", "--rebuild"):
        done = subprocess.run([exchange.daemon_path, "--config", exchange.configuration(), words], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, done


def test_a_member_entered_anew_is_sealed_to_with_its_new_certificate(own_exchange):
    exchange, subject, word = own_exchange, new_id(), planted()
    exchange.start()
    exchange.accepted("intake-desk", both(subject))
    message = with_test(subject, word)
    exchange.accepted(SENDER, message)
    exchange.collect(SENDER)
    exchange.ask(None, "network", "revoke", exchange.folder, f"agency/{RECIPIENT}")
    os.rename(exchange.profile(RECIPIENT), exchange.profile("gone"))
    exchange.add(f"agency/{RECIPIENT}", "parole")
    assert "RECALLED" in evidence(exchange.collect(SENDER), message)
    message = with_test(subject, word)
    exchange.accepted(SENDER, message)
    [row] = of(exchange.collect(RECIPIENT), message)
    assert drug_tests(row)[0]["content"]["specimenId"] == word


def sealed_part(message, sealed):
    message["parts"][1] = {"type": "DrugTestResult", "sealed": True, "content": base64.b64encode(sealed).decode()}
    return message


def test_what_cannot_be_opened_is_shown_sealed_and_its_sender_is_told(exchange):
    subject, word = new_id(), planted()
    exchange.accepted("intake-desk", both(subject))
    own = os.path.join(exchange.profile(RECIPIENT), "certificate.pem")
    others = os.path.join(exchange.profile(COURT), "certificate.pem")
    content = b"\x0a" + bytes([len(word)]) + word.encode()  # specimen_id alone: other fields are required
    good = seal_elsewhere(own, content, "-aes-256-cbc")
    cases = {
        "cannot_open": [seal_elsewhere(others, content, "-aes256"), good[:-9] + bytes(9), good[:40]],
        "sealed_content_invalid": [good, seal_elsewhere(own, b"\xff\xff", "-aes-256-cbc")],
    }
    for code, structures in cases.items():
        for sealed in structures:
            message = sealed_part(with_test(subject, word), sealed)
            exchange.accepted(SENDER, message)
            answer = collect_all(exchange, RECIPIENT)
            assert answer.code == 1, answer
            [row] = of([row for row in answer.rows if "error" not in row], message)
            [test] = drug_tests(row)
            assert test["sealed"] and not test["opened"]
            assert base64.b64decode(test["content"]) == sealed
            [error] = [row["error"] for row in answer.rows if "error" in row]
            assert error["code"] == code
            assert_three_parts(error)
            [reason] = [entry["content"]["reasonCode"] for row in exchange.collect(SENDER) for entry in row["parts"]
                        if entry["content"].get("kind") == "EVIDENCE_KIND_DEAD"]
            assert reason == code
    # What is in the clear and only called sealed is not taken at all.
    assert exchange.refused(SENDER, sealed_part(with_test(subject, word), content)) == "field_invalid"


def test_what_other_programs_sealed_is_opened(exchange):
    subject, word = new_id(), planted()
    exchange.accepted("intake-desk", both(subject))
    packed = schema.message("DrugTestResult")()
    packed.specimen_id, packed.status = word, 1
    packed.collected_at.GetCurrentTime()
    own = os.path.join(exchange.profile(RECIPIENT), "certificate.pem")
    for words in (("-aes-256-cbc",), ("-aes-256-gcm",)):
        message = sealed_part(with_test(subject, word),
                              seal_elsewhere(own, packed.SerializeToString(), *words))
        exchange.accepted(SENDER, message)
        [row] = of(exchange.collect(RECIPIENT), message)
        assert drug_tests(row)[0]["content"]["specimenId"] == word


def issue(exchange, folder, agency, *key):
    """A certificate of the network's authority for a key of another kind, newer than those there are."""
    os.makedirs(folder, exist_ok=True)
    names = {name: os.path.join(folder, name) for name in ("key.pem", "request.pem", "certificate.pem", "extensions.cnf")}
    openssl("genpkey", *key, "-out", names["key.pem"])
    openssl("req", "-new", "-key", names["key.pem"], "-subj", "/CN=other", "-out", names["request.pem"])
    with open(names["extensions.cnf"], "w", encoding="utf-8") as lines:
        lines.write("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n"
                    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
                    f"subjectAltName=URI:spiffe://test.example/agency/{agency}\n")
    ca = os.path.join(exchange.folder, "ca")
    openssl("x509", "-req", "-in", names["request.pem"], "-CA", f"{ca}/ca.pem", "-CAkey", f"{ca}/ca.key", "-extfile",
            names["extensions.cnf"], "-set_serial", "0x" + os.urandom(15).hex(), "-days", "2", "-out",
            names["certificate.pem"])
    return names


def enter(exchange, agency, kind, certificate=None):
    """The registry's entry, with this certificate if there is one, as the operator sends it."""
    content = {"agency": agency, "name": agency, "kind": f"AGENCY_KIND_{kind}", "status": "AGENCY_STATUS_ACTIVE"}
    if certificate:
        der = openssl("x509", "-in", certificate, "-outform", "DER").stdout
        content["certificateDer"] = base64.b64encode(der).decode()
    return exchange.send(OPERATOR, {"type": "AgencyEntry", "parts": [{"type": "AgencyEntry", "content": content}]})[0]


def test_keys_of_other_kinds(own_exchange, tmp_path):
    exchange, subject, word = own_exchange, new_id(), planted()
    exchange.start()
    exchange.accepted("intake-desk", both(subject))
    # P-384: the agency logs on with it.
    names = issue(exchange, str(tmp_path / "p384"), RECIPIENT, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
    for name in ("key.pem", "certificate.pem"):
        os.replace(names[name], os.path.join(exchange.profile(RECIPIENT), name))
    exchange.collect(RECIPIENT)
    message = with_test(subject, word)
    exchange.accepted(SENDER, message)
    [row] = of(exchange.collect(RECIPIENT), message)
    assert drug_tests(row)[0]["content"]["specimenId"] == word
    # RSA: a key that only opens, kept elsewhere; a program that is not ours opens it.
    names = issue(exchange, str(tmp_path / "rsa"), RECIPIENT, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    assert enter(exchange, RECIPIENT, "PAROLE", names["certificate.pem"])["status"] == "RECEIPT_STATUS_ACCEPTED"
    message = with_test(subject, word)
    exchange.accepted(SENDER, message)
    answer = collect_all(exchange, RECIPIENT)
    [row] = of([row for row in answer.rows if "error" not in row], message)
    opened = openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-inkey", names["key.pem"], "-recip",
                     names["certificate.pem"], input=base64.b64decode(drug_tests(row)[0]["content"])).stdout
    assert word.encode() in opened
    # Ed25519: nothing can be sealed to it.
    names = issue(exchange, str(tmp_path / "ed"), RECIPIENT, "-algorithm", "ED25519")
    assert enter(exchange, RECIPIENT, "PAROLE", names["certificate.pem"])["status"] == "RECEIPT_STATUS_ACCEPTED"
    answer = exchange.cli("message", "send", profile=SENDER, stdin=json.dumps(with_test(subject, word)))
    assert answer.code == 3, answer
    assert answer.rows[0]["error"]["code"] == "cannot_seal" and RECIPIENT in answer.rows[0]["error"]["detail"]
    assert_three_parts(answer.rows[0]["error"])
    # And to an agency without one: clear words instead of clear text.
    assert enter(exchange, "court-new", "COURT")["status"] == "RECEIPT_STATUS_ACCEPTED"
    answer = exchange.cli("message", "send", profile=SENDER, stdin=json.dumps(with_test(subject, word, to="court-new")))
    assert answer.code == 3 and answer.rows[0]["error"]["code"] == "cannot_seal", answer
    # Another agency's certificate is not taken into the registry.
    refused = enter(exchange, COURT, "COURT", names["certificate.pem"])
    assert refused["refusal"]["code"] == "field_invalid" and "certificate_der" in refused["refusal"]["detail"]


def test_parts_that_say_so_are_sealed_and_what_the_exchange_reads_is_not(exchange, connect, key):
    subject = new_id()
    exchange.accepted("intake-desk", both(subject))
    message = with_test(subject, planted())
    message["parts"][1]["sealed"] = True
    exchange.accepted(SENDER, message)
    assert drug_tests(of(exchange.collect(RECIPIENT), message)[0])[0]["opened"]
    # Refused here by the command line, and by the exchange where somebody sends it all the same.
    message = attendance(subject)
    message["parts"][0]["sealed"] = True
    answer = exchange.cli("message", "send", profile=SENDER, stdin=json.dumps(message))
    assert answer.code == 3 and answer.rows[0]["error"]["code"] == "part_sealed", answer
    peer = connect(SENDER)
    draft = Draft()
    draft.parts[0].sealed = True
    [receipt] = submit(peer, key(SENDER), draft.seal())
    assert receipt.refusal.code == "part_sealed" and "AttendanceRecord" in receipt.refusal.detail
    assert receipt.refusal.message and receipt.refusal.hint
    # Of another category than it declares, over the limit, and sealed to what is no digest.
    for spoil, code in ((lambda one: setattr(one, "category", 16), "part_category"),
                        (lambda one: setattr(one, "content", bytes(1048577)), "field_too_long"),
                        (lambda one: setattr(one, "sealed_to", bytes(31)), "field_invalid")):
        draft = Draft()
        one = draft.add("DrugTestResult", b"sealed elsewhere")
        one.sealed = True
        spoil(one)
        [receipt] = submit(peer, key(SENDER), draft.seal())
        assert receipt.refusal.code == code, receipt


def test_a_recipient_named_by_its_service_is_sealed_to(own_exchange):
    exchange, subject, word = own_exchange, new_id(), planted()
    exchange.start()
    exchange.accepted("intake-desk", both(subject))
    exchange.accepted(RECIPIENT, {"type": "ServiceEntry", "parts": [part(
        "ServiceEntry", serviceId="north-supervision", agency=RECIPIENT, name="Supervision",
        status="SERVICE_STATUS_ACTIVE")]})
    message = with_test(subject, word)
    message["recipients"] = [{"service": "north-supervision"}]
    exchange.accepted(SENDER, message)
    [row] = of(exchange.collect(RECIPIENT), message)
    assert drug_tests(row)[0]["opened"] and drug_tests(row)[0]["content"]["specimenId"] == word
    message["recipients"] = [{"service": "nobody-offers-this"}]
    answer = exchange.cli("message", "send", profile=SENDER, stdin=json.dumps({**message, "messageId": new_id()}))
    assert answer.code == 3 and answer.rows[0]["error"]["code"] == "unknown_service", answer


def test_everything_is_sealed_that_need_not_be_read(exchange):
    message = {"messageId": new_id(), "type": "MonitoringEvent", "recipients": [{"agency": COURT}], "subject": new_id(),
               "purpose": "PURPOSE_REFERRAL_COORDINATION", "basis": {"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"},
               "parts": exchange.cli("message", "template", "MonitoringEvent").rows[0]["parts"]}
    answer = exchange.cli("message", "send", "--seal", profile=RECIPIENT, stdin=json.dumps(message))
    assert answer.code == 0, answer
    [row] = of(exchange.collect(COURT), message)
    assert all(entry["sealed"] and entry["opened"] for entry in row["parts"])
    assert exchange.cli("message", "send", "--seal", "--no-seal", profile=RECIPIENT, stdin="{}").code == 2


def test_the_registry_names_whom_to_seal_to(exchange):
    [row] = [row for row in exchange.ask(RECIPIENT, "doctor") if row["check"] == "sealing"]
    assert row["result"] == "ok"
    message = attendance(new_id(), to="nobody-at-all")
    message["parts"].append(drug_test(planted(), sealed=True))
    answer = exchange.cli("message", "send", profile=SENDER, stdin=json.dumps(message))
    assert answer.code == 3 and answer.rows[0]["error"]["code"] == "unknown_recipient", answer
