"""What was expunged stays gone: no backup brings it back, and the next one does not have it."""
import json
import os
import shutil

import pytest
from envelope import now
from messages import attendance, of, operational
from test_backup import GAP, backup, check, folder_of, kept, restore, run  # pylint: disable=unused-import # noqa: F401
from test_checkpoint import start_fails
from test_forget import CLINIC, MARK, OFFICE, Life, another_time, executed, expunge, found_in, told_of
from test_forget_consent import Signed

LEVEL = "qvxzlevel"


@pytest.fixture
def lives(kept):  # pylint: disable=redefined-outer-name # noqa: F811
    kept.start()
    return kept, Life(kept, MARK + "gone"), Life(kept, "Otherstays")


def rebuilt(exchange):
    done = run(exchange, "--rebuild")
    assert done.returncode == 0, done
    return {line.rsplit(" ", 1)[0]: line.rsplit(" ", 1)[1] for line in done.stdout.splitlines() if " digest " in line}


def nobody_knows(exchange, gone):
    """Last of all: who asks by an id, or sends it, puts it into the log again."""
    exchange.start()
    assert exchange.trail("--subject", gone.subject, "--event", "submission") == []
    assert exchange.send(CLINIC, gone.told)[0]["status"] == "RECEIPT_STATUS_REFUSED"
    exchange.stop()


def test_what_was_expunged_is_expunged_again_from_yesterdays_backup_before_it_is_served(lives):
    exchange, gone, stays = lives
    before = told_of(exchange, stays)
    backup(exchange, "yesterday")
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    exchange.stop()
    assert found_in(exchange.data(), gone.traces()) == []
    restore(exchange, *GAP, name="yesterday")
    assert found_in(exchange.data(), gone.traces()), "it is in the backup"
    exchange.start()
    # Already when the first one is answered.
    assert len(exchange.trail("--event", "forgotten")) == 1
    assert told_of(exchange, stays) == before
    backup(exchange, "after")
    exchange.stop()
    assert found_in(exchange.data(), gone.traces()) == []
    assert found_in(folder_of(exchange, "after"), gone.traces()) == []
    stored = check(exchange)
    assert rebuilt(exchange).items() <= stored.items()
    nobody_knows(exchange, gone)


def test_what_a_message_said_is_not_known_or_in_force_again(kept):  # pylint: disable=redefined-outer-name # noqa: F811
    kept.start()
    signed = Signed(kept)
    risk = operational(signed.subject, CLINIC, "RiskLevelChange", {
        "instrument": "LSI-R", "newLevel": LEVEL, "effective": now()[:10]})
    kept.accepted(OFFICE, risk)
    backup(kept, "yesterday")
    expunge(kept, messageIds=[signed.consent["messageId"], risk["messageId"]])
    executed(kept)
    kept.stop()
    restore(kept, *GAP, name="yesterday")
    kept.start()
    later = attendance(signed.subject)
    kept.accepted(CLINIC, later)
    collected = kept.collect(OFFICE)
    assert of(collected, signed.queued) == of(collected, later) == []
    kept.stop()
    assert found_in(kept.data(), [*signed.traces(), LEVEL.encode()]) == []
    stored = check(kept)
    assert rebuilt(kept).items() <= stored.items()


def test_what_was_forgotten_is_not_served_again_without_room_though_an_order_waits_for_some_too(kept):  # pylint: disable=redefined-outer-name # noqa: F811
    kept.set(forget__at=f'"{another_time()}"')
    kept.start()
    ordered, later = Life(kept, MARK + "ordered"), Life(kept, MARK + "later")
    expunge(kept, subjects=[ordered.subject])
    backup(kept, "yesterday")
    kept.stop()
    kept.start()
    expunge(kept, subjects=[later.subject])
    kept.stop()
    kept.start()
    assert len(kept.trail("--event", "forgotten")) == 2
    kept.stop()
    restore(kept, *GAP, name="yesterday")
    kept.set(journal__disk_reserve=f"{shutil.disk_usage(kept.folder).free // 1024 ** 3 + 64}GiB")
    assert "is not served with what had been forgotten" in start_fails(kept)
    kept.set(journal__disk_reserve="0B")
    kept.start()
    kept.stop()
    assert found_in(kept.data(), [*ordered.traces(), *later.traces()]) == []


def test_the_next_backup_does_not_have_what_was_expunged_and_is_restored_without_it(lives):
    exchange, gone, stays = lives
    before = told_of(exchange, stays)
    backup(exchange)
    assert found_in(folder_of(exchange, "daily"), gone.traces())
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    backup(exchange)
    assert found_in(folder_of(exchange, "daily"), gone.traces()) == []
    assert {"base", "forgotten"} <= set(os.listdir(folder_of(exchange, "daily")))
    exchange.stop()
    restore(exchange, *GAP)
    exchange.start()
    assert told_of(exchange, stays) == before
    exchange.accepted(CLINIC, attendance(stays.subject))
    exchange.stop()
    assert found_in(exchange.data(), gone.traces()) == []
    stored = check(exchange)
    assert rebuilt(exchange).items() <= stored.items()
    nobody_knows(exchange, gone)


