#!/usr/bin/python3
"""Records the broker's memory: at rest, per idle connection, and under a client that never reads.

    tests/bench/memory.py [--build build] [--connections 1000] [--flood-seconds 10]

Prints one JSON object. "anonymous" is what the broker itself holds (RssAnon); "resident" also counts
the pages of its LMDB files that happen to be in memory and that the kernel takes back when it needs
them. Nothing is asserted: the bounds are tested in tests/integration/test_resources.py.
"""
import argparse
import json
import os
import resource
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

import schema  # noqa: E402  (the folder is on the path only now)
import wire  # noqa: E402
from exchange import Exchange  # noqa: E402

AGENCY = "parole-north"


def memory_kib(exchange):
    rows = {}
    with open(f"/proc/{exchange.process.pid}/status", encoding="utf-8") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name in ("VmRSS", "RssAnon"):
                rows[name] = int(value.split()[0])
    return rows["VmRSS"], rows["RssAnon"]


def idle(exchange, count):
    context = wire.tls_context(exchange.profile(AGENCY))
    before = memory_kib(exchange)[0]
    peers = [wire.Peer(exchange.address(), context) for _ in range(count)]
    assert peers[-1].alive()
    per_connection = (memory_kib(exchange)[0] - before) / count
    for peer in peers:
        peer.close()
    return per_connection


def flood(exchange, seconds):
    """Asks without end and reads nothing; the highest memory seen from the second half on, against the first."""
    query = schema.message("Query")()
    query.agency_list.SetInParent()
    request = wire.frame(schema.message("Request")(request_id=1, query=query).SerializeToString()) * 100
    peer = wire.Peer(exchange.address(), wire.tls_context(exchange.profile(AGENCY)))
    peer.socket.settimeout(0.2)
    begin, halves = time.monotonic(), [0, 0]
    while (elapsed := time.monotonic() - begin) < seconds:
        try:
            peer.socket.send(request)
        except TimeoutError:
            pass
        except OSError:
            break  # the exchange has had enough of it
        half = int(elapsed > seconds / 2)
        halves[half] = max(halves[half], memory_kib(exchange)[1])
    return halves


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--flood-seconds", type=int, default=10)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    with tempfile.TemporaryDirectory(prefix="throughcare-memory-") as folder:
        os.mkdir(os.path.join(folder, "schemas"))
        schema.generate(os.path.join(folder, "schemas"))
        exchange = Exchange(os.path.abspath(options.build), os.path.join(folder, "network"))
        exchange.make()
        exchange.set(gateway__stalled_max="1h", gateway__idle_max="1h")
        exchange.start()
        resident, anonymous = memory_kib(exchange)
        result = {"at_rest_resident_mib": round(resident / 1024, 1), "at_rest_anonymous_mib": round(anonymous / 1024, 1),
                  "connections": options.connections,
                  "per_idle_connection_kib": round(idle(exchange, options.connections), 1)}
        first, second = flood(exchange, options.flood_seconds)
        result["flood_first_half_anonymous_mib"] = round(first / 1024, 1)
        result["flood_second_half_anonymous_mib"] = round(second / 1024, 1)
        exchange.stop()
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
