"""Two worlds, one answer (P7): whatever an agency can ask or be told, it cannot tell from it whether a person is known
to anybody, what a consent says of others, or that something of others is there.

Each test takes one channel and compares what an agency gets in a world in which something is there and in one in which
it is not, byte for byte, once ids, times, digests and positions in the log have been taken out.
"""
import json
import re

import pytest
import schema
import wire
from exchange import wait_for
from messages import (SYNTHETIC, attendance, consent, consent_id, evidence, grant, new_id, of, part, referral, response,
                      revocation)

CLINIC, OFFICE, DESK, HOME, COURT = "treatment-south", "parole-north", "intake-desk", "housing-harbor", "court-county"
STRANGERS = (HOME, COURT)

TAKEN_OUT = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    # The packed terms hold ids and times; what they say is printed beside them. Their length counts.
    (re.compile(r'"terms": "([A-Za-z0-9+/=]+)"'), lambda found: f'"terms": {len(found[1])}'),
    (re.compile(r"[A-Za-z0-9+/]{43}=|[0-9a-f]{64}"), "DIGEST"),
    (re.compile(r'"(logSequence|releasedAtSequence|deliveryId)": "?\d+"?'), r'"\1": "N"'),
    (re.compile(r'"signature": "[A-Za-z0-9+/=]+"'), '"signature": "S"'),
    (re.compile(r'"nextCursor": "[A-Za-z0-9+/=]+"'), '"nextCursor": "C"'),
)


def bare(answer):
    """Without what differs between any two answers."""
    text = answer if isinstance(answer, str) else json.dumps(answer, sort_keys=True)
    for pattern, name in TAKEN_OUT:
        text = pattern.sub(name, text)
    return text


def asked(exchange, profile, *words):
    """The whole of what the command line gives back for a question."""
    answer = exchange.cli(*words, profile=profile)
    return bare([answer.code, answer.rows, answer.errors])


def sent(exchange, agency, envelope):
    return bare(exchange.send(agency, envelope))


def handed(exchange, agency, message):
    """The delivery of this message, however much else waits there."""
    (got,) = wait_for(lambda: of(exchange.collect(agency), message), "the message")
    return got


@pytest.fixture(scope="module")
def world(exchange):
    """A person with consents, a held message, one that was released in part, and a referral on its way."""
    return World(exchange)


class World:
    def __init__(self, exchange):
        self.known, self.unknown = new_id(), new_id()
        self.wide = consent(self.known, grant())
        self.narrow = consent(self.known, grant(sources=(CLINIC,), targets=(COURT,), categories=("DRUG_TEST",)))
        for signed in (self.wide, self.narrow):
            exchange.accepted(DESK, signed)
        self.held = attendance(self.known, to=HOME)
        self.released = attendance(self.known)
        self.released["parts"].append(part("SudCounsellingNote", title="Notes", text="secret words"))
        for message in (self.held, self.released):
            exchange.accepted(CLINIC, message)
        handed(exchange, OFFICE, self.released)
        self.referral = new_id()
        exchange.accepted(OFFICE, referral(self.known, self.referral, to=HOME))

    def persons(self):
        return self.known, self.unknown

    def grant_id(self):
        return self.wide["parts"][0]["content"]["grants"][0]["grantId"]


@pytest.mark.quick
@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("limit", [1, 2, 500])
def test_the_list_of_a_persons_consents(exchange, world, who, limit):
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(who))) as peer:
        worlds = []
        for subject in world.persons():
            query = schema.message("Query")()
            query.consent_list.subject = subject
            query.page.limit = limit
            reply = peer.call(query=query).query
            reply.ClearField("log_sequence")
            worlds.append(reply.SerializeToString())
    assert worlds[0] == worlds[1] == b""


@pytest.mark.quick
@pytest.mark.parametrize("who", STRANGERS)
def test_a_consent_of_others(exchange, world, who):
    for number in (consent_id(world.wide), world.grant_id()):
        assert asked(exchange, who, "consent", "show", number) == asked(exchange, who, "consent", "show", new_id())


@pytest.mark.quick
@pytest.mark.parametrize("basis", [[], ["--grant"]], ids=["any", "a-grant-of-others"])
@pytest.mark.parametrize("who, to", [(HOME, OFFICE), (HOME, CLINIC), (OFFICE, COURT), (COURT, OFFICE)])
def test_what_one_may_tell_oneself(exchange, world, who, to, basis):
    worlds = [asked(exchange, who, "consent", "check", "--to", to, "--subject", subject, "--category",
                    "attendance,drug_test,sud_treatment", "--purpose", "supervision_monitoring",
                    *(basis and ["--grant", number]))
              for subject, number in zip(world.persons(), (world.grant_id(), new_id()))]
    assert worlds[0] == worlds[1]