def test_a_damaged_memory_of_what_was_forgotten_is_told_and_the_backups_copy_mends_it(lives):
    exchange, gone, _ = lives
    backup(exchange, "yesterday")
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    backup(exchange)
    exchange.stop()
    memory = exchange.data("forgotten")
    with open(memory, "r+b") as file:
        whole = file.read()
        file.seek(4)
        file.write(bytes([whole[4] ^ 1]))
    for words in ((), ("--check",), ("--restore", folder_of(exchange, "yesterday"), "--replace")):
        done = run(exchange, *words)
        assert done.returncode == 1, done
        for told in (memory, "detail: at byte 0 ", "hint: put the newest backup's copy"):
            assert told in done.stderr, done
    shutil.copy(folder_of(exchange, "daily", "forgotten"), memory)
    check(exchange)
    restore(exchange, *GAP, name="yesterday")
    exchange.start()
    exchange.stop()
    assert found_in(exchange.data(), gone.traces()) == []


def refused(exchange, *words):
    done = run(exchange, *words)
    assert done.returncode == 1 and "error:" in done.stderr and "hint:" in done.stderr, done
    return done.stderr


@pytest.fixture
def twice(lives):
    """Two persons were expunged, one after the other; and the memory of both, and of the first alone."""
    exchange, gone, _ = lives
    backup(exchange, "yesterday")
    expunge(exchange, subjects=[gone.subject])
    executed(exchange)
    backup(exchange, "between")
    also = Life(exchange, MARK + "also")
    expunge(exchange, subjects=[also.subject])
    executed(exchange, 2)
    backup(exchange)
    exchange.stop()
    memory = exchange.data("forgotten")
    shutil.copy(memory, memory + ".kept")
    return exchange, memory, [*gone.traces(), *also.traces()]


@pytest.mark.parametrize("older", [True, False])
def test_a_memory_that_is_gone_or_an_older_one_is_noticed_by_all_that_need_it(twice, older):
    exchange, memory, traces = twice
    exchange.start()
    assert len(exchange.trail("--event", "forgotten")) == 2, "it serves, and has read it"
    os.remove(memory)
    if older:
        shutil.copy(folder_of(exchange, "between", "forgotten"), memory)
    answer = exchange.cli("exchange", "backup", "daily", profile="operator")
    assert "data_dir/forgotten is gone, or an older one" in str(answer.rows), answer
    exchange.stop()
    with open(folder_of(exchange, "daily", "forgotten"), "rb") as kept_there, open(memory + ".kept", "rb") as whole:
        assert kept_there.read() == whole.read()
    for words in ((), ("--check",)):
        assert "the file is gone, or an older one" in refused(exchange, *words)
    said = refused(exchange, "--restore", folder_of(exchange, "yesterday"), "--replace")
    assert "the log that is there knows of more that was forgotten" in said
    # Of a backup that has all of it, it is had again; one that failed has left it whole.
    restore(exchange, *GAP)
    restore(exchange, *GAP, name="yesterday")
    exchange.start()
    exchange.stop()
    assert found_in(exchange.data(), traces) == []
    check(exchange)


def test_a_backup_without_the_memory_that_its_log_knows_of_is_none(twice):
    exchange, _, _ = twice
    shutil.copy(folder_of(exchange, "daily", "manifest.json"), folder_of(exchange, "manifest.json"))
    path = folder_of(exchange, "daily", "manifest.json")
    with open(path, encoding="utf-8") as file:
        said = json.load(file)
    said["files"] = [entry for entry in said["files"] if entry["name"] != "forgotten"]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(said, file)
    assert "has less than its log knows of" in refused(exchange, "--restore", folder_of(exchange, "daily"), "--replace")
    assert not {"journal.new", "restoring"} & set(os.listdir(exchange.data()))


def test_that_a_memory_is_lost_for_good_is_answered_for(twice):
    exchange, memory, _ = twice
    words = ("--forgotten-lost", "no copy was kept", "--decided-by", "op-1")
    assert run(exchange, *words[:2]).returncode == 2
    records = check(exchange)["records"]
    done = run(exchange, *words)
    assert done.returncode == 0 and "Nothing is missing" in done.stdout, done
    assert check(exchange)["records"] == records
    shutil.copy(folder_of(exchange, "between", "forgotten"), memory)
    start_fails(exchange)
    done = run(exchange, *words)
    assert done.returncode == 0 and "the log says so now" in done.stdout, done
    exchange.start()
    assert "another process has it open" in refused(exchange, *words)
    row, = exchange.trail("--event", "restored")
    assert row["code"] == "forgotten_lost" and row["actor"] == "op-1"
    backup(exchange)
    exchange.stop()
    stored = check(exchange)
    assert rebuilt(exchange).items() <= stored.items()
    # What the file has now is what the log knows of.
    os.remove(memory)
    start_fails(exchange)


def test_a_restore_over_a_log_that_knows_of_more_is_answered_for_as_well(twice):
    exchange, memory, _ = twice
    os.remove(memory)
    said = restore(exchange, *GAP, name="between")
    assert "Not all that was forgotten is known any more" in said
    exchange.start()
    assert len(exchange.trail("--event", "restored")) == 1
    exchange.stop()
    check(exchange)


@pytest.mark.parametrize("older", [True, False])
def test_an_older_base_or_none_is_not_served(twice, older):
    exchange, _, traces = twice
    base = exchange.data("base")
    os.rename(base, base + ".kept")
    if older:
        shutil.copy(folder_of(exchange, "between", "base"), base)
    for words in ((), ("--rebuild",), ("--check",)):
        done = run(exchange, *words)
        assert done.returncode == 1, done
    assert "base" in refused(exchange)
    # Nothing that was made of the older one stays.
    shutil.move(base + ".kept", base)
    exchange.start()
    assert len(exchange.trail("--event", "forgotten")) == 2
    exchange.stop()
    assert found_in(exchange.data(), traces) == []
    check(exchange)
