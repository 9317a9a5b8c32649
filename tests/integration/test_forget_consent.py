"""A consent goes with the message that said it: it permits nothing from the approval on, and is in no byte afterwards."""
import uuid

import pytest
from exchange import AUDITOR
from messages import attendance, consent, consent_id, evidence, grant, new_id, of, revocation
from test_explain import grant_of
from test_forget import CLINIC, DESK, MARK, OFFICE, another_time, executed, expunge, found_in, ordered
from test_restart import digests

NAME = f"{MARK} Signed"


class Signed:
    """A person who consented, and what was and was to be told under it."""

    def __init__(self, exchange):
        self.subject = new_id()
        self.consent = consent(self.subject, grant(), subjectNameAsSigned=NAME)
        self.told, self.queued = attendance(self.subject), attendance(self.subject)
        exchange.accepted(DESK, self.consent)
        exchange.accepted(CLINIC, self.told)
        exchange.collect(OFFICE)
        exchange.accepted(CLINIC, self.queued)

    def expunge(self, exchange):
        expunge(exchange, messageIds=[self.consent["messageId"]])

    def traces(self):
        message = self.consent["messageId"]
        return [NAME.encode(), message.encode(), uuid.UUID(message).bytes]


def told_of(exchange, message):
    return [row for row in exchange.trail("--message", message["messageId"]) if row["event"] != "query"]


def why(exchange, message, profile=AUDITOR):
    row, = [row for row in exchange.ask(profile, "trail", "why", message["messageId"]) if row["event"] == "release"]
    return row


def asked(exchange, signed, profile=AUDITOR):
    """What is left of the consent for this asker."""
    shown = [exchange.cli("consent", "show", number, profile=profile).rows
             for number in (consent_id(signed.consent), grant_of(signed.consent))]
    listed = exchange.ask(profile, "consent", "list", "--subject", signed.subject)
    return [row for rows in shown for row in rows if "error" not in row] + listed


@pytest.fixture
def exchange(own_exchange):
    own_exchange.start()
    return own_exchange


def test_an_expunged_consent_is_in_no_byte_and_what_was_told_under_it_stays(exchange):
    signed = Signed(exchange)
    before = told_of(exchange, signed.told)
    signed.expunge(exchange)
    executed(exchange)
    exchange.stop()
    assert found_in(exchange.data(), signed.traces()) == []
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")
    exchange.start()
    assert told_of(exchange, signed.told) == before
    assert asked(exchange, signed) == []
    row = why(exchange, signed.told)
    assert [(found["grantId"], found["status"]) for found in row["grants"]] == [(grant_of(signed.consent), "expunged")]
    assert row["today"] == "hold" and row["todayCode"] == "consent_missing" and not row.get("consentIds"), row
    assert "today it is expunged" in " ".join(exchange.plain(AUDITOR, "trail", "why", signed.told["messageId"]).split())
    assert [set(found) for found in why(exchange, signed.told, OFFICE)["grants"]] == [{"grantId"}]
    accounting, = exchange.ask(AUDITOR, "accounting", "--subject", signed.subject, "--rule", "42cfr2.25")
    assert len(accounting["links"]) == 1


def test_what_waits_under_it_is_recalled_and_what_comes_is_held_for_another(exchange):
    signed = Signed(exchange)
    signed.expunge(exchange)
    executed(exchange)
    assert evidence(exchange.collect(CLINIC), signed.queued) == ["RECALLED"]
    later = attendance(signed.subject)
    exchange.accepted(CLINIC, later)
    collected = exchange.collect(OFFICE)
    assert of(collected, signed.queued) == of(collected, later) == []
    assert [row["type"] for row in collected] == ["ConsentNotice"]  # as of a revocation
    assert exchange.refused(DESK, revocation(signed.subject, signed.consent)) == "unknown_consent"
    exchange.accepted(DESK, signed.consent | {"messageId": new_id()})  # signed anew, under the same ids
    assert of(exchange.collect(OFFICE), later)


def test_it_permits_nothing_before_it_is_executed_and_nobody_is_shown_it(own_exchange):
    own_exchange.set(forget__at=f'"{another_time()}"')
    own_exchange.start()
    signed = Signed(own_exchange)
    assert len(asked(own_exchange, signed)) == len(asked(own_exchange, signed, DESK)) == 3
    signed.expunge(own_exchange)
    assert not [row for row in own_exchange.collect(OFFICE) if "messageId" in row and row["type"] != "ConsentNotice"]
    assert asked(own_exchange, signed) == asked(own_exchange, signed, DESK) == []
    assert "grants" not in why(own_exchange, signed.told)
    assert own_exchange.trail("--event", "grant_ended") == []


def test_a_sealed_consent_stays_in_force_and_is_not_shown(exchange):
    signed = Signed(exchange)
    ordered(exchange, "SEAL", messageIds=[signed.consent["messageId"]])
    assert asked(exchange, signed) == asked(exchange, signed, DESK) == []
    assert of(exchange.collect(OFFICE), signed.queued)


def test_a_later_version_goes_on_without_the_first(exchange):
    signed = Signed(exchange)
    newer = consent(signed.subject)
    newer["parts"][0]["content"] = signed.consent["parts"][0]["content"] | {
        "version": 2, "subjectNameAsSigned": "Sample Person"}
    exchange.accepted(DESK, newer)
    signed.expunge(exchange)
    executed(exchange)
    assert of(exchange.collect(OFFICE), signed.queued)
    exchange.stop()
    assert found_in(exchange.data(), signed.traces()) == []
    assert digests(exchange, "--check") == digests(exchange, "--rebuild")


def test_what_a_version_permitted_is_not_told_of_the_one_before(exchange):
    signed = Signed(exchange)
    newer = consent(signed.subject)
    newer["parts"][0]["content"] = signed.consent["parts"][0]["content"] | {"version": 2}
    exchange.accepted(DESK, newer)
    later = attendance(signed.subject)
    exchange.accepted(CLINIC, later)
    exchange.collect(OFFICE)
    expunge(exchange, messageIds=[newer["messageId"]])
    executed(exchange)
    assert [row["status"] for row in why(exchange, later)["grants"]] == ["expunged"]
    assert [(row["status"], row["consentId"]) for row in why(exchange, signed.told)["grants"]] == [
        ("superseded", consent_id(signed.consent))]
