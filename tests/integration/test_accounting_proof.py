"""An accounting of the running exchange proves that it is complete, and one that is not is found out."""
import copy
import json
import os
import random
import subprocess

import pytest
from disclosure_log import b64, unbase
from exchange import AUDITOR, wait_for
from lmdb_pages import Pages
from messages import attendance, consent, grant, new_id
from test_checkpoint import check

CLINIC, OFFICE, DESK = "treatment-south", "parole-north", "intake-desk"
RULE = "42cfr2.25"


@pytest.fixture
def anchored(own_exchange):
    own_exchange.set(trail__anchor_interval="1s")
    own_exchange.start()
    return own_exchange


def disclose(exchange, subject, times=1):
    exchange.accepted(DESK, consent(subject, grant()))
    exchange.send(CLINIC, *[attendance(subject) for _ in range(times)])
    assert len(exchange.collect(OFFICE)) >= times


def account(exchange, subject, *words):
    return exchange.ask(AUDITOR, "accounting", "--subject", subject, "--rule", RULE, *words)[0]


def proven(accounting):
    return int(accounting.get("anchor", {}).get("count", 0))


def wait_for_proof(exchange, subject, count):
    wait_for(lambda: proven(account(exchange, subject)) == count, f"{count} disclosures to be proven")
    return account(exchange, subject)


def verify(exchange, accounting, tmp_path):
    path = tmp_path / "accounting.json"
    path.write_text(accounting if isinstance(accounting, str) else json.dumps(accounting))
    return exchange.cli("trail", "verify", "--accounting", str(path), "--key", os.path.join(exchange.folder, "audit.vkey"))


def test_what_is_printed_is_verified_on_another_machine(anchored, tmp_path):
    persons = [new_id() for _ in range(5)]
    for number, subject in enumerate(persons):
        disclose(anchored, subject, number + 1)
    for number, subject in enumerate(persons):
        accounting = wait_for_proof(anchored, subject, number + 1)
        verdict = verify(anchored, accounting, tmp_path)
        assert verdict.code == 0, verdict
        assert verdict.rows[0]["disclosures"] == number + 1
        assert accounting["completeUntil"] > accounting["entries"][0]["lastAt"]
    printed = anchored.plain(AUDITOR, "accounting", "--subject", persons[0], "--rule", RULE, "--format", "json")
    assert verify(anchored, printed, tmp_path).code == 0


def test_of_whom_nothing_was_disclosed_that_is_proven(anchored, tmp_path):
    disclose(anchored, new_id())
    wait_for(lambda: "anchor" in account(anchored, new_id()), "an anchor")
    for _ in range(5):
        accounting = account(anchored, new_id())
        assert accounting["anchor"]["absent"]
        verdict = verify(anchored, accounting, tmp_path)
        assert verdict.code == 0 and verdict.rows[0]["disclosures"] == 0, verdict


def test_what_came_after_the_anchor_is_listed_and_not_proven(anchored, tmp_path):
    subject = new_id()
    disclose(anchored, subject, 2)
    wait_for_proof(anchored, subject, 2)
    anchored.stop()
    anchored.set(trail__anchor_interval="1h")
    anchored.start()
    disclose(anchored, subject, 1)
    accounting = account(anchored, subject)
    assert len(accounting["links"]) == 3 and proven(accounting) == 2
    verdict = verify(anchored, accounting, tmp_path)
    assert verdict.code == 0 and (verdict.rows[0]["disclosures"], verdict.rows[0]["unproven"]) == (2, 1), verdict


def test_whatever_is_left_out_is_found(anchored, tmp_path):
    """An exchange that leaves one disclosure out, in each way that its answer leaves it."""
    subject, other = new_id(), new_id()
    disclose(anchored, subject, 6)
    disclose(anchored, other, 2)
    whole, theirs = wait_for_proof(anchored, subject, 6), wait_for_proof(anchored, other, 2)
    assert verify(anchored, whole, tmp_path).code == 0

    def found(change):
        accounting = copy.deepcopy(whole)
        change(accounting)
        verdict = verify(anchored, accounting, tmp_path)
        assert verdict.code == 1, verdict

    for at in range(6):
        found(lambda told, at=at: told["links"].pop(at))
        found(lambda told, at=at: told["links"][at].pop("row"))

    def shorter(told):
        told["links"].pop()
        told["anchor"]["count"] = 5

    def nobody(told):
        told["links"], told["entries"] = [], []
        told["anchor"] |= {"absent": True}
        for key in ("count", "head"):
            told["anchor"].pop(key)

    def unlisted(told):
        told["entries"][0]["times"] -= 1
        told["entries"][0]["sequences"].pop()

    found(shorter)
    found(nobody)
    found(unlisted)
    found(lambda told: told.update(anchor=theirs["anchor"]))
    found(lambda told: told["links"][1].update(rowSha256=b64(bytes(32))))
    for at in range(len(whole["anchor"]["hashes"])):
        def flipped(told, at=at):
            place = bytearray(unbase(told["anchor"]["hashes"][at]))
            place[random.randrange(32)] ^= 1 << random.randrange(8)
            told["anchor"]["hashes"][at] = b64(bytes(place))
        found(flipped)


def test_the_same_anchors_come_out_of_a_rebuild(anchored, tmp_path):
    subject = new_id()
    disclose(anchored, subject, 3)
    before = wait_for_proof(anchored, subject, 3)
    anchored.stop()
    done = check(anchored)
    assert done.returncode == 0, done
    done = subprocess.run([anchored.daemon_path, "--config", anchored.configuration(), "--rebuild"], capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done
    assert check(anchored).returncode == 0
    anchored.start()
    after = account(anchored, subject)
    assert after["anchor"]["head"] == before["anchor"]["head"] and after["links"] == before["links"]
    assert verify(anchored, after, tmp_path).code == 0
    disclose(anchored, subject, 1)
    assert verify(anchored, wait_for_proof(anchored, subject, 4), tmp_path).code == 0


@pytest.mark.parametrize("table", ["links", "heads", "tiles", "anchors"])
def test_a_trail_that_was_altered_is_found(anchored, table):
    subject = new_id()
    disclose(anchored, subject, 3)
    wait_for_proof(anchored, subject, 3)
    anchored.stop()
    assert check(anchored).returncode == 0
    path = anchored.data("trail", "data.mdb")
    with open(path, "rb") as file:
        content = bytearray(file.read())
    value = bytes(dict(Pages(bytes(content)).rows)[table][-1][1])
    # Also where a page that is no longer used has it: nobody knows which of them is read.
    while (at := content.rfind(value)) >= 0:
        content[at + len(value) - 1] ^= 1
    with open(path, "wb") as file:
        file.write(content)
    assert check(anchored).returncode != 0