@pytest.mark.quick
@pytest.mark.parametrize("who", [OFFICE, HOME])
def test_what_a_neighbour_may_tell(exchange, world, who):
    worlds = [asked(exchange, who, "consent", "check", "--from", CLINIC, "--to", OFFICE, "--subject", subject,
                    "--category", "attendance", "--purpose", "supervision_monitoring") for subject in world.persons()]
    assert worlds[0] == worlds[1] and "not_permitted" in worlds[0]


@pytest.mark.quick
@pytest.mark.parametrize("named", [False, True], ids=["any", "a-grant-of-others"])
def test_the_receipt_of_ones_own_message(exchange, world, named):
    worlds = [sent(exchange, HOME, attendance(subject, grant=number if named else None))
              for subject, number in zip(world.persons(), (world.grant_id(), new_id()))]
    assert worlds[0] == worlds[1]


def test_the_evidence_about_ones_own_message(exchange, world):
    messages = [attendance(subject, to=CLINIC) for subject in world.persons()]
    for message in messages:
        exchange.accepted(OFFICE, message)
    rows = exchange.collect(OFFICE)
    heard = [[bare(row) for row in rows if row["type"] == "DeliveryEvidence" and
              message["messageId"] in json.dumps(row)] for message in messages]
    assert heard[0] == heard[1] and "HELD" in evidence(rows, messages[0])


@pytest.mark.quick
@pytest.mark.parametrize("who", STRANGERS)
def test_the_revocation_of_a_consent_of_others(exchange, world, who):
    worlds = [sent(exchange, who, revocation(world.known, signed))
              for signed in (world.wide, consent(world.known, grant()))]
    assert worlds[0] == worlds[1] and "unknown_consent" in worlds[0]
    assert exchange.ask(DESK, "consent", "show", consent_id(world.wide))[0]["status"] == "active"


@pytest.mark.quick
def test_a_consent_in_the_place_of_one_of_others(exchange, world):
    worlds = []
    for number in (consent_id(world.wide), new_id()):
        worlds.append(sent(exchange, HOME, consent(world.known, grant(sources=(HOME,)), supersedes=number)))
    assert worlds[0] == worlds[1] and "unknown_consent" in worlds[0]


@pytest.mark.quick
@pytest.mark.parametrize("who", [HOME, COURT, DESK])
@pytest.mark.parametrize("words", [["message", "show"], ["trail", "find", "--message"]], ids=["show", "trail"])
def test_a_message_of_others_or_held_for_oneself(exchange, world, who, words):
    never = asked(exchange, who, *words, new_id())
    for message in (world.held, world.released):
        seen = told(exchange, who, *words, message["messageId"])
        assert seen == never


def told(exchange, who, *words):
    """Without the asker's own questions, which the trail has too."""
    answer = exchange.cli(*words, profile=who)
    rows = [row for row in answer.rows if row.get("event") != "query"]
    return bare([answer.code, rows, answer.errors])


@pytest.mark.quick
@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("limit", [1, 500])
def test_the_trail_of_a_person(exchange, who, limit):
    world = World(exchange)
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(who))) as peer:
        assert [pages(peer, subject, limit) for subject in world.persons()] == [([], 1), ([], 1)]
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(OFFICE))) as peer:
        # Of two messages it was handed one, and it sent one, which made a referral.
        rows, turned = pages(peer, world.known, limit)
    assert sorted((row.event, row.agency) for row in rows) == [("release", CLINIC), ("submission", OFFICE)]
    assert turned == (2 if limit == 1 else 1)


def pages(peer, subject, limit):
    """All rows, and how many pages they came on."""
    query = schema.message("Query")()
    query.trail_find.subject = subject
    query.page.limit = limit
    rows, turned = [], 0
    while True:
        reply = peer.call(query=query).query
        rows += reply.trail
        turned += 1
        if not reply.next_cursor:
            return rows, turned
        query.page.cursor = reply.next_cursor


@pytest.mark.quick
@pytest.mark.parametrize("limit", [1, 500])
def test_a_referral_on_its_way(exchange, limit):
    world = World(exchange)
    for number in (world.referral, new_id()):
        assert "not_found" in asked(exchange, HOME, "referral", "show", number)
    assert asked(exchange, HOME, "referral", "show", world.referral) == asked(exchange, HOME, "referral", "show", new_id())
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(HOME))) as peer:
        worlds = []
        for subject in world.persons():
            query = schema.message("Query")()
            query.referral_list.subject = subject
            query.page.limit = limit
            reply = peer.call(query=query).query
            reply.ClearField("log_sequence")
            worlds.append(reply.SerializeToString())
    assert worlds[0] == worlds[1] == b""


