"""The log is copied while the exchange works, and made a log again from the copy."""
import json
import os
import threading

import pytest
from messages import consent, grant, new_id

DESK, OPERATOR = "intake-desk", "operator"


@pytest.fixture
def kept(own_exchange):
    """A network whose exchange makes backups."""
    os.mkdir(folder_of(own_exchange), 0o700)
    own_exchange.set(backup__folder=folder_of(own_exchange))
    return own_exchange


def folder_of(exchange, *names):
    return os.path.join(exchange.folder + ".backups", *names)


def manifest(exchange, name):
    with open(folder_of(exchange, name, "manifest.json"), encoding="utf-8") as text:
        return json.load(text)


def backup(exchange, name="daily"):
    row = exchange.ask(OPERATOR, "exchange", "backup", name, "--actor", "op-1")[0]
    assert row["status"] == "verified" and row["name"] == name, row
    return row


class Load:
    """Somebody who goes on sending until told to stop; what was accepted."""

    def __init__(self, exchange):
        self.exchange = exchange
        self.receipts = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ended.is_set():
            self.receipts.append(self.exchange.accepted(DESK, consent(new_id(), grant())))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


@pytest.mark.quick
@pytest.mark.threads
def test_what_was_accepted_before_a_backup_is_in_it_and_the_next_adds_what_is_new(kept):
    kept.start()
    receipt = kept.accepted(DESK, consent(new_id(), grant()))
    with Load(kept):
        first = backup(kept)
    assert first["next"] > int(receipt["logSequence"])
    names = set(os.listdir(folder_of(kept, "daily")))
    assert {"manifest.json", "checkpoint", "audit.vkey", "sealer.state", f"segment-0-{first['next'] - 1}"} <= names
    old = os.stat(folder_of(kept, "daily", f"segment-0-{first['next'] - 1}")).st_mtime_ns
    receipt = kept.accepted(DESK, consent(new_id(), grant()))
    second = backup(kept)
    assert second["first"] == first["next"] and second["next"] > int(receipt["logSequence"])
    assert os.stat(folder_of(kept, "daily", f"segment-0-{first['next'] - 1}")).st_mtime_ns == old
    said = manifest(kept, "daily")
    assert [run["first"] for run in said["segments"]] == [0, first["next"]] and said["next"] == second["next"]
    assert kept.ask(OPERATOR, "exchange", "backup")[0]["name"] == "daily"
    kept.stop()


@pytest.mark.quick
def test_only_a_named_operator_has_a_backup_made_and_only_where_a_folder_is_set(own_exchange):
    own_exchange.start()
    answer = own_exchange.cli("exchange", "backup", "daily", profile=DESK)
    assert answer.code == 3 and answer.rows[0]["error"]["code"] == "not_permitted", answer
    answer = own_exchange.cli("exchange", "backup", "daily", profile=OPERATOR)
    assert answer.code == 3 and answer.rows[0]["error"]["code"] == "backup_refused", answer
    assert "backup.folder" in json.dumps(answer.rows)
    own_exchange.stop()
