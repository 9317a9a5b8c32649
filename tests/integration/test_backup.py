"""The log is copied while the exchange works, and made a log again from the copy."""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import threading

import pytest
import schema
from exchange import wait_for
from messages import consent, grant, new_id
from test_forget import MARK, Life, executed, expunge, found_in

DESK, AUDITOR, OPERATOR = "intake-desk", "auditor-state", "operator"
GAP = ("--accept-gap", "the disk burned", "--decided-by", "op-1")


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


# ---- restoring ----

def run(exchange, *words):
    return subprocess.run([exchange.daemon_path, "--config", exchange.configuration(), *words], capture_output=True,
                          text=True, timeout=120, check=False)


def restore(exchange, *words, name="daily"):
    done = run(exchange, "--restore", folder_of(exchange, name), "--replace", *words)
    assert done.returncode == 0, done
    return done.stdout


def restore_refused(exchange, *words, name="daily", code=1):
    done = run(exchange, "--restore", folder_of(exchange, name), *words)
    assert done.returncode == code, done
    assert "error:" in done.stderr and "hint:" in done.stderr
    return done.stderr


def check(exchange):
    done = run(exchange, "--check")
    assert done.returncode == 0, done
    return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())


def tree_of(folder):
    """Every file below it with its bytes, but for locks."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            if "lock" not in name:
                with open(os.path.join(path, name), "rb") as file:
                    found[os.path.relpath(os.path.join(path, name), folder)] = hashlib.sha256(file.read()).digest()
    return found


def restored_rows(exchange):
    return [row for row in exchange.trail() if row["event"] == "restored"]


@pytest.mark.quick
def test_a_log_that_was_lost_is_had_again_whole(kept):
    kept.start()
    receipt = kept.accepted(DESK, consent(new_id(), grant()))
    backup(kept)
    kept.kill()
    # Whatever was signed after the backup is missing; a state from then is what a new machine would have.
    state = os.path.join(kept.folder, "sealer", "state", "sealer.state")
    shutil.copy(folder_of(kept, "daily", "sealer.state"), state)
    shutil.rmtree(kept.data())
    said = restore(kept)
    records = manifest(kept, "daily")["next"]
    assert f"Restored {records} records" in said
    rebuilt = dict(line.rsplit(" ", 1) for line in run(kept, "--rebuild").stdout.splitlines())
    assert int(rebuilt["records"]) == records + 1, "the record of its restoring comes after them"
    stored = check(kept)
    assert stored["ledger digest"] == rebuilt["ledger digest"] and stored["trail digest"] == rebuilt["trail digest"]
    kept.start()
    again = kept.ask(AUDITOR, "trail", "find", "--message", receipt["messageId"])
    assert again and int(again[0]["logSequence"]) == int(receipt["logSequence"])
    assert [row["code"] for row in restored_rows(kept)] == ["complete"]
    kept.stop()
    check(kept)


@pytest.mark.quick
def test_an_older_log_is_refused_until_somebody_answers_for_what_is_missing(kept):
    kept.start()
    kept.accepted(DESK, consent(new_id(), grant()))
    first = backup(kept)
    lost = kept.accepted(DESK, consent(new_id(), grant()))
    kept.stop()
    before = tree_of(kept.data())
    assert "there is a log already" in restore_refused(kept)
    said = restore_refused(kept, "--replace")
    with open(os.path.join(kept.folder, "sealer", "state", "sealer.state"), encoding="ascii") as lines:
        size = int(lines.read().splitlines()[1])
    assert "the log is older than what was signed: records are missing" in said
    assert f"{size - first['next']} are missing, from record {first['next']} on" in said and "--accept-gap" in said
    assert tree_of(kept.data()) == before, "a refused restore touches nothing"
    newest = kept.folder + ".newest"
    shutil.move(kept.data(), newest)
    restore_refused(kept, *GAP[:2], code=2)
    restore_refused(kept, *GAP[:3], " ", code=2)
    said = restore(kept, *GAP)
    assert "are missing; the log says so now" in said and "test.example/trail/1" in said
    with open(os.path.join(kept.folder, "audit.vkey"), encoding="utf-8") as lines:
        keys = lines.read().splitlines()
    assert len(keys) == 2 and keys[1].startswith("test.example/trail/1+"), keys
    kept.start()
    row, = restored_rows(kept)
    assert row["code"] == "gap_accepted" and row["actor"] == "op-1" and int(row["logSequence"]) == first["next"]
    assert not kept.ask(AUDITOR, "trail", "find", "--message", lost["messageId"])
    wait_for(lambda: kept.plain(AUDITOR, "trail", "checkpoint").startswith("test.example/trail/1\n"), "its checkpoints")
    kept.accepted(DESK, consent(new_id(), grant()))
    assert "from before this log was restored" in json.dumps(
        kept.cli("exchange", "backup", "daily", profile=OPERATOR).rows)
    backup(kept, "after")
    kept.stop()
    check(kept)
    # The log from before the gap is another one now, however long it is.
    shutil.rmtree(kept.data())
    shutil.move(newest, kept.data())
    done = run(kept)
    assert done.returncode == 1 and "the log has gone on under a later origin" in done.stderr, done
    # And a second gap begins a second origin.
    assert "test.example/trail/2" in restore(kept, *GAP)


@pytest.mark.quick
def test_a_log_with_records_that_the_backup_does_not_have_is_not_replaced_in_silence(kept):
    kept.start()
    first = backup(kept)["next"]
    lost = kept.accepted(DESK, consent(new_id(), grant()))
    kept.stop()
    records = int(check(kept)["records"])
    before = tree_of(kept.data())
    # As if nobody had signed anything since.
    shutil.copy(folder_of(kept, "daily", "sealer.state"), os.path.join(kept.folder, "sealer", "state"))
    said = restore_refused(kept, "--replace")
    assert f"{records - first} records, from record {first} on" in said and "--accept-gap" in said
    assert tree_of(kept.data()) == before
    reason = ("--accept-gap", "back to yesterday", "--decided-by", "op-1")
    said = restore(kept, *reason)
    assert f"{records - first} records of the log that was there are lost, from record {first} on" in said
    assert "trail/1" not in said, "nothing that was signed is missing"
    # No exchange has served it: to restore it once more loses nothing.
    assert "lost" not in restore(kept)
    kept.start()
    assert not kept.ask(AUDITOR, "trail", "find", "--message", lost["messageId"])
    kept.stop()


@pytest.mark.quick
def test_what_is_lost_with_a_replaced_log_stands_in_the_next_one(kept):
    kept.start()
    first = backup(kept)["next"]
    kept.accepted(DESK, consent(new_id(), grant()))
    kept.stop()
    records = int(check(kept)["records"])
    shutil.copy(folder_of(kept, "daily", "sealer.state"), os.path.join(kept.folder, "sealer", "state"))
    restore(kept, "--accept-gap", "back to yesterday", "--decided-by", "op-1")
    kept.start()
    row, = restored_rows(kept)
    record = schema.message("RestoredRecord").FromString(base64.b64decode(row["record"]))
    kept.stop()
    assert row["code"] == "records_lost" and row["actor"] == "op-1"
    assert (record.lost_first, record.lost_count, record.reason) == (first, records - first, "back to yesterday")
    check(kept)


@pytest.mark.quick
def test_a_log_that_cannot_be_read_is_replaced_and_that_is_said(kept):
    kept.start()
    backup(kept)
    kept.stop()
    with open(kept.data("journal", "data.mdb"), "r+b") as file:
        file.write(bytes(8192))
    shutil.copy(folder_of(kept, "daily", "sealer.state"), os.path.join(kept.folder, "sealer", "state"))
    assert "cannot be read: what it had beyond the backup is not known" in restore(kept)
    kept.start()
    kept.stop()


@pytest.mark.quick
def test_a_log_older_than_what_a_witness_saw_is_refused_as_well(kept):
    kept.start()
    kept.accepted(DESK, consent(new_id(), grant()))
    backup(kept)
    kept.accepted(DESK, consent(new_id(), grant()))
    size = manifest(kept, "daily")["next"]
    note = wait_for(lambda: newer_checkpoint(kept, size), "a checkpoint of later records")
    kept.kill()
    shutil.rmtree(kept.data())
    # The whole machine is lost, with what the sealer remembered.
    shutil.rmtree(os.path.join(kept.folder, "sealer", "state"))
    os.mkdir(os.path.join(kept.folder, "sealer", "state"), 0o700)
    path = folder_of(kept, "witnessed")
    with open(path, "w", encoding="utf-8") as file:
        file.write(note)
    assert "records are missing" in restore_refused(kept, "--witnessed", path)
    with open(path, "w", encoding="utf-8") as file:
        file.write(note.replace("\n\n", "\nextended\n\n"))
    assert "no checkpoint that this network's log has signed" in restore_refused(kept, "--witnessed", path)
    restore(kept)
    kept.start()
    kept.stop()


def newer_checkpoint(exchange, size):
    note = exchange.plain(AUDITOR, "trail", "checkpoint")
    return note if int(note.splitlines()[1]) > size else None


@pytest.mark.quick
def test_what_is_wrong_with_a_backup_is_found_before_anything_is_replaced(kept):
    kept.start()
    kept.accepted(DESK, consent(new_id(), grant()))
    size = backup(kept)["next"]
    kept.stop()
    before = tree_of(kept.data())
    segment = folder_of(kept, "daily", f"segment-0-{size - 1}")
    with open(segment, "rb") as file:
        whole = file.read()
    spoiled = {"cut": whole[:-9], "flipped": whole[:900] + bytes([whole[900] ^ 1]) + whole[901:], "empty": b""}
    for content in spoiled.values():
        with open(segment, "wb") as file:
            file.write(content)
        assert "the backup is not what was written" in restore_refused(kept, "--replace")
    os.remove(segment)
    assert "the file is missing" in restore_refused(kept, "--replace")
    assert tree_of(kept.data()) == before
    os.remove(folder_of(kept, "daily", "manifest.json"))
    assert "this is no backup" in restore_refused(kept, "--replace")


@pytest.mark.quick
def test_a_backup_of_another_network_is_refused_also_when_its_manifest_names_this_one(kept, tmp_path):
    kept.start()
    kept.accepted(DESK, consent(new_id(), grant()))
    backup(kept)
    kept.stop()
    path = folder_of(kept, "daily", "manifest.json")
    with open(path, encoding="utf-8") as file:
        written = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(written.replace("test.example", "other.example"))
    assert "the backup is of another network" in restore_refused(kept, "--replace")
    with open(path, "w", encoding="utf-8") as file:
        file.write(written)
    # Another log of the same name: neither the log that is there nor what was signed is in it.
    ours = {name: os.path.join(kept.folder, name) for name in ("data", "sealer/state")}
    for name, at in ours.items():
        shutil.move(at, str(tmp_path / os.path.basename(name)))
        os.mkdir(at, 0o700)
    kept.start()
    backup(kept, "other")
    kept.stop()
    for name, at in ours.items():
        shutil.rmtree(at)
        shutil.move(str(tmp_path / os.path.basename(name)), at)
    assert "from record 0 on" in restore_refused(kept, "--replace", name="other")
    shutil.rmtree(kept.data())
    assert "the log is" in restore_refused(kept, name="other")


@pytest.mark.quick
def test_a_running_exchange_is_not_restored_over_nor_started_while_a_restore_is_not_finished(kept):
    kept.start()
    backup(kept)
    assert "the exchange is running" in restore_refused(kept, "--replace")
    kept.stop()
    with open(kept.data("restoring"), "w", encoding="ascii"):
        pass
    done = run(kept)
    assert done.returncode == 1 and "a restore was begun and not finished" in done.stderr, done
    restore(kept, *GAP)
    kept.start()
    kept.stop()


def test_the_next_backup_has_no_byte_of_what_was_expunged(kept):
    kept.start()
    gone = Life(kept, MARK + "gone")
    backup(kept)
    traces = list(gone.traces())
    assert found_in(folder_of(kept, "daily"), traces)
    expunge(kept, subjects=[gone.subject])
    executed(kept)
    kept.accepted(DESK, consent(new_id(), grant()))
    backup(kept)
    assert found_in(folder_of(kept, "daily"), traces) == []
    kept.stop()


def test_an_old_copy_of_the_log_is_made_to_forget_again(kept):
    kept.start()
    gone, stays = Life(kept, MARK + "gone"), Life(kept, "Otherstays")
    backup(kept)
    expunge(kept, subjects=[gone.subject])
    executed(kept)
    kept.accepted(DESK, consent(new_id(), grant()))
    kept.stop()
    restore(kept, *GAP)
    assert found_in(kept.data(), gone.traces()), "the backup is from before"
    kept.start()
    assert len(kept.trail("--event", "forgotten")) == 1
    kept.stop()
    assert found_in(kept.data(), gone.traces()) == []
    assert found_in(kept.data(), [stays.mark.encode()])
    assert check(kept)["wrong"] == "0"
    kept.start()
    assert kept.trail("--subject", stays.subject, "--event", "release")
    kept.accepted(DESK, consent(new_id(), grant()))
    kept.stop()
    check(kept)


def test_a_key_that_is_rolled_after_a_gap_signs_under_the_logs_new_name(kept, tmp_path):
    def signatures():
        return kept.plain(AUDITOR, "trail", "checkpoint").count("\u2014 test.example/trail/1 ")

    def roll(*words):
        assert kept.cli("network", "roll", kept.folder, *words).code == 0
        kept.accepted(DESK, consent(new_id(), grant()))

    kept.start()
    backup(kept)
    kept.accepted(DESK, consent(new_id(), grant()))
    kept.stop()
    restore(kept, *GAP)
    kept.start()
    wait_for(lambda: kept.cli("trail", "checkpoint", profile=AUDITOR).code == 0, "a checkpoint")
    roll()
    wait_for(lambda: signatures() == 2, "both keys to sign")
    roll("--end")
    wait_for(lambda: signatures() == 1, "the new key to sign alone")
    copy, key = str(tmp_path / "copy"), os.path.join(kept.folder, "audit.vkey")
    for words in (("trail", "export", copy, "--key", key), ("trail", "verify", copy, "--key", key)):
        answer = kept.cli(*words, profile=AUDITOR)
        assert answer.code == 0, answer
    kept.stop()


@pytest.mark.quick
def test_a_gap_is_answered_for_once(kept):
    kept.start()
    kept.accepted(DESK, consent(new_id(), grant()))
    backup(kept)
    for _ in range(9):
        kept.accepted(DESK, consent(new_id(), grant()))
    kept.stop()
    restore(kept, "--replace", *GAP)
    kept.start()
    backup(kept, "after")
    kept.kill()
    state = os.path.join(kept.folder, "sealer", "state", "sealer.state")
    shutil.copy(folder_of(kept, "after", "sealer.state"), state)
    # Its manifest may not give the log a name of which nothing was signed.
    path = folder_of(kept, "after", "manifest.json")
    with open(path, encoding="utf-8") as file:
        written = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(written.replace("test.example/trail/1", "test.example/trail/7"))
    assert "names an origin of which its log knows nothing" in restore_refused(kept, "--replace", name="after")
    with open(path, "w", encoding="utf-8") as file:
        file.write(written)
    # Nothing is missing that the log itself does not tell of.
    shutil.rmtree(kept.data())
    restore(kept, name="after")
    kept.start()
    kept.accepted(DESK, consent(new_id(), grant()))
    kept.stop()