@pytest.mark.quick
def test_an_answer_to_a_referral_of_others(exchange, world):
    worlds = [sent(exchange, CLINIC, response(world.known, number, "RECEIVED")) for number in (world.referral, new_id())]
    assert worlds[0] == worlds[1] and "unknown_referral" in worlds[0]


@pytest.mark.quick
def test_the_counts_of_a_mailbox_that_something_is_held_for(exchange):
    worlds = [bare(exchange.ask(COURT, "mailbox", "status"))]
    for number in range(3):
        exchange.accepted(CLINIC, attendance(new_id(), to=COURT, priority="PRIORITY_URGENT" if number else "PRIORITY_LOW"))
        worlds.append(bare(exchange.ask(COURT, "mailbox", "status")))
    assert len(set(worlds)) == 1


@pytest.mark.quick
def test_a_message_with_the_id_of_a_message_of_others(exchange, world):
    worlds = [sent(exchange, HOME, attendance(world.known, to=COURT, messageId=number))
              for number in (world.released["messageId"], new_id())]
    assert worlds[0] == worlds[1] and "ACCEPTED" in worlds[0]


@pytest.mark.quick
def test_the_delivery_of_which_something_was_withheld(exchange):
    """What was withheld shows as one more digest, and never as what it was."""
    withheld = [part("SudCounsellingNote", title="Notes", text="secret words"),
                part("SudTreatmentNote", title="Notes", text="other words, and more of them")]
    worlds = []
    for more in withheld:
        subject = new_id()
        exchange.accepted(DESK, consent(subject, grant()))
        message = attendance(subject)
        message["parts"].append(more)
        exchange.accepted(CLINIC, message)
        got = handed(exchange, OFFICE, message)
        assert len(got["parts"]) == 1
        worlds.append(bare(got))
        worlds.append(bare(exchange.ask(OFFICE, "message", "show", message["messageId"])[0]))
        worlds.append(bare([row for row in exchange.trail("--message", message["messageId"], profile=OFFICE)
                            if row["event"] != "query"]))
    assert worlds[:3] == worlds[3:]


@pytest.mark.quick
@pytest.mark.parametrize("who", [HOME, COURT, DESK])
def test_why_of_a_message_of_others(exchange, who):
    world = World(exchange)
    for message in (world.held, world.released):
        assert asked(exchange, who, "trail", "why", message["messageId"]) == asked(exchange, who, "trail", "why", new_id())


@pytest.mark.quick
def test_what_agencies_may_not_ask_at_all(exchange, world):
    """Refused before anything is looked up: the same for what is there and for what is not."""
    for words in (["--revoke", consent_id(world.wide)], ["--at", "2030-01-01", "--subject", world.known]):
        assert asked(exchange, HOME, "trail", "whatif", *words) == asked(exchange, CLINIC, "trail", "whatif", *words)
        assert "not_permitted" in asked(exchange, DESK, "trail", "whatif", *words)


@pytest.mark.quick
def test_the_review_of_a_release_of_others(exchange):
    message = attendance(new_id(), to=CLINIC, basis={"legal": "LEGAL_BASIS_MEDICAL_EMERGENCY"}, actor={"id": "w-1"},
                         purpose="PURPOSE_EMERGENCY")
    exchange.accepted(OFFICE, message)
    handed(exchange, CLINIC, message)
    for who in (HOME, CLINIC):
        worlds = [sent(exchange, who, {"messageId": new_id(), "type": "EmergencyReview", "actor": {"id": "w-2"}, "parts": [
            part("EmergencyReview", messageId=number, finding="EMERGENCY_FINDING_JUSTIFIED")]})
                  for number in (message["messageId"], new_id())]
        assert worlds[0] == worlds[1] and "unknown_review" in worlds[0]
        assert exchange.ask(who, "review", "list") == []


def settle(peer, number, kind="SETTLEMENT_KIND_ACK"):
    request = schema.message("Settle")()
    request.settlements.add(delivery_id=number, kind=kind)
    return list(peer.call(settle=request).settle.results)


@pytest.mark.quick
@pytest.mark.parametrize("ended", ["held", "recalled", "queued"])
@pytest.mark.parametrize("kind", ["SETTLEMENT_KIND_ACK", "SETTLEMENT_KIND_TERM", "SETTLEMENT_KIND_NAK"])
def test_settling_what_was_never_handed_over(exchange, ended, kind):
    """Numbers of deliveries can be guessed: none tells that something waits, or waited, for the one who guesses."""
    subject = new_id()
    signed = consent(subject, grant(targets=(COURT,)))
    newest = seen_delivery(exchange)
    if ended != "held":
        exchange.accepted(DESK, signed)
    exchange.accepted(CLINIC, attendance(subject, to=COURT))
    if ended == "recalled":
        exchange.accepted(DESK, revocation(subject, signed))
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(COURT))) as peer:
        results = {result for number in range(newest + 1, newest + 30) for result in settle(peer, number, kind)}
        never = set(settle(peer, 1 << 40, kind))
    assert results == never
    exchange.collect(COURT)


