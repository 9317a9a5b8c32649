"""An exchange that dies in the middle of forgetting forgets at its next start, and loses nothing else.

THROUGHCARE_EVERY_STEP=1 ends it at each step; else at every third, another one first in each run.
"""
import os
import random
import shutil
import subprocess

import pytest
from exchange import preloaded, wait_for
from test_forget import MARK, Life, another_time, expunge, found_in
from test_restart import digests

DIED = 77
PLACES_MAX = 400
STRIDE = 1 if os.environ.get("THROUGHCARE_EVERY_STEP") else 3


def start_until(exchange, build, sync):
    """Whether it died just before that many things had become durable; else it is stopped again."""
    environment = preloaded(os.path.join(build, "tests", "end_at_sync.so"), THROUGHCARE_END_AT_SYNC=str(sync))
    with open(exchange.log_path, "ab") as log:
        process = subprocess.Popen([exchange.daemon_path, "--config", exchange.configuration()], env=environment,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    exchange.process = process
    wait_for(lambda: process.poll() is not None or os.path.exists(exchange.pid_file), "it to die or to serve")
    if process.poll() is not None:
        assert process.returncode == DIED, exchange.log()
        return True
    process.kill()
    process.wait()
    os.unlink(exchange.pid_file)
    return False


def copied(exchange, kept):
    """Log and sealer's state as they were before."""
    for name in ("data", "sealer"):
        shutil.rmtree(os.path.join(exchange.folder, name))
        shutil.copytree(os.path.join(kept, name), os.path.join(exchange.folder, name))


@pytest.mark.once
def test_a_crash_at_any_step_is_made_good_by_the_next_start(own_exchange, build, tmp_path):
    exchange = own_exchange
    exchange.pid_file = os.path.join(exchange.folder, "throughcared.pid")
    exchange.set(forget__at=f'"{another_time()}"')
    exchange.start()
    gone, stays = Life(exchange, MARK + "gone"), Life(exchange, "Otherstays")
    expunge(exchange, subjects=[gone.subject])
    exchange.stop()
    kept = str(tmp_path / "kept")
    for name in ("data", "sealer"):
        shutil.copytree(os.path.join(exchange.folder, name), os.path.join(kept, name))
    died, places = True, random.randrange(STRIDE) + 1 - STRIDE
    while died and places < PLACES_MAX:
        places += STRIDE
        copied(exchange, kept)
        died = start_until(exchange, build, places)
        if died and os.path.exists(exchange.pid_file):
            os.unlink(exchange.pid_file)
        assert not start_until(exchange, build, 0)
        assert found_in(exchange.data(), gone.traces()) == [], places
        if places // STRIDE % 5 == 0 or not died:
            assert digests(exchange, "--check"), places
        assert found_in(exchange.data(), [stays.mark.encode()]), places
    assert not died and places > 20
