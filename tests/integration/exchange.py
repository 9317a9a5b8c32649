"""A network with its own authority in a folder, a real broker, and the command line of its members."""
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import schema
import wire

AGENCIES = {
    "intake-desk": "intake",
    "parole-north": "parole",
    "treatment-south": "treatment",
    "housing-harbor": "housing",
    "court-county": "court",
}
AUDITOR = "auditor-state"
OPERATOR = "operator"
TRUST_DOMAIN = "test.example"
DEADLINE_S = 60


def wait_for(condition, what, seconds=DEADLINE_S):
    """Asks until the condition holds; the only place that pauses, and never longer than it must."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)


def refused_logons(exchange, code, since):
    """The trail's rows of log-ons refused since then: many have no agency that one could ask by."""
    query = schema.message("Query")()
    query.trail_find.since.FromJsonString(since)
    rows = []
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(AUDITOR))) as auditor:
        while True:
            reply = auditor.call(query=query).query
            rows += reply.trail
            if not reply.next_cursor:
                return [row for row in rows if row.event == "logon_refused" and row.code == code]
            query.page.cursor = reply.next_cursor


def preloaded(library, **variables):
    """An environment in which a program loads this before libc; a sanitizer would be first itself."""
    checks = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {**os.environ, "LD_PRELOAD": library, "ASAN_OPTIONS": checks.strip(":"), **variables}


class Answer:
    """What one call of the command line gave."""

    def __init__(self, done):
        self.code = done.returncode
        self.rows = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        self.errors = done.stderr

    def __repr__(self):
        return f"exit {self.code}: {self.rows} {self.errors}"


