#!/usr/bin/python3
"""Records how long one revocation takes that recalls everything queued for an agency that does not collect.

    tests/bench/recall.py [--build build] [--messages 100000] [--normal-seconds 3]

Prints one JSON object: seconds from sending the ConsentRevoke to its receipt, and how long another pair of agencies
waited for its acknowledgements, one message at a time, before and during that. Nothing is asserted: that all is
recalled before the receipt, and nothing handed over meanwhile, is tested in tests/unit/ledger/test_job.c.
"""
import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

import envelope  # noqa: E402  (the folder is on the path only now)
import messages  # noqa: E402
import schema  # noqa: E402
import wire  # noqa: E402
from exchange import Exchange  # noqa: E402

SUBJECT = messages.SYNTHETIC.format(1)
ENVELOPES = 64
PING_PAUSE_S = 0.001
OPERATIONAL = 5


def key_of(exchange, agency):
    return os.path.join(exchange.profile(agency), "key.pem")


def peer_of(exchange, agency):
    return wire.Peer(exchange.address(), wire.tls_context(exchange.profile(agency)))


def requests(exchange, agency, count, draft):
    """Submissions of one envelope each, signed before they are needed."""
    made = []
    for _ in range(count):
        packed = draft().seal().envelope()
        made.append(schema.message("Submit")(
            envelopes=[packed], signature=envelope.sign(key_of(exchange, agency), [packed.header])))
    return made


def ping_draft():
    draft = envelope.Draft("parole-north", "housing-harbor", messages.SYNTHETIC.format(2), "SupervisionEvent")
    draft.header.purpose = 1
    draft.header.basis.legal = OPERATIONAL
    draft.parts.clear()
    content = schema.message("SupervisionEvent")(kind=1)
    draft.add("SupervisionEvent", content.SerializePartialToString())
    return draft


def ping(exchange, prepared, stop, pipe):
    """Submits one by one and sends back (when, how long) of each acknowledgement."""
    seen = []
    with peer_of(exchange, "parole-north") as peer:
        for submit in prepared:
            begin = time.monotonic()
            receipt = peer.call(submit=submit).submit.receipts[0]
            seen.append((begin, time.monotonic() - begin))
            assert receipt.status == 1, receipt
            if stop.is_set():
                break
            time.sleep(PING_PAUSE_S)
    pipe.send(seen)


def fill(exchange, count):
    """That many messages about one person to an agency that does not collect."""
    key = key_of(exchange, "treatment-south")
    with peer_of(exchange, "treatment-south") as peer:
        for begin in range(0, count, ENVELOPES):
            receipts = envelope.submit(peer, key, *(
                envelope.Draft(subject=SUBJECT).seal() for _ in range(min(ENVELOPES, count - begin))))
            assert all(receipt.status == 1 and receipt.dispositions[0].kind == 1 for receipt in receipts), receipts[0]


def revoke(exchange, consent_id):
    draft = envelope.Draft("intake-desk", None, SUBJECT, "ConsentRevoke")
    draft.parts.clear()
    content = schema.message("ConsentRevoke")(consent_id=consent_id, by=1, method=1)
    draft.add("ConsentRevoke", content.SerializePartialToString())
    with peer_of(exchange, "intake-desk") as peer:
        peer.socket.settimeout(600)
        submit = requests(exchange, "intake-desk", 1, lambda: draft)[0]
        begin = time.monotonic()
        receipt = peer.call(submit=submit).submit.receipts[0]
        end = time.monotonic()
    assert receipt.status == 1, receipt
    return begin, end


def quantile_ms(waits, share):
    waits = sorted(waits)
    return round(waits[min(len(waits) - 1, int(len(waits) * share))] * 1000, 2) if waits else None


def queued(exchange, agency):
    return exchange.ask(agency, "mailbox", "status")[0]


def measure(exchange, options):
    consent = messages.consent(SUBJECT, messages.grant())
    exchange.accepted("intake-desk", consent)
    begin = time.monotonic()
    fill(exchange, options.messages)
    filled = time.monotonic()
    prepared = requests(exchange, "parole-north", options.pings, ping_draft)
    before = queued(exchange, "parole-north")
    stop = multiprocessing.Event()
    ours, theirs = multiprocessing.Pipe()
    pinger = multiprocessing.Process(target=ping, args=(exchange, prepared, stop, theirs))
    pinger.start()
    time.sleep(options.normal_seconds)
    start, end = revoke(exchange, messages.consent_id(consent))
    stop.set()
    seen = ours.recv()
    pinger.join()
    after = queued(exchange, "parole-north")
    normal = [wait for at, wait in seen if at + wait < start]
    during = [wait for at, wait in seen if start <= at + wait and at < end]
    return {
        "messages": options.messages, "fill_s": round(filled - begin, 1), "queued_before": int(before.get("queued", 0)),
        "queued_after": int(after.get("queued", 0)), "recall_s": round(end - start, 3),
        "normal_acks": len(normal), "normal_p50_ms": quantile_ms(normal, 0.5), "normal_p99_ms": quantile_ms(normal, 0.99),
        "normal_worst_ms": quantile_ms(normal, 1),
        "during_acks": len(during), "during_p50_ms": quantile_ms(during, 0.5), "during_p99_ms": quantile_ms(during, 0.99),
        "during_worst_ms": quantile_ms(during, 1),
        "p99_ratio": round(quantile_ms(during, 0.99) / quantile_ms(normal, 0.99), 1) if during and normal else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--messages", type=int, default=100000)
    parser.add_argument("--normal-seconds", type=float, default=3)
    parser.add_argument("--pings", type=int, default=6000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughcare-recall-") as folder:
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
