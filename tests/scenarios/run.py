#!/usr/bin/python3
"""Plays the stories of this folder against a real broker, each on a network and a clock of its own.

    tests/scenarios/run.py [--build FOLDER] [--jobs N] [STORY...]     without STORY: all of them

A story is a text: a title, what it is about, and then one sentence a line. Who acts is an agency of
the network; all of them speak through the command line over TLS. Sentences:

    person NAME, NAME                         somebody whom it is about
    id NAME, NAME                             a fresh id for something else
    WHO refers NAME to WHO as REF [with ...]  a Referral; the target has got it when it next collects
    WHO moves REF MOVE [--option value]...    `throughcare referral move`
    WHO sends TYPE [to WHO, WHO] [about NAME|REF] [for PURPOSE] [under CONSENT] [by ACTOR] [as X] [with ...]
                                              `throughcare message template TYPE`, filled in, and sent
    WHO signs for NAME that WHO may tell WHO CATEGORY, ... [for PURPOSE] as CONSENT
    WHO revokes CONSENT of NAME
    WHO runs COMMAND [as X]                   any command; X keeps its first row
    WHO collects                              everything that waits, acknowledged
    after N minutes|hours|days|working days   the clock goes on (working days: Monday to Friday)
    the broker is killed|restarted

    expect REF is STATE for WHO               as `referral show` says, and likewise:
    expect REF waits for WHO for WHO          whose move, as the second one sees it
    expect REF is due in N days|working days for WHO
    expect WHO gets TYPE [about NAME|REF|X] [with ...]       it is collected within seconds
    expect WHO gets no TYPE [about NAME|REF|X] [with ...]
    expect WHO does not see REF               like an id that does not exist
    expect REF for WHO shows WORD, WORD       rows of the timeline by code, in this order
    expect rows of WHO: COMMAND: REF, REF     the referrals of its rows, in this order
    expect WHO: COMMAND [with ...]            a row that has these values
    expect no row of WHO: COMMAND [with ...]
    expect refused CODE: SENTENCE             and nothing has changed

`with` gives fields by their JSON names: urgency=urgent, worker.id=w-7, lines.0.available=1. Values:
numbers, true, false, words, "texts in quotes", +3d and -2h as times from now, +3D as a date, a|b as a
list, and {X} or {X.field} for what a story has named. A line that begins with # is a remark.
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

import exchange as network  # noqa: E402
import messages  # noqa: E402

MONDAY = datetime.datetime(2027, 1, 11, 9, 0, tzinfo=datetime.timezone.utc)
DEADLINE_S = 8
CALL_RECORDS = 3  # of one question on a connection of its own: log-on, question, log-off
AGENCIES = {
    "intake-desk": "intake", "parole-north": "parole", "probation-west": "probation", "treatment-south": "treatment",
    "housing-harbor": "housing", "housing-bridge": "housing", "housing-lake": "housing", "court-county": "court",
}
UNITS = {"minute": 60, "hour": 3600, "day": 86400}


class Surprise(Exception):
    """The exchange did something else than the story says."""


def expect(condition, what):
    if not condition:
        raise Surprise(what)


class Clock:
    """Time of the network: the machine's, moved by what stands in a file that clock.c maps."""

    def __init__(self, build, folder):
        self.library = os.path.join(build, "tests", "story_clock.so")
        self.path = os.path.join(folder, "clock")
        self.offset = 0
        with open(self.path, "wb") as file:
            file.write(struct.pack("=q", 0))
        self.jump((MONDAY - datetime.datetime.now(datetime.timezone.utc)).total_seconds())

    def jump(self, seconds):
        self.offset += round(seconds)
        with open(self.path, "r+b") as file:
            file.write(struct.pack("=q", self.offset))

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.offset)

    def working_days(self, count):
        day = self.now()
        while count > 0:
            day += datetime.timedelta(days=1)
            count -= day.weekday() < 5
        return day

    def environment(self):
        return {"LD_PRELOAD": self.library, "THROUGHCARE_STORY_CLOCK": self.path}


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def fits(row, wanted):
    """Whether a row has these values, wherever in it they stand; lists have them among others."""
    for path, value in wanted.items():
        found = values_at(row, path.split("."))
        if not any(same(value, one) for one in found):
            return False
    return True


def values_at(row, path):
    if isinstance(row, list):
        return [value for one in row for value in values_at(one, path)]
    if not path:
        return [row]
    if not isinstance(row, dict) or path[0] not in row:
        return []
    return values_at(row[path[0]], path[1:])


