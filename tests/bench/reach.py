#!/usr/bin/python3
"""Records how long an auditor's questions take, over TLS, with many records in the log.

    tests/bench/reach.py [--build build] [--records 10000000] [--questions 500] [--keep FOLDER]

Starts an exchange, lets an agency send to itself with `throughcare bench` until the log has so many records, and before
and after that sends messages about persons and referrals to ask about, one of them with 1,000 disclosures. Then asks,
one question at a time over one connection: the first page by person, by referral and of the agency that has nearly all
records, the newest checkpoint (the smallest question: the log's record of a question is most of it), proofs of records
anywhere, the accounting of the 1,000 disclosures. Also how far the checkpoint was behind the log while the load ran,
and what a record takes on the disk. Prints one JSON object; nothing is asserted. With --keep the network is made in
that folder and stays there, and what is there already is only asked: filling takes much longer.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

import messages  # noqa: E402  (the folder is on the path only now)
import schema  # noqa: E402
import wire  # noqa: E402
from exchange import AUDITOR, Exchange, wait_for  # noqa: E402

CLINIC, OFFICE, DESK, HOME = "treatment-south", "parole-north", "intake-desk", "housing-harbor"
LOADED = "court-county"  # has nearly all records
LOAD_SECONDS = 20
PERSONS, DISCLOSURES, AT_A_TIME = 1000, 1000, 500


def spread(values, unit):
    """Its middle, what one in a hundred is over, and the most."""
    values = sorted(values)
    places = {"p50": len(values) // 2, "p99": len(values) * 99 // 100, "most": -1}
    return {f"{name}_{unit}": round(values[at], 2) for name, at in places.items()}


class Auditor:
    """One connection, and how many milliseconds each of its questions took."""

    def __init__(self, exchange):
        self.peer = wire.Peer(exchange.address(), wire.tls_context(exchange.profile(AUDITOR)))
        self.dice = random.Random(62)

    def ask(self, fill, whole):
        """The first page, or all of them."""
        query = schema.message("Query")()
        fill(query)
        began = time.perf_counter()
        pages = [self.peer.call(query=query).query]
        while whole and pages[-1].next_cursor:
            query.page.cursor = pages[-1].next_cursor
            pages.append(self.peer.call(query=query).query)
        return 1000 * (time.perf_counter() - began), pages

    def timed(self, count, fill, rows, whole=False):
        """`rows` counts an answer's; none is a failure."""
        took = []
        for _ in range(count):
            spent, pages = self.ask(fill, whole)
            found = sum(rows(page) for page in pages)
            assert found > 0, pages
            took.append(spent)
        return {**spread(took, "ms"), "rows": found}


def tell(exchange, persons, referrals):
    """A consent, a disclosure and a referral about each."""
    for at in range(0, len(persons), AT_A_TIME):
        some = range(at, min(at + AT_A_TIME, len(persons)))
        exchange.send(DESK, *(messages.consent(persons[i], messages.grant()) for i in some))
        exchange.send(CLINIC, *(messages.attendance(persons[i]) for i in some))
        exchange.send(OFFICE, *(messages.referral(persons[i], referrals[i]) for i in some))
        exchange.collect(OFFICE)
        exchange.collect(HOME)


def checkpoint(query):
    query.trail_checkpoint.SetInParent()


def signed(auditor):
    """Records that the newest checkpoint covers."""
    return auditor.ask(checkpoint, False)[1][0].trail_proof.size


def log_next(exchange):
    """Records of the log by now: a receipt names its place in it."""
    return int(exchange.accepted(OFFICE, messages.referral(messages.new_id(), messages.new_id()))["logSequence"])


