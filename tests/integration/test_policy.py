"""A policy of release: checked, loaded by the operator, executed at once, and in the log."""
import os
import subprocess

import pytest
import schema
from exchange import OPERATOR
from messages import attendance, consent, grant, new_id

DESK, CLINIC, OFFICE = "intake-desk", "treatment-south", "parole-north"
DEFAULT = os.path.join(schema.ROOT, "broker", "consent", "policy.yaml")


def default():
    with open(DEFAULT, encoding="utf-8") as lines:
        return lines.read()


def written(folder, version, *changes, rule=None):
    """The default in another version, with texts replaced and a rule more; its path."""
    text = default()
    for old, new in (("version: 1\n", f"version: {version}\n"), *changes):
        assert old in text
        text = text.replace(old, new, 1)
    if rule:
        text = text.replace("rules:\n", f"rules:\n  - {rule}\n", 1)
    path = os.path.join(folder, f"policy-{version}.yaml")
    with open(path, "w", encoding="utf-8") as lines:
        lines.write(text)
    return path


def load(exchange, path, profile=OPERATOR):
    return exchange.cli("policy", "load", path, profile=profile)


def error(answer):
    return answer.rows[-1]["error"]


def of(rows, *messages):
    return [row["messageId"] for row in rows] == [message["messageId"] for message in messages]


ATTENDANCE_NEVER = "{ rule_id: attendance-never, effect: deny, categories: [attendance], to: [parole] }"


@pytest.mark.quick
@pytest.mark.threads
def test_a_policy_stops_what_it_denies_from_its_place_in_the_log_on(own_exchange, tmp_path):
    own_exchange.start()
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    queued = attendance(subject)
    own_exchange.accepted(CLINIC, queued)
    answer = load(own_exchange, written(tmp_path, 2, rule=ATTENDANCE_NEVER))
    assert answer.code == 0, answer
    rows = own_exchange.trail("--message", queued["messageId"])
    assert [row["event"] for row in rows][-1] == "recall"
    assert not own_exchange.collect(OFFICE)
    assert own_exchange.refused(CLINIC, attendance(subject)) == "basis_insufficient"
    # and what an earlier one permits goes again once it is back, under a new version
    assert load(own_exchange, written(tmp_path, 3)).code == 0
    later = attendance(subject)
    own_exchange.accepted(CLINIC, later)
    assert of(own_exchange.collect(OFFICE), later)
    release = [row for row in own_exchange.trail("--message", later["messageId"]) if row["event"] == "release"]
    assert release[0]["ruleVersion"] == 3
    own_exchange.stop()
    digests = [subprocess.run([own_exchange.daemon_path, "--config", own_exchange.configuration(), word],
                              capture_output=True, text=True, check=True).stdout.split("ledger")[-1].split()[:3]
               for word in ("--check", "--rebuild")]
    assert digests[0] == digests[1]


def test_a_held_message_is_denied_by_a_policy_and_stays_held_by_another(own_exchange, tmp_path):
    own_exchange.start()
    held = attendance(new_id())
    assert own_exchange.accepted(CLINIC, held)["dispositions"][0]["kind"] == "DISPOSITION_KIND_HELD"
    assert load(own_exchange, written(tmp_path, 2)).code == 0
    assert [row["event"] for row in own_exchange.trail("--message", held["messageId"])][-1] == "held"
    assert load(own_exchange, written(tmp_path, 3, rule=ATTENDANCE_NEVER)).code == 0
    assert [row["event"] for row in own_exchange.trail("--message", held["messageId"])][-1] == "recall"
    own_exchange.stop()


@pytest.mark.quick
def test_a_policy_must_be_newer_and_the_operators(own_exchange, tmp_path):
    own_exchange.start()
    answer = load(own_exchange, written(tmp_path, 1))
    assert answer.code == 3 and error(answer)["code"] == "policy_version", answer
    assert error(answer)["detail"] == "version 1: 1 is in force"
    path = written(tmp_path, 5)
    answer = load(own_exchange, path, OFFICE)
    assert answer.code != 0 and error(answer)["code"] == "type_not_allowed", answer
    assert load(own_exchange, path).code == 0
    assert error(load(own_exchange, path))["code"] == "policy_version"
    own_exchange.kill()
    own_exchange.start()
    assert error(load(own_exchange, written(tmp_path, 4)))["code"] == "policy_version"
    own_exchange.stop()


