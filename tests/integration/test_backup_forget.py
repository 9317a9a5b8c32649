"""What was expunged stays gone: no backup brings it back, and the next one does not have it."""
import os
import shutil

import pytest
from messages import attendance
from test_backup import backup, check, folder_of, kept, restore, run  # pylint: disable=unused-import # noqa: F401
from test_checkpoint import start_fails
from test_forget import CLINIC, MARK, Life, another_time, executed, expunge, found_in, told_of

GAP = ("--accept-gap", "yesterday's disk", "--decided-by", "op-1")


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
    memory = os.path.join(exchange.data(), "forgotten")
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
