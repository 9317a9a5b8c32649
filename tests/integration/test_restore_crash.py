"""A restore that dies in the middle: what is there is served, or nothing is, and the next restore makes it good.

THROUGHCARE_EVERY_STEP=1 ends it at each step; else at every third, another one first in each run.
"""
import os
import random
import shutil
import signal
import subprocess

import pytest
from exchange import preloaded
from messages import consent, grant, new_id
from test_backup import DESK, GAP, backup, folder_of, kept, restore, run, tree_of  # pylint: disable=unused-import # noqa: F401
from test_forget import MARK, Life, executed, expunge, found_in
from test_forget_crash import DIED, PLACES_MAX, STRIDE, start_until
from test_restart import digests

STATE = ("data", "sealer", "audit.vkey")


def copy(name, source, target):
    at = os.path.join(target, name)
    if os.path.isdir(os.path.join(source, name)):
        shutil.rmtree(at, ignore_errors=True)
        shutil.copytree(os.path.join(source, name), at)
    else:
        shutil.copy(os.path.join(source, name), at)


def at_step(build, what, step):
    return preloaded(os.path.join(build, "tests", "end_at_sync.so"), **{f"THROUGHCARE_{what}_AT_SYNC": str(step)})


def restore_words(exchange, *words):
    return [exchange.daemon_path, "--config", exchange.configuration(), "--restore", folder_of(exchange, "daily"),
            *words, *GAP]


def restore_until(exchange, build, step, *words):
    """Whether it died just before that step; else it is done."""
    done = subprocess.run(restore_words(exchange, *words), env=at_step(build, "END", step), capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode in (0, DIED), done
    return done.returncode == DIED


def served_or_refused(exchange, build, newest):
    """A start after it: of the log that was there before, or of the restored one, whole; or of none."""
    if os.path.exists(exchange.data("restoring")):
        done = run(exchange)
        assert done.returncode == 1 and "a restore was begun and not finished" in done.stderr, done
        return
    assert not start_until(exchange, build, 0)
    assert found_in(exchange.data("journal"), [newest.encode()]) or digests(exchange, "--check")


@pytest.fixture
def restorable(kept, tmp_path):  # pylint: disable=redefined-outer-name # noqa: F811
    """Somebody was expunged before the backup, and somebody else after it; and one message came last."""
    kept.pid_file = os.path.join(kept.folder, "throughcared.pid")
    kept.start()
    first, second, stays = Life(kept, MARK + "first"), Life(kept, MARK + "second"), Life(kept, "Otherstays")
    expunge(kept, subjects=[first.subject])
    executed(kept)
    backup(kept)
    expunge(kept, subjects=[second.subject])
    executed(kept, 2)
    newest = consent(new_id(), grant())
    kept.accepted(DESK, newest)
    kept.stop()
    before = str(tmp_path / "before")
    os.mkdir(before)
    for name in STATE:
        copy(name, kept.folder, before)
    return kept, before, [*first.traces(), *second.traces()], stays.mark.encode(), newest["messageId"]


@pytest.mark.once
@pytest.mark.parametrize("there", [True, False])
def test_a_restore_that_dies_at_any_step_is_made_good_by_the_next(restorable, build, there):
    exchange, before, gone, stays, newest = restorable
    if not there:  # a new disk, with the one file that is kept elsewhere
        kept_file = os.path.join(before, "forgotten")
        shutil.copy(os.path.join(before, "data", "forgotten"), kept_file)
        shutil.rmtree(os.path.join(before, "data"))
        os.mkdir(os.path.join(before, "data"), 0o700)
        shutil.move(kept_file, os.path.join(before, "data", "forgotten"))
    died, step = True, random.randrange(STRIDE) + 1 - STRIDE
    while died and step < PLACES_MAX:
        step += STRIDE
        for name in STATE:
            copy(name, before, exchange.folder)
        died = restore_until(exchange, build, step, *(["--replace"] if there else []))
        if died:
            served_or_refused(exchange, build, newest)
            restore(exchange, *GAP)
        assert not start_until(exchange, build, 0), step
        assert found_in(exchange.data(), [*gone, newest.encode()]) == [], step
        assert found_in(exchange.data(), [stays]), step
        left = set(os.listdir(exchange.data()))
        assert not {name for name in left if name.endswith((".new", ".old"))} | left & {"restoring"}, step
        if step // STRIDE % 5 == 0 or not died:
            assert digests(exchange, "--check"), step
    assert not died and step > 20


def stopped(exchange, build, step, *words):
    """A restore that stands still just before that step."""
    process = subprocess.Popen(restore_words(exchange, *words), env=at_step(build, "STOP", step),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), status
    return process


@pytest.mark.quick
@pytest.mark.parametrize("there", [True, False])
def test_neither_an_exchange_nor_another_restore_starts_while_one_is_under_way(kept, build, there):  # noqa: F811
    kept.start()
    backup(kept)
    kept.stop()
    if not there:
        shutil.rmtree(kept.data())
    words = ["--replace"] if there else []
    process = stopped(kept, build, 6, *words)
    done = run(kept)
    before = tree_of(kept.data())
    second = subprocess.run(restore_words(kept, *words), capture_output=True, text=True, timeout=120, check=False)
    assert second.returncode == 1 and "another restore into this folder is under way" in second.stderr, second
    assert tree_of(kept.data()) == before, "the first one's are left alone"
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 0
    assert done.returncode == 1, done
    assert ("another process has it open" if there else "a restore was begun and not finished") in done.stderr
    kept.start()
    kept.stop()


@pytest.mark.quick
def test_what_a_restore_that_died_early_has_left_is_taken_away(kept, build):  # noqa: F811
    kept.start()
    backup(kept)
    kept.stop()
    assert restore_until(kept, build, 6, "--replace")
    assert "journal.new" in os.listdir(kept.data())
    kept.start()
    assert "journal.new" not in os.listdir(kept.data())
    kept.stop()
