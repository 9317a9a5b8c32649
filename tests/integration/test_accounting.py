"""Accounting of disclosures: who was told what about a person, by a rule of the policy."""
import base64
import csv
import hashlib
import io
import uuid

import pytest
import schema
from envelope import now
from exchange import AUDITOR, OPERATOR
from messages import attendance, consent, grant, new_id, of, part, referral, response

CLINIC, OFFICE, DESK, HOME = "treatment-south", "parole-north", "intake-desk", "housing-harbor"


@pytest.fixture(scope="module")
def told(exchange):
    """Three disclosures under one consent, and one that needs none."""
    subject = new_id()
    exchange.accepted(DESK, consent(subject, grant()))
    for _ in range(3):
        exchange.accepted(CLINIC, attendance(subject))
    exchange.accepted(OFFICE, referral(subject, new_id()))
    exchange.collect(OFFICE)
    exchange.collect(HOME)
    return subject


def account(exchange, subject, rule, *words, profile=AUDITOR):
    return exchange.ask(profile, "accounting", "--subject", subject, "--rule", rule, *words)[0]


def chain_holds(accounting):
    """Each link within the window binds the row that came with it."""
    subject = accounting["subject"]
    for link in accounting["links"]:
        if "withheld" in link:
            assert "row" not in link
            continue
        row = base64.b64decode(link["row"])
        assert hashlib.sha256(row).digest() == base64.b64decode(link["rowSha256"])
        assert str(uuid.UUID(subject)).encode() in row
    sequences = [(link["sequence"], link["n"]) for link in accounting["links"]]
    assert sequences == sorted(sequences)


@pytest.mark.quick
def test_repeated_disclosures_are_one_line(exchange, told):
    accounting = account(exchange, told, "42cfr2.25")
    entry, = accounting["entries"]
    assert entry["times"] == 3 and entry["discloser"] == CLINIC and entry["recipient"] == OFFICE
    assert entry["firstAt"] <= entry["lastAt"] and len(entry["sequences"]) == 3
    assert entry["description"] == "attendance" and entry["purpose"] == "supervision monitoring"
    assert len(accounting["links"]) == 4
    assert [link.get("exempt") for link in accounting["links"]].count("not_covered") == 1
    chain_holds(accounting)


def test_one_rule_counts_what_another_exempts(exchange, told):
    accounting = account(exchange, told, "45cfr164.528")
    assert [(entry["discloser"], entry["recipient"]) for entry in accounting["entries"]] == [(OFFICE, HOME)]
    assert [link["exempt"] for link in accounting["links"] if "exempt" in link] == ["authorization"] * 3
    assert [entry["times"] for entry in account(exchange, told, "42cfr2.24")["entries"]] == [1, 1, 1]


def test_what_is_outside_the_window_is_told_by_its_link_alone(exchange, told):
    accounting = account(exchange, told, "42cfr2.25", "--until", "2020-01-01")
    assert accounting["entries"] == [] and {link["withheld"] for link in accounting["links"]} == {"window"}
    chain_holds(accounting)


@pytest.mark.quick
def test_an_agency_gets_its_own_side_and_no_links(exchange, told):
    mine = account(exchange, told, "42cfr2.25", profile=CLINIC)
    assert [entry["times"] for entry in mine["entries"]] == [3] and mine["links"] == []
    assert account(exchange, told, "42cfr2.25", profile=HOME)["entries"] == []


@pytest.mark.quick
def test_an_agencys_pages_tell_nothing_of_others(exchange, told, connect):
    query = schema.message("Query")()
    query.accounting.subject, query.accounting.rule_name = told, "42cfr2.25"
    query.page.limit = 1

    def pages(member):
        query.page.cursor, times = b"", []
        with connect(member) as peer:
            while True:
                reply = peer.call(query=query).query
                times.append([entry.times for entry in reply.accounting.entries])
                if not reply.next_cursor:
                    return times
                query.page.cursor = reply.next_cursor

    assert pages(CLINIC) == pages(OFFICE) == [[1], [1], [1]]
    assert pages(HOME) == pages(DESK) == [[]]


@pytest.mark.quick
@pytest.mark.parametrize("member", [AUDITOR, CLINIC])
def test_all_pages_are_of_one_moment(exchange, connect, member):
    """What is disclosed between two pages is no part of the list, and its window does not move."""
    subject = new_id()

    def disclose():
        exchange.accepted(CLINIC, attendance(subject))
        exchange.collect(OFFICE)

    exchange.accepted(DESK, consent(subject, grant()))
    for _ in range(3):
        disclose()
    query = schema.message("Query")()
    query.accounting.subject, query.accounting.rule_name = subject, "42cfr2.24"
    query.page.limit = 2
    with connect(member) as peer:
        first = peer.call(query=query).query
        disclose()
        query.page.cursor = first.next_cursor
        second = peer.call(query=query).query
        assert len(first.accounting.entries) == 2 and len(second.accounting.entries) == 1
        assert not second.next_cursor
        assert (first.accounting.since, first.accounting.until) == (second.accounting.since, second.accounting.until)
        for forged in [first.next_cursor[:-1], first.next_cursor + b"\0", b"\xff" * len(first.next_cursor), b"\0"]:
            query.page.cursor = forged
            assert peer.call(query=query).refusal.code == "field_invalid"


