"""What members change stands in the trail with the person who did it, about what, and what it replaced."""
import pytest
from envelope import now
from exchange import AUDITOR, OPERATOR
from messages import consent, grant, new_id

DESK, OFFICE, HOME = "intake-desk", "parole-north", "housing-harbor"


def act(exchange, member, kind, content, actor, **header):
    message = {"messageId": new_id(), "type": kind, "actor": {"id": actor}, "parts": [{"type": kind, "content": content}], **header}
    exchange.accepted(member, message)
    return message["messageId"]


def agency(name):
    return {"agency": "housing-elm", "name": name, "kind": "AGENCY_KIND_HOUSING", "status": "AGENCY_STATUS_ACTIVE"}


def calendar(version, *weekdays):
    return {"jurisdiction": "elm-county", "version": version, "workingWeekdays": weekdays}


ACTS = [
    (OPERATOR, "AgencyEntry", agency("Elm Street"), "registry", {}),
    (OPERATOR, "CalendarEntry", calendar(1, 1, 2, 3), "calendar", {}),
    (OPERATOR, "AuditorScope", {"auditor": "auditor-elm", "grantedBy": "letter 12"}, "scope", {}),
    (AUDITOR, "StandingQuestion", {"name": "acts", "kind": "STANDING_KIND_BREAK_GLASS", "active": False}, "question_ended", {}),
    (OFFICE, "DisclosureSuspension", {"recipient": HOME, "until": now(86400)}, "suspension", {"subject": new_id()}),
]


@pytest.mark.quick
@pytest.mark.parametrize("member,kind,content,event,header", ACTS, ids=[row[1] for row in ACTS])
def test_an_act_is_found_by_the_person_who_did_it(exchange, member, kind, content, event, header):
    actor = "who-" + kind.lower()
    message = act(exchange, member, kind, content, actor, **header)
    row, = exchange.trail("--actor-of", actor, "--event", event)
    assert (row["messageId"], row["agency"], row["actor"]) == (message, member, actor)
    assert exchange.trail("--actor-of", actor, "--certificate", row["certificate"], "--event", event) == [row]


@pytest.mark.quick
def test_a_change_of_the_registry_is_found_by_whose_entry_it_is(exchange):
    act(exchange, OPERATOR, "AgencyEntry", agency("Elm Street"), "op-1")
    act(exchange, OPERATOR, "AgencyEntry", agency("Elm Street Homes"), "op-2")
    row = exchange.trail("--agency", "housing-elm", "--event", "registry", "--newest", "--limit", "1")[0]
    assert (row["actor"], row["recipient"]) == ("op-2", "housing-elm")
    assert row["changes"] == [{"field": "name", "before": "Elm Street", "after": "Elm Street Homes"}]
    act(exchange, HOME, "ServiceEntry", {"serviceId": "harbor-beds", "agency": HOME, "name": "Beds", "status": "SERVICE_STATUS_ACTIVE"}, "w-1")
    row = exchange.trail("--actor-of", "w-1", "--event", "registry")[0]
    assert (row["recipient"], row["reference"], row["code"]) == (HOME, "harbor-beds", "service")


@pytest.mark.quick
def test_a_calendar_tells_what_it_replaced(exchange):
    act(exchange, OPERATOR, "CalendarEntry", calendar(2, 1, 2, 3), "op-1")
    act(exchange, OPERATOR, "CalendarEntry", calendar(3, 1, 2), "op-1")
    row = exchange.trail("--event", "calendar", "--newest", "--limit", "1")[0]
    assert {"field": "working_weekdays", "before": "1, 2, 3", "after": "1, 2"} in row["changes"]


@pytest.mark.quick
def test_a_consent_is_found_by_each_of_its_grants(exchange):
    given = [grant(), grant(categories=("DRUG_TEST",))]
    exchange.accepted(DESK, consent(new_id(), *given))
    for one in given:
        row, = exchange.trail("--grant", one["grantId"])
        assert row["event"] == "consent_recorded" and len(row["grants"]) == 2