def load(exchange, records):
    """Until the log has so many. Seconds from a record's receipt to a checkpoint over it, at each look."""
    behind_s = []
    auditor = Auditor(exchange)
    while (size := log_next(exchange)) < records:
        print(f"{size} of {records} records", file=sys.stderr)
        bench = subprocess.Popen([exchange.cli_path, "--profile", exchange.profile(LOADED), "--json", "bench", "--consumers", "2",
                                  "--seconds", str(LOAD_SECONDS)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while bench.poll() is None:
            index, began = log_next(exchange), time.monotonic()
            wait_for(lambda: signed(auditor) > index, "a checkpoint over a new record", 60)
            behind_s.append(time.monotonic() - began)
        assert bench.returncode == 0, bench.returncode
    auditor.peer.close()
    return behind_s


def folder_bytes(folder):
    return sum(os.stat(os.path.join(at, name)).st_blocks * 512 for at, _, names in os.walk(folder) for name in names)


def fill(exchange, options):
    """What there is to ask about, and how far the checkpoint was behind meanwhile."""
    persons = [messages.new_id() for _ in range(2 * PERSONS)]
    referrals = [messages.new_id() for _ in persons]
    known = messages.new_id()
    tell(exchange, persons[:PERSONS], referrals[:PERSONS])
    exchange.accepted(DESK, messages.consent(known, messages.grant()))
    exchange.send(CLINIC, *(messages.attendance(known) for _ in range(DISCLOSURES // 2)))
    exchange.collect(OFFICE)
    behind_s = load(exchange, options.records)
    exchange.send(CLINIC, *(messages.attendance(known) for _ in range(DISCLOSURES // 2)))
    exchange.collect(OFFICE)
    tell(exchange, persons[PERSONS:], referrals[PERSONS:])
    return {"persons": persons, "referrals": referrals, "known": known, "behind_s": behind_s}


def filled(exchange, options):
    """The same of an earlier call when the network was kept."""
    kept = os.path.join(exchange.folder, "filled.json")
    if not os.path.exists(kept):
        made = fill(exchange, options)
        with open(kept, "w", encoding="utf-8") as to:
            json.dump(made, to)
    with open(kept, encoding="utf-8") as text:
        return json.load(text)


def measure(exchange, options):
    made = filled(exchange, options)
    persons, referrals, known, behind_s = made["persons"], made["referrals"], made["known"], made["behind_s"]
    size = log_next(exchange)
    auditor = Auditor(exchange)
    wait_for(lambda: signed(auditor) > size, "a checkpoint over all", 60)

    def by_person(query):
        query.trail_find.subject = auditor.dice.choice(persons)

    def by_referral(query):
        query.trail_find.referral_id = auditor.dice.choice(referrals)

    def by_agency(query):
        query.trail_find.agency = LOADED

    def proof(query):
        query.trail_proof.index = auditor.dice.randrange(size)

    def accounting(query):
        query.accounting.subject = known
        query.accounting.rule_name = "42cfr2.25"

    found = {name: auditor.timed(options.questions, fill, lambda page: len(page.trail))
             for name, fill in (("person", by_person), ("referral", by_referral), ("agency", by_agency))}
    smallest = auditor.timed(options.questions, checkpoint, lambda page: page.HasField("trail_proof"))
    proofs = auditor.timed(options.questions, proof, lambda page: page.HasField("trail_proof"))
    accounts = auditor.timed(50, accounting, lambda page: len(page.accounting.links), whole=True)
    auditor.peer.close()
    return {"records": size, "first_page": found, "smallest": smallest, "proof": proofs, "accounting": accounts,
            "checkpoint_behind": spread(behind_s, "s") if behind_s else None,
            "disk_bytes_per_record": round(folder_bytes(exchange.data()) / size)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--keep", metavar="FOLDER")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        schema.generate(tempfile.mkdtemp(dir=folder))
        exchange = Exchange(os.path.abspath(options.build), os.path.abspath(options.keep or os.path.join(folder, "network")))
        if not os.path.exists(exchange.folder):
            exchange.make()
        exchange.start()
        try:
            print(json.dumps(measure(exchange, options)))
            exchange.stop()
        finally:
            exchange.abandon()


if __name__ == "__main__":
    main()
