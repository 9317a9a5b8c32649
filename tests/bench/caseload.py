#!/usr/bin/python3
"""Records how long an officer's list and one referral take, over TLS, with many referrals in the ledger.

    tests/bench/caseload.py [--build build] [--referrals 5000000] [--per-officer 500] [--questions 300]

Fills the ledger of a stopped exchange directly (caseload_load), starts the exchange on it, and asks for the
caseload of officers chosen at random, whole pages of 100 rows, then for single referrals, and for comparison the
smallest question there is. Prints one JSON object; nothing is asserted.
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

import schema  # noqa: E402  (the folder is on the path only now)
import wire  # noqa: E402
from exchange import Exchange  # noqa: E402

SOURCE, TARGET = "parole-north", "housing-harbor"


def timed(count, ask):
    """Milliseconds of each: median, and 99 of 100."""
    took = []
    for _ in range(count):
        started = time.monotonic()
        ask()
        took.append((time.monotonic() - started) * 1000)
    took.sort()
    return {"p50_ms": round(took[len(took) // 2], 2), "p99_ms": round(took[min(len(took) - 1, len(took) * 99 // 100)], 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--referrals", type=int, default=5000000)
    parser.add_argument("--per-officer", type=int, default=500)
    parser.add_argument("--questions", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        schema.generate(folder)
        exchange = Exchange(os.path.abspath(options.build), os.path.join(folder, "network"))
        exchange.make()
        exchange.start()
        try:
            for agency in (SOURCE, TARGET):
                exchange.ask(agency, "mailbox", "status")
            exchange.stop()
            started = time.monotonic()
            subprocess.run([os.path.join(options.build, "tests", "bench", "caseload_load"),
                            exchange.data("ledger"), str(options.referrals),
                            str(options.per_officer), SOURCE, TARGET], check=True)
            loaded = time.monotonic() - started
            exchange.start()
            peer = wire.Peer(exchange.address(), wire.tls_context(exchange.profile(SOURCE)))
            officers = max(1, options.referrals // options.per_officer)
            seen = []

            def caseload():
                query = schema.message("Query")()
                query.caseload.officer = f"w-{random.randrange(officers)}"
                reply = peer.call(query=query).query
                seen.append(len(reply.referrals))
                ids.append(random.choice(reply.referrals).referral_id)

            def show():
                query = schema.message("Query")()
                query.referral_show.referral_id = random.choice(ids)
                assert peer.call(query=query).query.referrals

            def mailbox():
                query = schema.message("Query")()
                query.mailbox_status.SetInParent()
                assert peer.call(query=query).query.mailboxes

            ids = []
            print(json.dumps({"referrals": options.referrals, "per_officer": options.per_officer,
                              "load_s": round(loaded, 1), "smallest_question": timed(options.questions, mailbox),
                              "caseload_cold": timed(options.questions, caseload),
                              "caseload": timed(options.questions, caseload), "rows": max(seen),
                              "show": timed(options.questions, show)}))
            peer.close()
            exchange.stop()
        finally:
            exchange.abandon()


if __name__ == "__main__":
    main()
