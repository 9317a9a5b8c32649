"""A sealer that runs by itself, as a user of its own, behind a socket that systemd would have made."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest
from exchange import wait_for
from messages import consent, grant, new_id
from test_checkpoint import check, checkpoint, child_of, start_fails, wait_for_size

DESK = "intake-desk"
NOBODY = 65534


class Sealer:
    """Without root there is no other user; then it is another process only."""

    def __init__(self, build, exchange):
        self.user = NOBODY if os.geteuid() == 0 else os.geteuid()
        self.folder = tempfile.mkdtemp(prefix="sealer-")
        # Where another user may read them, wherever the build is.
        self.program = shutil.copy(os.path.join(build, "bin", "throughcare-sealer"), self.folder)
        for name in ("keys", "state"):
            shutil.copytree(os.path.join(exchange.folder, "sealer", name), os.path.join(self.folder, name))
            shutil.rmtree(os.path.join(exchange.folder, "sealer", name))
        for path, folders, files in os.walk(self.folder):
            for name in (".", *folders, *files):
                os.chown(os.path.join(path, name), self.user, -1)
        self.path = os.path.join(self.folder, "socket")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o600)
        self.listener.listen(4)
        self.process = None

    def start(self, origin="test.example/trail"):
        fd = self.listener.fileno()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$0" "$@" 3<&{fd}', self.program, "--origin", origin, "--keys",
             os.path.join(self.folder, "keys"), "--state", os.path.join(self.folder, "state")],
            pass_fds=(fd,), user=self.user, cwd="/")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(30)

    def close(self):
        self.kill()
        self.listener.close()
        shutil.rmtree(self.folder)

    def state(self):
        with open(os.path.join(self.folder, "state", "sealer.state"), encoding="ascii") as lines:
            return int(lines.read().splitlines()[1])


@pytest.fixture
def sealer(own_exchange, build):
    made = Sealer(build, own_exchange)
    own_exchange.set(sealer__socket=made.path)
    yield made
    made.close()


def sent(exchange):
    return int(exchange.accepted(DESK, consent(new_id(), grant()))["logSequence"]) + 1


@pytest.mark.quick
def test_a_sealer_of_its_own_user_signs_for_one_exchange_after_another(own_exchange, sealer):
    sealer.start()
    own_exchange.start()
    wait_for_size(own_exchange, sent(own_exchange))
    assert child_of(own_exchange.process) is None, "the exchange started none itself"
    assert os.stat(f"/proc/{sealer.process.pid}").st_uid in (sealer.user, 0)  # 0: it may not be looked into
    with open(f"/proc/{sealer.process.pid}/status", encoding="ascii") as lines:
        status = dict(line.split(":", 1) for line in lines)
    assert status["Uid"].split()[0] == str(sealer.user)
    assert status["NoNewPrivs"].strip() == "1"
    own_exchange.stop()
    assert sealer.process.poll() is None, "it waits for the next one"
    signed = sealer.state()
    own_exchange.start()
    wait_for_size(own_exchange, sent(own_exchange))
    assert sealer.state() > signed
    own_exchange.stop()
    assert check(own_exchange).returncode == 0


@pytest.mark.quick
def test_a_sealer_that_was_gone_for_a_while_goes_on_where_it_was(own_exchange, sealer):
    sealer.start()
    own_exchange.start()
    wait_for_size(own_exchange, sent(own_exchange))
    sealer.kill()
    size = sent(own_exchange)
    # Its socket is still there, as systemd's is: the question waits in it, and is answered.
    held = checkpoint(own_exchange)[1]
    assert held < size
    sealer.start()
    wait_for_size(own_exchange, size)
    own_exchange.stop()


@pytest.mark.quick
def test_without_its_sealer_the_exchange_does_not_serve(own_exchange, sealer):
    sealer.start()
    own_exchange.start()
    wait_for_size(own_exchange, sent(own_exchange))
    own_exchange.stop()
    sealer.kill()
    sealer.listener.close()
    assert "the sealer does not answer" in start_fails(own_exchange)


@pytest.mark.quick
def test_a_key_that_others_may_read_is_not_signed_with(sealer):
    path = os.path.join(sealer.folder, "keys", "1.pem")
    os.chmod(path, 0o644)
    sealer.start()
    wait_for(lambda: sealer.process.poll() is not None, "the sealer to end")
    assert sealer.process.returncode == 1