def test_the_policy_in_force_is_shown_and_can_be_written_again(own_exchange, tmp_path):
    own_exchange.start()
    first = own_exchange.ask(OFFICE, "policy", "show")[0]
    assert (first["policyId"], first["version"], len(first["sha256"])) == ("throughcare-default", 1, 64)
    assert first["policy"]["rules"][0]["ruleId"] == "operational-by-consent"
    path = written(tmp_path, 2, ("policy_id: throughcare-default", "policy_id: county"))
    assert load(own_exchange, path).code == 0
    shown = own_exchange.ask(OFFICE, "policy", "show")[0]
    assert (shown["policyId"], shown["version"]) == ("county", 2) and shown["logSequence"] > first["logSequence"]
    assert own_exchange.ask(OFFICE, "policy", "show", "1")[0]["policyId"] == "throughcare-default"
    text = own_exchange.ask(OFFICE, "policy", "show", "--yaml")[0]["yaml"]
    again = tmp_path / "again.yaml"
    again.write_text(text.replace("version: 2", "version: 3", 1), encoding="utf-8")
    assert own_exchange.cli("policy", "check", str(again)).code == 0
    assert load(own_exchange, str(again)).code == 0
    assert own_exchange.ask(OFFICE, "policy", "show")[0]["policy"]["rules"] == shown["policy"]["rules"]
    assert error(own_exchange.cli("policy", "show", "9", profile=OFFICE))["code"] == "not_found"
    # the trail says which one it was, when, and by whom
    rows = [row for row in own_exchange.trail("--agency", "operator") if row["event"] == "policy"]
    assert [(row["code"], row["ruleVersion"]) for row in rows] == [("county", 2), ("county", 3)]
    assert rows[0]["reference"] == shown["sha256"] and rows[0]["logSequence"] == shown["logSequence"]
    own_exchange.stop()


def test_the_template_of_a_policy_is_accepted_as_it_is(own_exchange):
    own_exchange.start()
    receipt = own_exchange.accepted(OPERATOR, own_exchange.cli("message", "template", "ReleasePolicy").rows[0])
    assert receipt["dispositions"][0]["kind"] == "DISPOSITION_KIND_APPLIED"
    assert own_exchange.ask(OFFICE, "policy", "show")[0]["policyId"] == "county-release"
    own_exchange.stop()


def test_the_default_policy_has_no_findings(exchange):
    answer = exchange.cli("policy", "check", DEFAULT)
    assert answer.code == 0 and answer.rows == []


def test_a_check_names_each_place_and_sends_nothing(own_exchange, tmp_path):
    own_exchange.start()
    path = written(tmp_path, 2, rule="{ rule_id: hiv-court, effect: permit, categories: [hiv], to: [court], "
                                     "bases: [consent] }")
    with open(path, "a", encoding="utf-8") as lines:
        lines.write("    # the end\n")
    text = open(path, encoding="utf-8").read().replace("- rule_id: health-by-consent\n    effect: permit",
                                                       "- rule_id: health-by-consent\n    effect: deny")
    with open(path, "w", encoding="utf-8") as lines:
        lines.write(text)
    answer = own_exchange.cli("policy", "check", path)
    assert answer.code == 1 and error(answer)["code"] == "policy_invalid"
    finding = [row for row in answer.rows if row.get("code") == "shadowed"][0]
    line = text.splitlines()[finding["line"] - 1]
    assert "hiv-court" in line and line[finding["column"] - 1] == "{"
    assert "health-by-consent" in finding["detail"] and finding["hint"]
    assert load(own_exchange, path).code == 1
    assert own_exchange.ask(OFFICE, "policy", "show")[0]["version"] == 1
    broken = tmp_path / "broken.yaml"
    broken.write_text("policy_id: x\nversion: one\n", encoding="utf-8")
    answer = own_exchange.cli("policy", "check", str(broken))
    assert answer.code == 1 and (answer.rows[0]["line"], answer.rows[0]["column"]) == (2, 10)
    assert own_exchange.cli("policy", "check").code == 2
    own_exchange.stop()