def seen_delivery(exchange):
    """The number of the newest delivery: somebody collects a message of his own."""
    message = {"messageId": new_id(), "type": "TestMessage", "subject": SYNTHETIC.format(7), "recipients": [{"agency": CLINIC}],
               "parts": [part("TestMessage", text="hello")]}
    exchange.accepted(OFFICE, message)
    return int(handed(exchange, CLINIC, message)["deliveryId"])


@pytest.mark.parametrize("who", [CLINIC, OFFICE, HOME])
def test_the_exchange_tells_agencies_nothing_of_others(exchange, who):
    status = exchange.ask(who, "exchange", "status")[0]
    assert set(status) <= {"version", "exchange", "trustDomain", "logSequence", "startedAt", "accepting", "crlNextUpdate",
                           "checkpointSize", "checkpointAt", "vkeys"}
    for row in exchange.ask(who, "agency", "list"):
        assert set(row) <= {"agency", "name", "kind", "status", "services"}


def treated(exchange, covered):
    """A referral to the clinic that got as far as its first appointment; a consent covers what it tells, or not all."""
    subject, number = new_id(), new_id()
    categories = ("REFERRAL_FACT", "ATTENDANCE", "PROGRESS", "IDENTITY") if covered else ("REFERRAL_FACT",)
    exchange.accepted(DESK, consent(subject, grant(targets=(OFFICE,), categories=categories,
                                                   purposes=("REFERRAL_COORDINATION", "SUPERVISION_MONITORING"))))
    first = referral(subject, number, to=CLINIC)
    exchange.accepted(OFFICE, first)
    handed(exchange, CLINIC, first)
    for status in ("RECEIVED", "ACCEPTED"):
        exchange.accepted(CLINIC, {**response(subject, number, status), "basis": {}})
    return subject, number


@pytest.mark.quick
def test_a_referral_whose_news_is_held(exchange):
    """That somebody came to treatment is told by a consent, and not by the state of a referral."""
    seen = {}
    for covered in (True, False):
        subject, number = treated(exchange, covered)
        words = [["referral", "show", number], ["referral", "list", "--subject", subject],
                 ["referral", "list", "--subject", subject, "--state", "IN_PROGRESS"],
                 ["referral", "list", "--subject", subject, "--open"]]
        words = [*words, ["trail", "find", "--referral", number]]
        before = [told(exchange, OFFICE, *line) for line in words]
        exchange.accepted(CLINIC, attendance(subject, referralId=number))
        seen[covered] = [before, [told(exchange, OFFICE, *line) for line in words]]
        assert exchange.ask(CLINIC, "referral", "show", number)[0]["state"] == "IN_PROGRESS"
    assert seen[True][0] != seen[True][1]
    assert seen[False][0] == seen[False][1]


@pytest.mark.quick
def test_a_referral_whose_news_may_not_be_passed_on(exchange):
    """What came with the rule to tell nobody moves the referral, and not what the other party knows of it."""
    seen = {}
    for free in (True, False):
        subject, number = treated(exchange, True)
        rule = "AS_STATED" if free else "NONE"
        for source, target, redisclosure in ((HOME, CLINIC, rule), (CLINIC, HOME, "AS_STATED")):
            exchange.accepted(DESK, consent(subject, grant(
                (source,), (target,), purposes=("REFERRAL_COORDINATION", "SUPERVISION_MONITORING"),
                redisclosure=f"REDISCLOSURE_RULE_{redisclosure}")))
        first = attendance(subject, to=CLINIC)
        exchange.accepted(HOME, first)
        got = handed(exchange, CLINIC, first)
        again = {key: got["parts"][0][key] for key in ("type", "category", "salt", "content")}
        news = {**attendance(subject, referralId=number), "parts": [again],
                "recipients": [{"agency": OFFICE}, {"agency": HOME}]}
        words = [["referral", "show", number], ["referral", "list", "--subject", subject, "--state", "IN_PROGRESS"]]
        before = [told(exchange, OFFICE, *line) for line in words]
        exchange.accepted(CLINIC, news)
        handed(exchange, HOME, news)
        seen[free] = [before, [told(exchange, OFFICE, *line) for line in words]]
        assert exchange.ask(CLINIC, "referral", "show", number)[0]["state"] == "IN_PROGRESS"
    assert seen[True][0] != seen[True][1]
    assert seen[False][0] == seen[False][1]
