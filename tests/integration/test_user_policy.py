"""A policy that users must accept: published, told to every agency, read, accepted by named people."""
import base64
import hashlib
import subprocess

import pytest
import schema
import wire
from exchange import AGENCIES, AUDITOR, OPERATOR
from messages import new_id

OFFICE, CLINIC = "parole-north", "treatment-south"
FIRST, SECOND = "Use it for your work only.\nTell nobody.\n", "Use it for your work only.\n"


def publish(exchange, folder, version, text, name="acceptable-use", profile=OPERATOR):
    path = folder / "policy.txt"
    path.write_text(text, encoding="utf-8")
    return exchange.cli("policy", "publish", str(path), "--id", name, "--version", str(version),
                        "--title", "Acceptable use", "--actor", "op-1", profile=profile)


def accept(exchange, profile, actor, name="acceptable-use"):
    return exchange.cli("policy", "accept", name, "--actor", actor, profile=profile)


def acceptance(version, text, name="acceptable-use"):
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"messageId": new_id(), "type": "PolicyAck", "actor": {"id": "w-9"}, "parts": [
        {"type": "PolicyAck", "content": {"policyId": name, "version": version, "textSha256": digest,
                                          "acceptedAt": "2026-01-01T00:00:00Z"}}]}


def told(exchange, agency):
    """What its notices say: id and version."""
    return [(part["content"]["policyId"], part["content"]["version"])
            for row in exchange.collect(agency) for part in row["parts"] if part["type"] == "PolicyNotice"]


def people(exchange, profile=OPERATOR, name="acceptable-use"):
    return {(row["agency"], row.get("actor")) for row in exchange.ask(profile, "policy", "accepted", name)}


def digest_of(exchange, word):
    done = subprocess.run([exchange.daemon_path, "--config", exchange.configuration(), word],
                          capture_output=True, text=True, check=True)
    return done.stdout.split("ledger")[-1].split()[:3]


@pytest.mark.quick
def test_a_policy_is_published_told_read_accepted_and_asked_again(own_exchange, tmp_path):
    own_exchange.start()
    assert publish(own_exchange, tmp_path, 1, FIRST).code == 0
    for agency in (OFFICE, CLINIC):
        assert told(own_exchange, agency) == [("acceptable-use", 1)]
    own_exchange.add("agency/late-house", "housing")
    assert told(own_exchange, "late-house") == [("acceptable-use", 1)]
    row = own_exchange.ask(CLINIC, "policy", "text", "acceptable-use")[0]
    assert (row["title"], row["version"], row["text"]) == ("Acceptable use", 1, FIRST)
    assert base64.b64decode(row["textSha256"]) == hashlib.sha256(FIRST.encode()).digest()
    nobody = {(agency, None) for agency in (*AGENCIES, "late-house")}
    assert people(own_exchange) == nobody
    for actor in ("w-1", "w-2", "w-1"):  # again is no fault
        assert accept(own_exchange, OFFICE, actor).code == 0
    some = nobody - {(OFFICE, None)} | {(OFFICE, "w-1"), (OFFICE, "w-2")}
    assert people(own_exchange) == people(own_exchange, AUDITOR) == some
    assert people(own_exchange, OFFICE) == {(OFFICE, "w-1"), (OFFICE, "w-2")}
    assert people(own_exchange, CLINIC) == {(CLINIC, None)}
    own_exchange.kill()
    own_exchange.start()
    assert people(own_exchange) == some and told(own_exchange, OFFICE) == []
    assert publish(own_exchange, tmp_path, 2, SECOND).code == 0
    assert told(own_exchange, "late-house") == [("acceptable-use", 2)]
    assert people(own_exchange) == nobody
    assert accept(own_exchange, OFFICE, "w-2").code == 0
    assert people(own_exchange, OFFICE) == {(OFFICE, "w-2")}
    published = own_exchange.trail("--event", "policy_published")
    assert [(row["code"], row["ruleVersion"], row["actor"]) for row in published] == [
        ("acceptable-use", 1, "op-1"), ("acceptable-use", 2, "op-1")]
    accepted = own_exchange.trail("--event", "policy_accepted")
    assert [(row["agency"], row["actor"], row["ruleVersion"]) for row in accepted] == [
        (OFFICE, "w-1", 1), (OFFICE, "w-2", 1), (OFFICE, "w-2", 2)]
    own_exchange.stop()
    assert digest_of(own_exchange, "--check") == digest_of(own_exchange, "--rebuild")


