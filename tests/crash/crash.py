#!/usr/bin/python3
"""Kills the broker, and now and then its sealer, with SIGKILL again and again under load and checks what it
promised.

    tests/crash/crash.py [--cycles 500] [--seed N] [--build build]

Two clinics send numbered messages about two persons to a parole office, which collects them, while a
desk revokes and renews the consents they rest on. After every few cycles, and at the end, the
broker's files are checked (`throughcared --check`: the ledger's digest equals a rebuild's).

P1  no acknowledged message is lost: it was delivered, or held or recalled under a revocation;
P2  a message has one position in the log, however often it was submitted;
P3  nothing is released under a grant at a position after its revocation;
P5  whoever is killed, the exchange or its sealer: what was signed stays the beginning of the log;
P10 the state after each crash is the state that the log gives.
"""
import argparse
import collections
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CLINICS = ("treatment-one", "treatment-two")
CHECK_EVERY = 50


class Broken(Exception):
    """A promise is."""


class Exchange:
    def __init__(self, build, folder):
        self.cli = os.path.join(build, "bin", "throughcare")
        self.daemon = os.path.join(build, "bin", "throughcared")
        self.folder = folder
        self.process = None
        self.log = open(folder + ".log", "ab")
        self.offset = 0

    def profile(self, agency):
        return os.path.join(self.folder, "profiles", agency)

    def run(self, *words, stdin=None):
        done = subprocess.run([self.cli, "--json", *words], input=stdin, capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode != 0:
            raise Broken(f"{words} ended with {done.returncode}: {done.stdout} {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def send(self, agency, envelope):
        done = self.run("--profile", self.profile(agency), "message", "send", "-", stdin=json.dumps(envelope))
        return done[0]

    def make(self):
        self.run("network", "init", self.folder, "--trust-domain", "crash.example", "--listen", "127.0.0.1:0")
        for agency, kind in (("intake-desk", "intake"), ("parole-north", "parole"), *((c, "treatment") for c in CLINICS)):
            self.run("network", "add", self.folder, f"agency/{agency}", "--name", agency, "--agency-kind", kind)

    def config(self):
        return ["--config", os.path.join(self.folder, "throughcared.yaml")]

    def start(self):
        self.offset = self.log.tell()
        self.process = subprocess.Popen([self.daemon, *self.config()], stderr=self.log, stdin=subprocess.DEVNULL)

    def ready(self):
        """Waits for the line that says so."""
        deadline = time.monotonic() + 60
        with open(self.log.name, "rb") as log:
            log.seek(self.offset)
            seen = b""
            while b"ready: " not in seen:
                seen += log.read()
                try:
                    self.process.wait(0.01)
                except subprocess.TimeoutExpired:
                    pass
                if self.process.returncode is not None or time.monotonic() > deadline:
                    raise Broken(f"the broker did not start: {seen.decode()}")

    def kill_sealer(self):
        """The exchange's only child, when it has one by now."""
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/children"):
            with open(path, encoding="ascii") as lines:
                for child in lines.read().split():
                    os.kill(int(child), signal.SIGKILL)

    def kill_within(self, seconds):
        """Lets it work for so long, then kills it. It must not have ended by itself."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            return
        raise Broken(f"the broker ended by itself with {self.process.returncode}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise Broken(f"the broker stopped with {self.process.returncode}")

    def abandon(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def check(self):
        done = subprocess.run([self.daemon, *self.config(), "--check"], capture_output=True, text=True,
                              timeout=600, check=False)
        if done.returncode != 0:
            raise Broken(f"--check found: {done.stdout} {done.stderr}")
        return digest(done.stdout)

    def rebuild(self):
        done = subprocess.run([self.daemon, *self.config(), "--rebuild"], capture_output=True, text=True,
                              timeout=600, check=True)
        return digest(done.stdout)


def digest(output):
    """The hexadecimal digest in the line "ledger digest <hex>"."""
    for line in output.splitlines():
        if line.startswith("ledger digest"):
            return line.split()[-1]
    raise Broken(f"no ledger digest in: {output}")


class Consent:
    """One person's consent for one clinic, renewed and revoked by the desk."""

    def __init__(self, exchange, clinic):
        self.exchange, self.clinic = exchange, clinic
        self.subject = str(uuid.uuid4())
        self.consent = self.grant = None
        self.revoked = {}  # grant -> log sequence of its revocation

    def renew(self):
        self.consent, self.grant = str(uuid.uuid4()), str(uuid.uuid4())
        now = time.gmtime(time.time() - 3600)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", now)
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400 * 30))
        body = {
            "consentId": self.consent, "version": 1, "subjectNameAsSigned": "Sample Person",
            "status": "CONSENT_STATUS_ACTIVE", "regime": "CONSENT_REGIME_PART2",
            "document": {"sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "mediaType": "application/pdf",
                         "formVersion": "1", "language": "en"},
            "signature": {"signer": "Sample Person", "capacity": "SIGNER_CAPACITY_SELF",
                          "method": "SIGNATURE_METHOD_INK", "signedAt": stamp},
            "givenToAgency": "intake-desk", "givenToUser": "desk-1",
            "statements": {"revocationRight": True, "howToRevoke": "In writing", "redisclosureWarning": True,
                           "refusalConsequence": "None"},
            "grants": [{
                "grantId": self.grant,
                "disclosers": [{"kind": "PARTY_KIND_AGENCY", "agency": self.clinic}],
                "recipients": [{"kind": "PARTY_KIND_AGENCY", "agency": "parole-north"}],
                "intermediaryNamed": True, "categories": ["CATEGORY_DRUG_TEST"], "description": "Drug tests",
                "purposes": ["PURPOSE_SUPERVISION_MONITORING"], "direction": "GRANT_DIRECTION_ONE_WAY",
                "validFrom": stamp, "expiry": {"at": end}, "redisclosure": "REDISCLOSURE_RULE_NONE",
                "attach": ["ATTACHMENT_NOTICE_2"]}],
        }
        self.say("ConsentGrant", body)

    def revoke(self):
        receipt = self.say("ConsentRevoke", {
            "consentId": self.consent, "by": "SIGNER_CAPACITY_SELF", "method": "SIGNATURE_METHOD_INK"})
        self.revoked[self.grant] = int(receipt["logSequence"])

    def say(self, kind, content):
        """As a desk would: the same message again until there is a receipt."""
        envelope = {"messageId": str(uuid.uuid4()), "type": kind, "subject": self.subject,
                    "createdAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                    "parts": [{"type": kind, "content": content}]}
        receipt = self.exchange.send("intake-desk", envelope)
        if receipt["status"] != "RECEIPT_STATUS_ACCEPTED":
            raise Broken(f"{kind} was refused: {receipt}")
        return receipt


class Agents:
    """The sending and collecting processes; their lines are the witnesses."""

    def __init__(self, build, exchange):
        self.program = os.path.join(build, "tests", "crash", "crash_agent")
        self.exchange = exchange
        self.running = []
        self.processes = []

    def start(self, *words, grant=None):
        output = tempfile.TemporaryFile("w+")
        process = subprocess.Popen([self.program, *words], stdin=subprocess.PIPE, stdout=output, stderr=sys.stderr)
        self.running.append((grant, output))
        self.processes.append(process)
        return process

    def abandon(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()

    def finish(self, process):
        process.stdin.close()
        if process.wait(300) != 0:
            raise Broken(f"an agent ended with {process.returncode}")

    def lines(self, word):
        """(the grant that the agent sends under, the line's words) for each line of that kind."""
        for grant, output in self.running:
            output.seek(0)
            for line in output:
                words = line.split()
                if words and words[0] == word:
                    yield grant, words


def verify(agents, consents):
    acked, got = {}, collections.defaultdict(list)
    for grant, (_, message, number, sequence, _, _) in agents.lines("acked"):
        if acked.setdefault(message, (grant, number, int(sequence)))[2] != int(sequence):
            raise Broken(f"P2: {message} has two positions in the log")
    for _, (_, message, _, sequence, released_at, basis, attempt) in agents.lines("got"):
        got[message].append((int(sequence), int(released_at), basis, int(attempt)))
    revoked = {grant: position for consent in consents for grant, position in consent.revoked.items()}
    for message, deliveries in got.items():
        if len({sequence for sequence, *_ in deliveries}) != 1:
            raise Broken(f"P2: {message} was delivered from two positions")
        for _, released_at, basis, _ in deliveries:
            if basis in revoked and released_at > revoked[basis]:
                raise Broken(f"P3: {message} was released at {released_at} under {basis}, revoked at {revoked[basis]}")
    excused = 0
    for message, (grant, number, sequence) in acked.items():
        if message in got:
            continue
        if grant not in revoked:
            raise Broken(f"P1: {message} (number {number}, position {sequence}) was acknowledged and is lost")
        excused += 1
    return len(acked), len(got), excused


def play(options, folder):
    exchange = Exchange(options.build, folder)
    agents = Agents(options.build, exchange)
    try:
        return play_on(options, exchange, agents)
    finally:
        agents.abandon()
        exchange.abandon()


def play_on(options, exchange, agents):
    exchange.make()
    exchange.start()
    exchange.ready()
    chance = random.Random(options.seed)
    # The first clinic's consent stays: every one of its messages must arrive. The second's comes and goes.
    consents = [Consent(exchange, clinic) for clinic in CLINICS]
    for consent in consents:
        consent.renew()
    senders = [start_sender(agents, exchange, consent) for consent in consents]
    collector = agents.start("collect", exchange.profile("parole-north"))
    for cycle in range(1, options.cycles + 1):
        if chance.random() < 0.3:
            exchange.kill_sealer()
        exchange.kill_within(chance.uniform(0.05, 0.6))
        if cycle % 25 == 0:
            print(f"cycle {cycle} of {options.cycles}", file=sys.stderr, flush=True)
        if cycle % CHECK_EVERY == 0:
            exchange.check()
        exchange.start()
        if chance.random() < 0.2:
            continue  # the next one hits it while it starts
        exchange.ready()
        if chance.random() < 0.35:
            consents[1].revoke()
            agents.finish(senders[1])
            consents[1].renew()
            senders[1] = start_sender(agents, exchange, consents[1])
    exchange.ready()
    for sender in senders:
        agents.finish(sender)
    agents.finish(collector)
    exchange.stop()
    checked, rebuilt = exchange.check(), exchange.rebuild()
    if checked != rebuilt:
        raise Broken(f"P10: the ledger's digest is {checked}, a rebuild's is {rebuilt}")
    return verify(agents, consents)


def start_sender(agents, exchange, consent):
    return agents.start("send", exchange.profile(consent.clinic), "parole-north", consent.subject, consent.grant,
                        consent.clinic, grant=consent.grant)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=500)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="throughcare-crash-")
    try:
        acked, delivered, excused = play(options, os.path.join(folder, "network"))
    except Broken as broken:
        print(f"FAILED after seed {options.seed}: {broken}\nfiles: {folder}")
        return 1
    shutil.rmtree(folder)
    print(f"{options.cycles} crashes: {acked} acknowledged, {delivered} delivered, "
          f"{excused} recalled or held under a revocation, 0 lost, 0 released against consent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