def test_who_may_not_ask_gets_nothing(exchange, told):
    refused = exchange.cli("accounting", "--subject", told, "--rule", "42cfr2.25", profile=OPERATOR)
    assert refused.code == 3 and "not_permitted" in str(refused)
    refused = exchange.cli("accounting", "--subject", told, "--rule", "no-such-rule", profile=AUDITOR)
    assert refused.code == 3 and "unknown_rule" in str(refused)
    nobody = account(exchange, new_id(), "42cfr2.25")
    assert nobody["entries"] == [] and nobody["links"] == []


def test_pages_are_joined_into_one_accounting(exchange):
    subject = new_id()
    exchange.accepted(DESK, consent(subject, grant()))
    for _ in range(6):
        exchange.send(CLINIC, *[attendance(subject) for _ in range(100)])
        exchange.collect(OFFICE, count=100000)
    accounting = account(exchange, subject, "42cfr2.25")
    assert [entry["times"] for entry in accounting["entries"]] == [600]
    assert len(accounting["links"]) == 600 == len(accounting["entries"][0]["sequences"])
    chain_holds(accounting)


@pytest.mark.quick
def test_every_consented_disclosure_counts_for_part_2_also_that_somebody_came(exchange):
    """42 CFR 2.25(a): all disclosures with consent, and the suspensions of 45 CFR 164.528(a)(2)."""
    subject, number = new_id(), new_id()
    exchange.accepted(DESK, consent(subject, grant(categories=("REFERRAL_FACT",), purposes=("REFERRAL_COORDINATION",))))
    exchange.accepted(OFFICE, referral(subject, number, to=CLINIC))
    exchange.collect(CLINIC, count=100000)
    answer = response(subject, number, "RECEIVED")
    del answer["basis"]
    exchange.accepted(CLINIC, answer)
    assert of(exchange.collect(OFFICE), answer)
    for rule in ("42cfr2.24", "42cfr2.25"):
        assert [entry["description"] for entry in account(exchange, subject, rule)["entries"]
                if entry["discloser"] == CLINIC] == ["referral fact"]
    exchange.accepted(CLINIC, {"type": "DisclosureSuspension", "subject": subject, "actor": {"id": "w-1"},
                               "parts": [part("DisclosureSuspension", recipient=OFFICE, until=now(86400), oral=True)]})
    assert account(exchange, subject, "42cfr2.25", "--for-person")["entries"] == []
    assert len(account(exchange, subject, "42cfr2.25")["entries"]) == 1


def test_the_list_is_printed_as_text_and_as_csv(exchange, told):
    def printed(form):
        return exchange.plain(AUDITOR, "accounting", "--subject", told, "--rule", "42cfr2.25", "--format", form)

    assert "attendance" in printed("text")
    row, = csv.DictReader(io.StringIO(printed("csv")))
    assert row["TIMES"] == "3" and row["BY"] == CLINIC and row["WHAT"] == "attendance"


def test_what_is_suspended_stays_out_of_the_persons_copy_alone(exchange):
    subject = new_id()
    exchange.accepted(OFFICE, referral(subject, new_id()))
    exchange.collect(HOME)

    def suspend(until, oral=False):
        exchange.accepted(OFFICE, {"type": "DisclosureSuspension", "subject": subject, "actor": {"id": "officer-1"},
                                   "parts": [part("DisclosureSuspension", recipient=HOME, until=until, oral=oral)]})

    def copies():
        whole = account(exchange, subject, "45cfr164.528")
        mine = account(exchange, subject, "45cfr164.528", "--for-person")
        assert [entry["recipient"] for entry in whole["entries"]] == [HOME]
        return [link.get("withheld") for link in mine["links"]], len(mine["entries"])

    assert copies() == ([None], 1)
    suspend(now(86400))
    assert copies() == (["suspended"], 0)
    assert exchange.trail("--subject", subject, "--event", "suspension")[0]["recipient"] == HOME
    suspend(now(-60))
    assert copies() == ([None], 1)


@pytest.mark.quick
def test_what_was_disclosed_before_a_stop_is_bound_to_the_log_by_it(own_exchange):
    own_exchange.set(trail__anchor_interval="1h")
    own_exchange.start()
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    own_exchange.accepted(CLINIC, attendance(subject))
    assert len(own_exchange.collect(OFFICE)) == 1
    before = account(own_exchange, subject, "42cfr2.25")
    assert len(before["links"]) == 1 and "completeUntil" not in before
    own_exchange.stop()
    own_exchange.start()
    after = account(own_exchange, subject, "42cfr2.25")
    assert after["completeUntil"] >= after["entries"][0]["lastAt"] and int(after["anchor"]["count"]) == 1
    # Nothing was disclosed since: the next stop adds nothing.
    own_exchange.stop()
    own_exchange.start()
    events = [row["event"] for row in own_exchange.trail("--event", "anchor")]
    assert len(events) == 2
    own_exchange.stop()