def test_only_what_was_published_can_be_accepted(exchange, tmp_path):
    assert publish(exchange, tmp_path, 1, FIRST, "rules").code == 0
    for wrong in (acceptance(1, FIRST, "others"), acceptance(2, FIRST, "rules"), acceptance(1, SECOND, "rules")):
        assert exchange.refused(OFFICE, wrong) == "unknown_user_policy"
    assert exchange.refused(OPERATOR, acceptance(1, FIRST, "rules")) == "type_not_allowed"
    exchange.accepted(OFFICE, acceptance(1, FIRST, "rules"))
    assert publish(exchange, tmp_path, 2, SECOND, "rules").code == 0
    exchange.accepted(OFFICE, acceptance(1, FIRST, "rules"))  # it was published, but no longer counts
    assert people(exchange, OFFICE, "rules") == {(OFFICE, None)}
    for words in (("accept", "none", "--actor", "w-1"), ("accepted", "none"), ("text", "none")):
        answer = exchange.cli("policy", *words, profile=OFFICE)
        assert answer.code != 0 and answer.rows[0]["error"]["code"] == "not_found", answer
    assert exchange.cli("policy", "accept", "rules", profile=OFFICE).code == 2


def test_a_version_only_rises_and_is_the_operators(exchange, tmp_path):
    assert publish(exchange, tmp_path, 5, FIRST, "house").code == 0
    for version, text in ((5, SECOND), (4, SECOND), (0, SECOND)):
        answer = publish(exchange, tmp_path, version, text, "house")
        assert answer.code == 3 and answer.rows[0]["refusal"]["code"] == "field_invalid", answer
    assert publish(exchange, tmp_path, 6, SECOND, "house", OFFICE).code != 0
    assert publish(exchange, tmp_path, 6, "x" * 32769, "house").code != 0
    assert exchange.ask(OFFICE, "policy", "text", "house")[0]["text"] == FIRST
    assert publish(exchange, tmp_path, 6, "x" * 32768, "house").code == 0
    assert ("house", 6) in {(row["policyId"], row["version"]) for row in exchange.ask(CLINIC, "policy", "text")}


def test_who_has_accepted_is_listed_page_by_page(exchange, tmp_path):
    assert publish(exchange, tmp_path, 1, FIRST, "pages").code == 0
    for actor in ("w-1", "w-2", "w-3"):
        assert accept(exchange, OFFICE, actor, "pages").code == 0
    query, rows = schema.message("Query")(), []
    query.acceptance_list.policy_id = "pages"
    query.page.limit = 1
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(OPERATOR))) as operator:
        while True:
            reply = operator.call(query=query).query
            rows += [(row.agency, row.actor or None) for row in reply.acceptances]
            if not reply.next_cursor:
                break
            query.page.cursor = reply.next_cursor
    assert len(rows) == len(set(rows)) and set(rows) == people(exchange, name="pages")
    assert {row for row in rows if row[0] == OFFICE} == {(OFFICE, f"w-{number}") for number in (1, 2, 3)}


def test_people_read_it_line_by_line(exchange, tmp_path):
    assert publish(exchange, tmp_path, 1, FIRST, "lines").code == 0
    said = exchange.plain(OFFICE, "policy", "text", "lines").splitlines()
    assert said[-2:] == FIRST.splitlines()
    assert "not yet" in exchange.plain(OFFICE, "policy", "accepted", "lines")
