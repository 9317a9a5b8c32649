#!/usr/bin/python3
"""Records what firing many clocks that are due in the same minute does to the acknowledgements of others.

    tests/bench/clocks.py [--build build] [--referrals 100000] [--due-seconds 120] [--normal-seconds 3]

Prints one JSON object: how long it took until every clock had rung, and how long another sender waited for its
acknowledgements, one message at a time, before and during that. Nothing is asserted: that each rings, once and in
time, is tested in tests/unit/ledger/test_clocks.c and tests/simulation/years.c.
"""
import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time

import recall
from recall import ENVELOPES, OPERATIONAL, envelope, key_of, messages, peer_of, quantile_ms, queued, schema
from exchange import Exchange

SOURCE, TARGET = "parole-north", "housing-harbor"
ASK_S = 2  # a question makes the ledger commit: to ask often would measure that


def referral_draft(number, due_s):
    """One that must be answered by a time: its clock runs out then, whatever the calendar."""
    draft = envelope.Draft(SOURCE, TARGET, messages.SYNTHETIC.format(number % 100000), "Referral")
    draft.header.purpose = 1
    draft.header.basis.legal = OPERATIONAL
    draft.header.referral_id = messages.new_id()
    content = schema.message("Referral")(service_id="harbor-rooms", reason="No address after release")
    content.desired_outcomes.add(id="outcome-1", text="A stable place to live")
    content.respond_by.seconds = due_s
    draft.parts.clear()
    draft.add("Referral", content.SerializePartialToString())
    return draft.seal()


def fill(exchange, count, due_s):
    key = key_of(exchange, SOURCE)
    with peer_of(exchange, SOURCE) as peer:
        for begin in range(0, count, ENVELOPES):
            receipts = envelope.submit(peer, key, *(
                referral_draft(begin + i, due_s) for i in range(min(ENVELOPES, count - begin))))
            assert all(receipt.status == 1 for receipt in receipts), receipts[0]
    assert time.time() < due_s, "it took too long to fill: name more --due-seconds"


def rung(exchange):
    row = queued(exchange, SOURCE)
    return int(row.get("queued", 0))


def measure(exchange, options):
    prepared = recall.requests(exchange, SOURCE, options.pings, recall.ping_draft)
    due_s = int(time.time()) + options.due_seconds
    begin = time.monotonic()
    fill(exchange, options.referrals, due_s)
    filled = time.monotonic()
    stop = multiprocessing.Event()
    ours, theirs = multiprocessing.Pipe()
    time.sleep(max(0, due_s - time.time() - options.normal_seconds))
    before = rung(exchange)
    pinger = multiprocessing.Process(target=recall.ping, args=(exchange, prepared, stop, theirs))
    pinger.start()
    time.sleep(max(0, due_s - time.time()))
    start = time.monotonic()
    while rung(exchange) - before < options.referrals and time.monotonic() - start < options.deadline_seconds:
        time.sleep(ASK_S)
    end = time.monotonic()
    fired = rung(exchange) - before
    stop.set()
    seen = ours.recv()
    pinger.join()
    normal = [wait for at, wait in seen if at + wait < start]
    during = [wait for at, wait in seen if start <= at + wait and at < end]
    return {
        "referrals": options.referrals, "fill_s": round(filled - begin, 1), "rung": fired,
        "rung_s": round(end - start, 2),
        "normal_acks": len(normal), "normal_p50_ms": quantile_ms(normal, 0.5), "normal_p99_ms": quantile_ms(normal, 0.99),
        "during_acks": len(during), "during_p50_ms": quantile_ms(during, 0.5), "during_p99_ms": quantile_ms(during, 0.99),
        "during_worst_ms": quantile_ms(during, 1),
        "p99_ratio": round(quantile_ms(during, 0.99) / quantile_ms(normal, 0.99), 1) if during and normal else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(recall.ROOT, "build"))
    parser.add_argument("--referrals", type=int, default=100000)
    parser.add_argument("--due-seconds", type=int, default=120)
    parser.add_argument("--normal-seconds", type=float, default=3)
    parser.add_argument("--deadline-seconds", type=float, default=120)
    parser.add_argument("--pings", type=int, default=6000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughcare-clocks-") as folder:
        os.mkdir(os.path.join(folder, "schemas"))
        schema.generate(os.path.join(folder, "schemas"))
        exchange = Exchange(os.path.abspath(options.build), os.path.join(folder, "network"))
        exchange.make()
        exchange.start()
        try:
            result = measure(exchange, options)
            exchange.stop()
        finally:
            exchange.abandon()
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
