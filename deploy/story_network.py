"""The network that deploy/story.py plays on: its folder, its broker, and each agency's commands.

Also how the story speaks: chapters, what was released, what was withheld.
"""
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import uuid

OPERATOR = "operator"
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


class Surprise(Exception):
    """The exchange did something else than the story expects."""


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def chapter(title):
    print("\n" + paint("1", title))


def say(text, mark=" "):
    width = min(shutil.get_terminal_size((100, 24)).columns, 110)
    print(textwrap.fill(text, width, initial_indent=f"  {mark} ", subsequent_indent="    "))


def released(text):
    say(text, paint("32", "✓") if COLOUR else "+")


def withheld(text):
    say(text, paint("33", "■") if COLOUR else "-")


def expect(condition, what):
    if not condition:
        raise Surprise(what)


def new_id():
    """An RFC 9562 version 7 id: time first, so that the exchange's tables stay in order."""
    now = int(time.time() * 1000)
    value = (now << 80) | (0x7 << 76) | (int.from_bytes(os.urandom(10), "big") & ((1 << 76) - 1))
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def in_days(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class Network:
    """The folder with authority, profiles and configuration, and the broker that serves it."""

    def __init__(self, programs, folder):
        self.cli = os.path.join(programs, "throughcare")
        self.daemon = os.path.join(programs, "throughcared")
        self.folder = folder
        self.broker = None

    def words(self, *words, profile=None, stdin=None, allow=(0,)):
        """What a command prints."""
        command = [self.cli]
        if profile:
            command += ["--profile", os.path.join(self.folder, "profiles", profile)]
        command += words
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode not in allow:
            raise Surprise(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def run(self, *words, **more):
        """The objects that a command prints."""
        return [json.loads(line) for line in self.words("--json", *words, **more).splitlines() if line.strip()]

    def stored(self, text):
        """Whether the exchange's files hold these bytes."""
        for folder, _, names in os.walk(os.path.join(self.folder, "data")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    if text.encode() in file.read():
                        return True
        return False

    def make(self, agencies, auditor):
        """`agencies`: id -> kind and name."""
        self.run("network", "init", self.folder, "--trust-domain", "demo.example", "--listen", "127.0.0.1:0")
        for agency, (kind, name) in agencies.items():
            self.run("network", "add", self.folder, f"agency/{agency}", "--name", name, "--agency-kind", kind)
        self.run("network", "add", self.folder, f"auditor/{auditor}", "--name", "State Auditor")

    def start(self):
        log = open(os.path.join(self.folder, "throughcared.log"), "ab")
        self.broker = subprocess.Popen(
            [self.daemon, "--config", os.path.join(self.folder, "throughcared.yaml")],
            stderr=log, stdout=log, stdin=subprocess.DEVNULL, start_new_session=True)
        log.close()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.broker.poll() is not None:
                break
            if self.run("exchange", "status", profile=OPERATOR, allow=(0, 1)) and self.answers():
                return
        with open(os.path.join(self.folder, "throughcared.log"), encoding="utf-8", errors="replace") as lines:
            raise Surprise("the broker did not start:\n" + "".join(lines.readlines()[-20:]))

    def answers(self):
        rows = self.run("exchange", "status", profile=OPERATOR, allow=(0, 1))
        return bool(rows) and "logSequence" in rows[0]

    def status(self):
        return self.run("exchange", "status", profile=OPERATOR)[0]

    def kill(self):
        self.broker.send_signal(signal.SIGKILL)
        self.broker.wait()

    def stop(self):
        if self.broker and self.broker.poll() is None:
            self.broker.send_signal(signal.SIGTERM)
            try:
                self.broker.wait(20)
            except subprocess.TimeoutExpired:
                self.broker.kill()
                self.broker.wait()

    def send(self, agency, envelope, allow=(0,)):
        return self.run("message", "send", "-", profile=agency, stdin=json.dumps(envelope), allow=allow)[0]

    def collect(self, agency, most=20):
        return self.run("message", "collect", "--max", str(most), "--wait", "0", profile=agency)
