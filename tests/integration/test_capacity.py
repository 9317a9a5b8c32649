"""Places as agencies meet them: a bed that two want, and a request to several providers."""
import datetime

import pytest
from exchange import wait_for
from messages import new_id, of, referral, response

OFFICE, OTHER, HOME = "parole-north", "treatment-south", "housing-harbor"
PLACE = ("--service", "harbor-rooms", "--unit")


def done(answer):
    assert answer.code == 0, answer
    return answer.rows[0]


def refused(answer):
    assert answer.code == 3, answer
    return answer.rows[0]["refusal"]["code"]


@pytest.fixture(scope="module", autouse=True)
def service(exchange):
    exchange.accepted(HOME, {"type": "ServiceEntry", "parts": [{"type": "ServiceEntry", "content": {
        "serviceId": "harbor-rooms", "agency": HOME, "name": "Rooms", "status": "SERVICE_STATUS_ACTIVE"}}]})


def set_places(exchange, unit, available):
    done(exchange.cli("capacity", "set", *PLACE, unit, "--available", str(available), "--actor", "w-1", profile=HOME))


def hold(exchange, who, unit):
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    return exchange.cli("capacity", "hold", *PLACE, unit, "--until", tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ"), "--actor", "w-1", profile=who)


def listed(exchange, who, unit):
    rows = exchange.ask(who, "capacity", "list", *PLACE, unit)
    assert len(rows) == 1, rows
    return rows[0]


@pytest.mark.quick
def test_of_two_who_want_the_last_bed_one_gets_it_until_it_is_given_back(exchange):
    set_places(exchange, "bed", 1)
    first = done(hold(exchange, OFFICE, "bed"))
    assert int(first["leaseToken"]) > 0 and first["leaseExpiresAt"]
    assert refused(hold(exchange, OTHER, "bed")) == "no_capacity"
    row = listed(exchange, OFFICE, "bed")
    assert row.get("free", 0) == 0 and len(row["leases"]) == 1
    assert not listed(exchange, OTHER, "bed").get("leases")  # who holds it is not for others
    lease = row["leases"][0]["leaseId"]
    assert refused(exchange.cli("capacity", "release", "--lease", lease, "--actor", "w-1", profile=OTHER)) == "unknown_lease"
    done(exchange.cli("capacity", "release", "--lease", lease, "--actor", "w-1", profile=OFFICE))
    assert listed(exchange, OFFICE, "bed")["free"] == 1
    done(hold(exchange, OTHER, "bed"))


def test_a_bed_that_is_taken_is_gone_until_the_service_counts_anew(exchange):
    set_places(exchange, "room", 2)
    done(hold(exchange, OFFICE, "room"))
    lease = listed(exchange, HOME, "room")["leases"][0]["leaseId"]
    assert refused(exchange.cli("capacity", "confirm", "--lease", lease, "--actor", "w-1", profile=OFFICE)) == "not_permitted"
    done(exchange.cli("capacity", "confirm", "--lease", lease, "--actor", "w-1", profile=HOME))
    assert listed(exchange, OFFICE, "room")["free"] == 1
    assert refused(exchange.cli("capacity", "release", "--lease", lease, "--actor", "w-1", profile=HOME)) == "lease_stale"
    set_places(exchange, "room", 2)
    assert listed(exchange, OFFICE, "room")["free"] == 2


@pytest.mark.quick
def test_of_two_providers_who_are_asked_the_first_to_accept_has_it(exchange):
    subject, group = new_id(), new_id()
    asked = {}
    for provider in (HOME, OTHER):
        number = new_id()
        message = referral(subject, number, to=provider)
        message["parts"][0]["content"]["offerGroup"] = group
        exchange.accepted(OFFICE, message)
        wait_for(lambda: of(exchange.collect(provider), message), "the referral to be handed over")
        exchange.accepted(provider, response(subject, number, "RECEIVED"))
        asked[provider] = number
    exchange.accepted(OTHER, response(subject, asked[OTHER], "ACCEPTED"))
    assert exchange.refused(HOME, response(subject, asked[HOME], "ACCEPTED")) == "offer_taken"
    wait_for(lambda: [row for row in exchange.collect(HOME) if row["type"] == "RecallNotice"], "the recall to be told")
    assert exchange.ask(OFFICE, "referral", "show", asked[HOME])[0]["state"] == "CANCELLED"
    late = referral(subject, new_id(), to=HOME)
    late["parts"][0]["content"]["offerGroup"] = group
    assert exchange.refused(OFFICE, late) == "offer_taken"


def test_a_place_is_held_of_a_service_that_has_told_how_many_there_are(exchange):
    assert refused(hold(exchange, OFFICE, "hut")) == "no_capacity"
    assert exchange.refused(OFFICE, {
        "type": "CapacityUpdate", "actor": {"id": "w-1"}, "parts": [{"type": "CapacityUpdate", "content": {
            "serviceId": "harbor-rooms", "asOf": "2026-01-01T00:00:00Z",
            "lines": [{"unit": "hut", "available": 9, "status": "CAPACITY_STATUS_AVAILABLE"}]}}]}) == "not_permitted"