def same(wanted, found):
    if isinstance(found, str) and isinstance(wanted, str):
        return found == wanted or found.lower().endswith("_" + wanted.lower())
    return str(wanted) == str(found)


class Story:
    def __init__(self, build, folder):
        self.clock = Clock(build, folder)
        os.environ.update(self.clock.environment())
        network.AGENCIES.clear()
        network.AGENCIES.update(AGENCIES)
        self.net = network.Exchange(build, os.path.join(folder, "network"))
        messages.now = lambda seconds=0: stamp(self.clock.now() + datetime.timedelta(seconds=seconds))
        self.named = {}  # what the story gave a name to: ids, or rows
        self.referrals = {}  # REF -> subject, source, target
        self.consents = {}
        self.mail = {agency: [] for agency in AGENCIES}
        self.seen = 0

    # -- words ---------------------------------------------------------------------------------

    def fill(self, text):
        def value(match):
            name, _, path = match.group(1).partition(".")
            expect(name in self.named, f"the story has not named {name}")
            found = values_at(self.named[name], path.split(".") if path else [])
            if not path and isinstance(self.named[name], dict):
                found = [self.named[name]["id"]]
            expect(found, f"{name} has no {path}")
            return str(found[0])
        return re.sub(r"\{([\w.-]+)\}", value, text)

    def value(self, text):
        text = self.fill(text.strip())
        match = re.fullmatch(r"([+-]\d+)([mhdD])", text)
        if match:
            seconds = int(match.group(1)) * {"m": 60, "h": 3600, "d": 86400, "D": 86400}[match.group(2)]
            when = self.clock.now() + datetime.timedelta(seconds=seconds)
            return when.strftime("%Y-%m-%d") if match.group(2) == "D" else stamp(when)
        if text.startswith('"'):
            return text.strip('"')
        if "|" in text:
            return [self.value(one) for one in text.split("|") if one]
        if text in ("true", "false"):
            return text == "true"
        return int(text) if re.fullmatch(r"-?\d+", text) else text

    def values(self, text):
        pairs = re.findall(r'([\w.]+)=("[^"]*"|[^,]*)', text or "")
        return {path: self.value(value) for path, value in pairs}

    @staticmethod
    def put(content, path, value):
        keys = path.split(".")
        for key, following in zip(keys, keys[1:] + [None]):
            if following is None:
                break
            if isinstance(content, list):
                while len(content) <= int(key):
                    content.append([] if following.isdigit() else {})
                content = content[int(key)]
            else:
                content = content.setdefault(key, [] if following.isdigit() else {})
        if isinstance(content, list):
            while len(content) <= int(keys[-1]):
                content.append(None)
            content[int(keys[-1])] = value
        else:
            content[keys[-1]] = value

    def words(self, text):
        """A command's words, with times in them computed."""
        return [str(self.value(word)) if re.fullmatch(r"[+-]\d+[mhdD]", word) else self.fill(word)
                for word in shlex.split(text)]

    # -- what agencies do ----------------------------------------------------------------------

    def cli(self, who, words, stdin=None):
        profile = {"auditor": network.AUDITOR}.get(who, who)
        return self.net.cli(*words, profile=profile, stdin=stdin)

    def done(self, who, answer, name=None):
        if answer.code != 0:
            row = answer.rows[0] if answer.rows else {}
            problem = row.get("error") or row.get("refusal") or {}
            raise Refused(problem.get("code", "failed"), f"{who}: {answer}")
        if name:
            expect(answer.rows, f"{who}: there is no row to be called {name}")
            self.named[name] = answer.rows[0]

    def person(self, names):
        for name in re.split(r",\s*", names):
            self.named[name] = messages.new_id()

    def refer(self, source, person, target, ref, fields):
        number = messages.new_id()
        row = self.template("Referral", fields)
        row.update(recipients=[{"agency": target}], subject=self.named[person], referralId=number,
                   basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"})
        self.referrals[ref] = {"subject": self.named[person], "source": source, "target": target}
        self.named[ref] = number
        self.submit(source, row, None)

    def template(self, kind, fields):
        answer = self.net.cli("message", "template", kind)
        expect(answer.code == 0, f"{kind}: {answer}")
        row = answer.rows[0]
        row["messageId"] = messages.new_id()
        for path, value in self.values(fields).items():
            if path.startswith("header."):
                self.put(row, path.removeprefix("header."), value)
            else:
                self.put(row["parts"][0]["content"], path, value)
        return row

    def submit(self, who, row, name):
        answer = self.cli(who, ["message", "send", "-"], json.dumps(row))
        self.done(who, answer)
        if name:
            self.named[name] = {"id": row["messageId"], **row["parts"][0]["content"], "receipt": answer.rows[0]}

    def send(self, who, kind, to, about, purpose, consent, actor, name, fields):
        row = self.template(kind, fields)
        if about in self.referrals:
            ref = self.referrals[about]
            row["referralId"], row["subject"] = self.named[about], ref["subject"]
            to = to or (ref["target"] if who == ref["source"] else ref["source"])
        elif about:
            row["subject"] = self.named[about]
            row.pop("referralId", None)
        if to:
            row["recipients"] = [{"agency": one} for one in re.split(r",\s*", to)]
        if purpose:
            row["purpose"] = purpose
        if actor:
            row["actor"] = {"id": actor}
        if consent:
            row["basis"] = {"grantId": self.consents[consent]["parts"][0]["content"]["grants"][0]["grantId"]}
        elif to and AGENCIES.get(who) != "treatment" and "basis" not in row:
            row["basis"] = {"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"}
        self.submit(who, row, name)

    def sign(self, who, person, source, target, categories, purpose, name):
        grant = messages.grant((source,), tuple(re.split(r",\s*", target)),
                               [word.strip().upper() for word in categories.split(",")],
                               [(purpose or "referral_coordination").upper()])
        grant["expiry"] = {"at": messages.now(400 * 86400)}
        consent = messages.consent(self.named[person], grant)
        self.consents[name] = consent
        self.submit(who, consent, None)

    def revoke(self, who, name, person):
        self.submit(who, messages.revocation(self.named[person], self.consents[name]), None)

    def run_command(self, who, command, name):
        self.done(who, self.cli(who, self.words(command)), name)

    def move(self, who, ref, words):
        self.done(who, self.cli(who, ["referral", "move", self.named[ref], *self.words(words)]))

    def collect(self, who):
        self.mail[who] += self.net.collect(who, count=10000)

    def pass_time(self, count, unit):
        if unit == "working day":
            self.clock.jump((self.clock.working_days(count) - self.clock.now()).total_seconds())
        else:
            self.clock.jump(count * UNITS[unit])
        self.settle()

    def settle(self):
        """A question wakes the broker; it is done when nothing but questions comes into the log."""
        before = None
        for _ in range(400):
            now = self.net.ask(network.OPERATOR, "exchange", "status")[0]["logSequence"]
            if before is not None and now <= before + CALL_RECORDS:
                return
            before = now
        raise Surprise("the broker does not come to rest")

    def broker(self, what):
        if what == "killed":
            self.net.kill()
        else:
            self.net.stop()
        self.net.start()

    # -- what is expected ----------------------------------------------------------------------

    def show(self, ref, who):
        answer = self.cli(who, ["referral", "show", self.named[ref]])
        expect(answer.code == 0 and answer.rows, f"{who} cannot see {ref}: {answer}")
        return answer.rows[0]

    def is_state(self, ref, state, who):
        found = self.show(ref, who)
        expect(found["state"] == state, f"{ref} is {found['state']} for {who}, not {state}")

    def waits(self, ref, mover, who):
        found = self.show(ref, who).get("nextMove", "nobody")
        expect(found == mover, f"{ref} waits for {found} for {who}, not for {mover}")

    def due(self, ref, count, unit, who):
        wanted = self.clock.working_days(count) if unit == "working day" else \
            self.clock.now() + datetime.timedelta(seconds=count * UNITS[unit])
        found = self.show(ref, who).get("dueAt", "never")
        expect(found[:10] == stamp(wanted)[:10], f"{ref} is due {found} for {who}, not {stamp(wanted)}")

    def mine(self, delivery, about):
        if not about:
            return True
        wanted = self.named[about]
        wanted = wanted["id"] if isinstance(wanted, dict) else wanted
        return wanted in json.dumps(delivery)

    def got(self, who, kind, about, fields):
        wanted = self.values(fields)
        return [row for row in self.mail[who] if row["type"] == kind and self.mine(row, about)
                and any(fits(part.get("content", {}), wanted) for part in row["parts"])]

    def gets(self, who, kind, about, fields):
        deadline = time.monotonic() + DEADLINE_S
        while True:
            self.collect(who)
            found = self.got(who, kind, about, fields)
            if found:
                # Each one is expected once: a second one must be a second one.
                self.mail[who].remove(found[0])
                return
            if time.monotonic() > deadline:
                kinds = [(row["type"], [part.get("content") for part in row["parts"]]) for row in self.mail[who]
                         if self.mine(row, about)]
                raise Surprise(f"{who} got no {kind} about {about or 'anything'}; it has {kinds}")
            time.sleep(0.05)

    def gets_no(self, who, kind, about, fields):
        self.settle()
        self.collect(who)
        found = self.got(who, kind, about, fields)
        expect(not found, f"{who} got {kind} about {about}: {found[:1]}")

    def unseen(self, who, ref):
        real = self.cli(who, ["referral", "show", self.named[ref]])
        none = self.cli(who, ["referral", "show", messages.new_id()])
        blind = json.dumps(real.rows).replace(self.named[ref], "")
        expect(real.code == none.code == 3 and real.rows[0]["error"]["code"] == none.rows[0]["error"]["code"],
               f"{who} can tell {ref} from an id that does not exist: {blind}")

    def timeline(self, ref, who, words):
        codes = [row.get("code", "") for row in self.show(ref, who).get("timeline", [])]
        rest = iter(codes)
        wanted = re.split(r",\s*", words)
        expect(all(word in rest for word in wanted), f"{ref} for {who} shows {codes}, not {wanted} in this order")

    def rows_are(self, who, command, refs):
        answer = self.cli(who, self.words(command))
        self.done(who, answer)
        known = {number: ref for ref, number in self.named.items() if isinstance(number, str)}
        found = [known.get(row.get("referralId"), "?") for row in answer.rows]
        wanted = [] if refs == "nothing" else re.split(r",\s*", refs)
        expect(found == wanted, f"{who}: {command} gives {found}, not {wanted}")

    def row_is(self, who, command, fields):
        answer = self.cli(who, self.words(command))
        self.done(who, answer)
        expect(any(fits(row, self.values(fields)) for row in answer.rows),
               f"{who}: {command} has no row with {self.values(fields)}: {answer.rows}")

    def row_is_not(self, who, command, fields):
        answer = self.cli(who, self.words(command))
        self.done(who, answer)
        expect(not any(fits(row, self.values(fields)) for row in answer.rows),
               f"{who}: {command} has a row with {self.values(fields)}")

    def refused(self, code, sentence):
        try:
            self.say(sentence)
        except Refused as refusal:
            expect(refusal.code == code, f"refused with {refusal.code}, not {code}: {refusal}")
            return
        raise Surprise(f"not refused: {sentence}")

    # -- the grammar ---------------------------------------------------------------------------

    WITH = r"(?: with (?P<fields>.+))?"
    ABOUT = r"(?: about (?P<about>\S+))?"
    GRAMMAR = [
        (r"(?:person|id) (?P<names>.+)", lambda s, m: s.person(m["names"])),
        (r"(?P<who>\S+) refers (?P<person>\S+) to (?P<to>\S+) as (?P<ref>\S+)" + WITH,
         lambda s, m: s.refer(m["who"], m["person"], m["to"], m["ref"], m["fields"])),
        (r"(?P<who>\S+) moves (?P<ref>\S+) (?P<words>.+)", lambda s, m: s.move(m["who"], m["ref"], m["words"])),
        (r"(?P<who>\S+) sends (?P<kind>\w+)(?: to (?P<to>\S+(?:, \S+)*))?" + ABOUT + r"(?: for (?P<purpose>\w+))?"
         r"(?: under (?P<consent>\S+))?(?: by (?P<actor>\S+))?(?: as (?P<name>\S+))?" + WITH,
         lambda s, m: s.send(m["who"], m["kind"], m["to"], m["about"], m["purpose"], m["consent"], m["actor"], m["name"],
                             m["fields"])),
        (r"(?P<who>\S+) signs for (?P<person>\S+) that (?P<source>\S+) may tell (?P<target>\S+)"
         r" (?P<what>\w+(?:, \w+)*)(?: for (?P<purpose>\w+))? as (?P<name>\S+)",
         lambda s, m: s.sign(m["who"], m["person"], m["source"], m["target"], m["what"], m["purpose"], m["name"])),
        (r"(?P<who>\S+) revokes (?P<name>\S+) of (?P<person>\S+)", lambda s, m: s.revoke(m["who"], m["name"], m["person"])),
        (r"(?P<who>\S+) runs (?P<command>.+?)(?: as (?P<name>\S+))?",
         lambda s, m: s.run_command(m["who"], m["command"], m["name"])),
        (r"(?P<who>\S+) collects", lambda s, m: s.collect(m["who"])),
        (r"after (?P<count>\d+) (?P<unit>minute|hour|working day|day)s?", lambda s, m: s.pass_time(int(m["count"]), m["unit"])),
        (r"the broker is (?P<what>killed|restarted)", lambda s, m: s.broker(m["what"])),
        (r"expect refused (?P<code>\w+): (?P<sentence>.+)", lambda s, m: s.refused(m["code"], m["sentence"])),
        (r"expect rows of (?P<who>\S+): (?P<command>[^:]+): (?P<refs>.+)",
         lambda s, m: s.rows_are(m["who"], m["command"], m["refs"])),
        (r"expect no row of (?P<who>\S+): (?P<command>.+?)" + WITH,
         lambda s, m: s.row_is_not(m["who"], m["command"], m["fields"])),
        (r"expect (?P<who>\S+): (?P<command>.+?)" + WITH, lambda s, m: s.row_is(m["who"], m["command"], m["fields"])),
        (r"expect (?P<who>\S+) gets no (?P<kind>\w+)" + ABOUT + WITH,
         lambda s, m: s.gets_no(m["who"], m["kind"], m["about"], m["fields"])),
        (r"expect (?P<who>\S+) gets (?P<kind>\w+)" + ABOUT + WITH,
         lambda s, m: s.gets(m["who"], m["kind"], m["about"], m["fields"])),
        (r"expect (?P<who>\S+) does not see (?P<ref>\S+)", lambda s, m: s.unseen(m["who"], m["ref"])),
        (r"expect (?P<ref>\S+) is due in (?P<count>\d+) (?P<unit>working day|day)s? for (?P<who>\S+)",
         lambda s, m: s.due(m["ref"], int(m["count"]), m["unit"], m["who"])),
        (r"expect (?P<ref>\S+) is (?P<state>\w+) for (?P<who>\S+)",
         lambda s, m: s.is_state(m["ref"], m["state"], m["who"])),
        (r"expect (?P<ref>\S+) waits for (?P<mover>\S+) for (?P<who>\S+)",
         lambda s, m: s.waits(m["ref"], m["mover"], m["who"])),
        (r"expect (?P<ref>\S+) for (?P<who>\S+) shows (?P<words>.+)",
         lambda s, m: s.timeline(m["ref"], m["who"], m["words"])),
    ]

    def say(self, sentence):
        for pattern, act in self.GRAMMAR:
            match = re.fullmatch(pattern, sentence)
            if match:
                act(self, match)
                return
        raise Surprise("this is no sentence that a story knows; see --help")


class Refused(Exception):
    """The exchange, or the command line, said no."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def sentences(path):
    """Line number and text; the paragraphs before the first blank line after the title are prose."""
    with open(path, encoding="utf-8") as lines:
        text = lines.read().splitlines()
    begin = next(number for number, line in enumerate(text) if line.strip() == "---") + 1
    for number, line in enumerate(text[begin:], begin + 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def play(path, build):
    with tempfile.TemporaryDirectory(prefix="throughcare-story-") as folder:
        story = Story(build, folder)
        try:
            story.net.make()
            story.net.start()
            for number, sentence in sentences(path):
                try:
                    story.say(sentence)
                except (Surprise, Refused, AssertionError, subprocess.TimeoutExpired) as problem:
                    return f"{os.path.relpath(path, ROOT)}:{number}: {sentence}\n    {problem}"
            story.net.stop()
        finally:
            story.net.abandon()
    return None


def play_apart(path, build):
    """In a process of its own: the clock is in the environment."""
    done = subprocess.run([sys.executable, os.path.abspath(__file__), "--build", build, "--alone", path],
                          capture_output=True, text=True, check=False)
    return path, done.returncode, (done.stdout + done.stderr).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), help="folder of the build (default: build)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="stories at a time")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("stories", nargs="*", metavar="STORY")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    if options.alone:
        problem = play(options.stories[0], build)
        print(problem or "")
        return 1 if problem else 0
    stories = options.stories or sorted(os.path.join(HERE, name) for name in os.listdir(HERE) if name.endswith(".story"))
    started = time.monotonic()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, code, text in pool.map(lambda story: play_apart(story, build), stories):
            failed += code != 0
            print(f"{'ok' if code == 0 else 'FAILED':<8}{os.path.basename(path)}{': ' + text if code else ''}", flush=True)
    counts = [f"{failed} failed"] * (failed > 0) + [f"{len(stories) - failed} passed"]
    print(f"{', '.join(counts)} in {time.monotonic() - started:.1f}s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
