#!/usr/bin/python3
"""Records how fast the log is exported and verified, and how long one proof takes.

    tests/bench/export.py [--build build] [--records 1000000] [--proofs 500]

Fills the journal of a network of its own with made-up records (below TMPDIR or /var/tmp, about 900 bytes each), starts
the exchange, waits for a checkpoint over them, and prints one JSON object: entries per second of `trail export` (fetched
over mutual TLS, counted again, written as files) and of `trail verify`, and milliseconds of a proof over one connection.
Nothing is asserted: that exports are right is tested in tests/integration/test_export.py.
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
from exchange import AUDITOR, Exchange, wait_for  # noqa: E402


def filled(build, folder, records):
    """A network whose log has so many records more than a fresh one."""
    exchange = Exchange(build, os.path.join(folder, "network"))
    exchange.make()
    exchange.start()
    exchange.stop()
    subprocess.run([os.path.join(build, "tests", "bench", "journal_fill"),
                    exchange.data("journal"), str(records)], check=True)
    return exchange


def proofs(exchange, records, count):
    dice = random.Random(62)
    spent = []
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(AUDITOR))) as peer:
        for _ in range(count):
            query = schema.message("Query")()
            query.trail_proof.index = dice.randrange(records)
            began = time.perf_counter()
            reply = peer.call(query=query)
            spent.append(1000 * (time.perf_counter() - began))
            assert reply.query.HasField("trail_proof"), reply
    spent.sort()
    return {"p50": round(spent[len(spent) // 2], 2), "p99": round(spent[len(spent) * 99 // 100], 2)}


def timed(call):
    began = time.perf_counter()
    row = call()
    return row, time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--proofs", type=int, default=500)
    options = parser.parse_args()
    base = os.environ.get("TMPDIR", "/var/tmp")
    with tempfile.TemporaryDirectory(dir=base) as folder:
        schema.generate(tempfile.mkdtemp(dir=folder))
        exchange = filled(os.path.abspath(options.build), folder, options.records)
        exchange.start()
        try:
            wait_for(lambda: exchange.cli("trail", "checkpoint", profile=AUDITOR).rows[0].get("size", 0) > options.records,
                     "a checkpoint", 600)
            target = os.path.join(folder, "export")
            exported, export_s = timed(lambda: exchange.ask(AUDITOR, "trail", "export", target)[0])
            verdict, verify_s = timed(lambda: exchange.ask(AUDITOR, "trail", "verify", target)[0])
            print(json.dumps({
                "records": verdict["size"], "export_s": exported["seconds"],
                "export_entries_s": round(exported["fetched"] / exported["seconds"]),
                "export_whole_s": round(export_s, 2), "verify_entries_s": round(verdict["size"] / verify_s),
                "proof_ms": proofs(exchange, options.records, options.proofs)}))
        finally:
            exchange.stop()


if __name__ == "__main__":
    main()
