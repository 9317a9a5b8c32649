"""Network ids that are one person: what goes because of it, and what is asked back when it was wrong."""
import pytest
from messages import attendance, consent, evidence, grant, new_id, of, part

CLINIC, OFFICE, COURT, DESK = "treatment-south", "parole-north", "court-county", "intake-desk"


def decision(kind, subject, **content):
    return {"messageId": new_id(), "type": kind, "subject": subject, "actor": {"id": "w-104"},
            "parts": [part(kind, decidedBy="w-104", **content)]}


def merge(one, other):
    return decision("PersonMerge", other, fromIds=[one], toId=other, confidence=1)


def unmerge(merged, subject):
    return decision("PersonUnmerge", subject, mergeMessageId=merged["messageId"])


def reply(asks, result):
    return {"messageId": new_id(), "type": "TaskReply", "actor": {"id": "clerk-7"},
            "parts": [part("TaskReply", messageId=asks["messageId"], resultCode=result)]}


def disclosures(rows):
    return [row for row in rows if row["type"] == "MisdirectedDisclosure"]


def checked(exchange, subject):
    return exchange.ask(CLINIC, "consent", "check", "--from", CLINIC, "--to", OFFICE, "--subject", subject,
                        "--purpose", "supervision_monitoring", "--category", "attendance")[0]


@pytest.mark.quick
def test_a_merge_releases_and_undoing_it_asks_back_what_went_out(exchange):
    one, other = new_id(), new_id()
    exchange.accepted(DESK, consent(other, grant()))
    exchange.collect(OFFICE)
    held = attendance(one)
    assert exchange.accepted(CLINIC, held)["dispositions"][0]["kind"] == "DISPOSITION_KIND_HELD"
    assert not of(exchange.collect(OFFICE), held)
    made = merge(one, other)
    exchange.accepted(DESK, made)
    assert of(exchange.collect(OFFICE), held)
    assert checked(exchange, one)["decision"] == "permit"
    own = attendance(other)
    exchange.accepted(CLINIC, own)
    assert of(exchange.collect(OFFICE), own)
    exchange.collect(CLINIC)

    exchange.accepted(COURT, unmerge(made, one))
    assert checked(exchange, one)["decision"] == "hold"
    asked = disclosures(exchange.collect(OFFICE))
    assert len(asked) == 1
    content = asked[0]["parts"][0]["content"]
    assert content["messageIds"] == [held["messageId"]] and content["action"] == "RECALL_ACTION_DESTROY"
    assert other not in str(asked[0]), "the notice names the other person"
    told = exchange.collect(CLINIC)
    assert evidence(told, held) == ["RECALLED"] and not evidence(told, own)
    assert exchange.refused(OFFICE, reply(asked[0], "resolved")) == "field_invalid"
    assert exchange.refused(COURT, reply(asked[0], "destroyed")) == "unknown_task"
    exchange.accepted(OFFICE, reply(asked[0], "destroyed"))
    events = [row["event"] for row in exchange.trail("--subject", one)]
    assert {"person_merged", "person_unmerged", "misdirected", "task", "task_done"} <= set(events)


def test_who_is_one_person_is_for_identity_sources_and_said_once(exchange):
    one, other = new_id(), new_id()
    assert exchange.refused(CLINIC, merge(one, other)) == "not_permitted"
    made = merge(one, other)
    exchange.accepted(OFFICE, made)
    assert exchange.refused(OFFICE, merge(one, new_id())) == "person_conflict"
    assert exchange.refused(OFFICE, merge(other, one)) == "person_conflict"
    assert exchange.refused(OFFICE, merge(one, one)) == "field_invalid"
    assert exchange.refused(CLINIC, unmerge(made, one)) == "not_permitted"
    assert exchange.refused(OFFICE, unmerge({"messageId": new_id()}, one)) == "unknown_merge"
    exchange.accepted(OFFICE, unmerge(made, one))
    assert exchange.refused(OFFICE, unmerge(made, one)) == "unknown_merge"


def test_a_link_is_recorded_and_changes_nothing(exchange):
    one, other = new_id(), new_id()
    exchange.accepted(DESK, consent(other, grant()))
    exchange.accepted(DESK, decision("PersonLink", one, fromIds=[one], toId=other, confidence=0.8))
    assert checked(exchange, one)["decision"] == "hold"


def test_persons_outlive_a_crash(own_exchange):
    own_exchange.start()
    one, other = new_id(), new_id()
    made = merge(one, other)
    own_exchange.accepted(DESK, consent(other, grant()))
    own_exchange.accepted(DESK, made)
    own_exchange.kill()
    own_exchange.start()
    sent = attendance(one)
    own_exchange.accepted(CLINIC, sent)
    assert of(own_exchange.collect(OFFICE), sent)
    own_exchange.accepted(DESK, unmerge(made, one))
    own_exchange.kill()
    own_exchange.start()
    assert len(disclosures(own_exchange.collect(OFFICE))) == 1
    own_exchange.stop()