class Exchange:
    def __init__(self, build, folder):
        self.build = build
        self.cli_path = os.path.join(build, "bin", "throughcare")
        self.daemon_path = os.path.join(build, "bin", "throughcared")
        self.folder = str(folder)
        self.process = None
        self.log_path = self.folder + ".log"
        self.port = None

    def data(self, *names):
        return os.path.join(self.folder, "data", *names)

    def profile(self, member):
        return os.path.join(self.folder, "profiles", member)

    def cli(self, *words, profile=None, stdin=None, seconds=DEADLINE_S):
        command = [self.cli_path]
        if profile:
            command += ["--profile", self.profile(profile) if os.sep not in profile else profile]
        done = subprocess.run([*command, "--json", *words], input=stdin, capture_output=True, text=True,
                              timeout=seconds, check=False)
        return Answer(done)

    def ask(self, profile, *words):
        """A question that is answered: its rows."""
        answer = self.cli(*words, profile=profile)
        assert answer.code == 0, answer
        return answer.rows

    def plain(self, profile, *words):
        """What a person reads."""
        done = subprocess.run([self.cli_path, "--profile", self.profile(profile), *words], capture_output=True, text=True,
                              timeout=DEADLINE_S, check=False)
        assert done.returncode == 0, done
        return done.stdout

    def make(self):
        done = self.cli("network", "init", self.folder, "--trust-domain", TRUST_DOMAIN, "--listen", self.reserve())
        assert done.code == 0, done
        for agency, kind in AGENCIES.items():
            self.add(f"agency/{agency}", kind)
        self.add(f"auditor/{AUDITOR}")

    def another(self, folder):
        """The same network elsewhere, of one that was not started yet: without as many keys to make."""
        made = Exchange(self.build, folder)
        shutil.copytree(self.folder, made.folder)
        before, after = "{}:{}".format(*self.address()), made.reserve()
        for path in (made.configuration(), os.path.join(made.folder, "address"),
                     *glob.glob(os.path.join(made.folder, "profiles", "*", "address"))):
            with open(path, encoding="utf-8") as lines:
                text = lines.read()
            with open(path, "w", encoding="utf-8") as lines:
                lines.write(text.replace(self.folder + "/", made.folder + "/").replace(before, after))
        return made

    def reserve(self):
        """An address to listen on. Nobody else is given its port, also while the broker is down."""
        self.port = socket.socket()
        self.port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{self.port.getsockname()[1]}"

    def add(self, member, kind=None):
        words = ["network", "add", self.folder, member, "--name", member.split("/")[1]]
        if kind:
            words += ["--agency-kind", kind]
        done = self.cli(*words)
        assert done.code == 0, done

    def configuration(self):
        return os.path.join(self.folder, "throughcared.yaml")

    def set(self, **settings):
        """Appends settings: gateway__handshake_max="1s" becomes gateway.handshake_max."""
        with open(self.configuration(), encoding="utf-8") as lines:
            text = lines.read()
        for name, value in settings.items():
            group, _, key = name.partition("__")
            text = put_setting(text, group, key, value)
        with open(self.configuration(), "w", encoding="utf-8") as lines:
            lines.write(text)

    def start(self, **popen):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen([self.daemon_path, "--config", self.configuration()], stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log, **popen)
        log.close()
        wait_for(self.serves, "the broker to serve")

    def address(self):
        with open(os.path.join(self.profile("parole-north"), "address"), encoding="utf-8") as lines:
            host, _, port = lines.readline().strip().rpartition(":")
        return host.strip("[]"), int(port)

    def serves(self):
        """It listens before it has opened what is stored, and writes its number when it is done."""
        assert self.process.poll() is None, "the broker ended:\n" + self.log()
        try:
            with open(os.path.join(self.folder, "throughcared.pid"), encoding="ascii") as number:
                return number.read() == f"{self.process.pid}\n"
        except FileNotFoundError:
            return False

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as lines:
            return "".join(lines.readlines()[-40:])

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """A clean end; anything else is a failure of the broker, also when it has ended before. Killed it may be."""
        if self.process is None:
            return
        if self.runs():
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE_S) in (0, -signal.SIGKILL), self.log()

    def abandon(self):
        if self.runs():
            self.process.kill()
            self.process.wait()
        if self.port:
            self.port.close()

    def send(self, agency, *envelopes):
        """Through the command line; the receipts."""
        answer = self.cli("message", "send", "-", profile=agency,
                          stdin="\n".join(json.dumps(envelope) for envelope in envelopes))
        assert answer.code in (0, 3), answer
        assert len(answer.rows) == len(envelopes), answer
        return answer.rows

    def accepted(self, agency, envelope):
        receipt = self.send(agency, envelope)[0]
        assert receipt["status"] == "RECEIPT_STATUS_ACCEPTED", receipt
        return receipt

    def refused(self, agency, envelope):
        """The code that a message is refused with."""
        receipt = self.send(agency, envelope)[0]
        assert receipt["status"] == "RECEIPT_STATUS_REFUSED", receipt
        assert_three_parts(receipt["refusal"])
        return receipt["refusal"]["code"]

    def collect(self, agency, count=1000000, wait=0, ack=True):
        words = ["message", "collect", "--max", str(count), "--wait", str(wait), "--ack" if ack else "--no-ack"]
        answer = self.cli(*words, profile=agency)
        assert answer.code == 0, answer
        return answer.rows

    def trail(self, *words, profile=AUDITOR):
        return self.ask(profile, "trail", "find", *words)


def put_setting(text, group, key, value):
    """Sets group.key in the YAML text, whose groups are blocks of two-space indented lines."""
    lines = text.splitlines()
    if not key:
        lines = [line for line in lines if not line.startswith(group + ":")]
        return "\n".join([f"{group}: {value}", *lines]) + "\n"
    heads = [number for number, line in enumerate(lines) if line.rstrip() == group + ":"]
    if not heads:
        return "\n".join([*lines, group + ":", f"  {key}: {value}"]) + "\n"
    kept = lines[:heads[0] + 1] + [f"  {key}: {value}"]
    for line in lines[heads[0] + 1:]:
        if not line.strip().startswith(key + ":"):
            kept.append(line)
    return "\n".join(kept) + "\n"


def assert_three_parts(refusal):
    """What happened, and what to do about it; the detail says where, when there is a where."""
    assert refusal["code"] == refusal["code"].lower() and " " not in refusal["code"], refusal
    assert refusal["message"] and refusal["hint"], refusal
