"""A name that is planted wherever a name can stand is found nowhere that it may not be: no log, error text, core file, and
no answer to an agency that it was not released to."""
import copy
import os
import resource
import signal

import envelope
import pytest
import wire
from exchange import AGENCIES, AUDITOR, OPERATOR, wait_for
from messages import attendance, consent, consent_id, evidence, grant, new_id, of, part, referral, revocation

CLINIC, OFFICE, DESK, COURT, HOUSING = "treatment-south", "parole-north", "intake-desk", "court-county", "housing-harbor"
CANARY = "Quetzalinde"
NAME = f"{CANARY} Vorstrander"


def named(document):
    """The consent with the name in every text of it."""
    content = document["parts"][0]["content"]
    content["subjectNameAsSigned"] = content["signature"]["signer"] = content["signature"]["witness"] = NAME
    content["document"]["interpreter"] = content["statements"]["howToRevoke"] = f"ask {NAME}"
    content["statements"]["refusalConsequence"] = f"none for {NAME}"
    for row in content["grants"]:
        row |= {"description": f"what {NAME} signed", "imposingAuthority": NAME, "monitorRole": NAME, "durationReason": NAME}
        for party in row["disclosers"] + row["recipients"]:
            party["asWritten"] = f"the office of {NAME}"
    return document


def record_of(subject, **more):
    message = attendance(subject, **more)
    message["parts"] += [part("AttendanceNote", title=NAME, text=f"{NAME} came by"),
                         part("SudCounsellingNote", title=NAME, text=f"{NAME} said")]
    return message


class Story:
    """What everybody was told, by who was told it."""

    def __init__(self, exchange):
        self.exchange = exchange
        self.told = {member: [] for member in [*AGENCIES, AUDITOR, OPERATOR]}

    def run(self, member, *words, stdin=None):
        answer = self.exchange.cli(*words, profile=member, stdin=stdin)
        self.told[member].append((words, str(answer.rows) + answer.errors))
        return answer

    def send(self, member, message):
        receipt = self.exchange.send(member, message)[0]
        self.told[member].append((message["type"], str(receipt)))
        return receipt

    def collect(self, member):
        rows = self.exchange.collect(member)
        self.told[member].append(("collect", str(rows)))
        return rows

    def who_knows(self):
        return {member for member, told in self.told.items() if any(CANARY in text for _, text in told)}

    def ask_everything(self, subjects, consents, messages):
        for member in self.told:
            self.run(member, "agency", "list")
            self.run(member, "mailbox", "status")
            self.run(member, "exchange", "status")
            for subject in subjects:
                self.run(member, "trail", "find", "--subject", subject)
                self.run(member, "referral", "list", "--subject", subject)
                self.run(member, "consent", "list", "--subject", subject)
                self.run(member, "consent", "check", "--to", OFFICE, "--subject", subject, "--category", "attendance",
                         "--purpose", "supervision_monitoring")
            for one in consents:
                self.run(member, "consent", "show", consent_id(one))
            for message in messages:
                self.run(member, "trail", "find", "--message", message["messageId"])
                if member not in (CLINIC, OFFICE):  # the sender, and whom parts were released to
                    self.run(member, "message", "show", message["messageId"])


def deficient(document):
    """Each as the real one, less an element, so that it is refused with words about it."""
    for path in (("signature", "signedAt"), ("statements", "revocationRight"), ("subjectNameAsSigned",), ("grants",)):
        spoilt = copy.deepcopy(document)
        spoilt["messageId"] = new_id()
        content = spoilt["parts"][0]["content"]
        content["consentId"] = new_id()
        for folder in path[:-1]:
            content = content[folder]
        del content[path[-1]]
        yield spoilt


def spoilt_drafts():
    """Envelopes that the exchange itself refuses, with the name where no name is allowed."""
    def one(change):
        draft = envelope.Draft()
        change(draft)
        return draft.seal()
    yield one(lambda draft: setattr(draft.header.recipients[0], "agency", CANARY))
    yield one(lambda draft: setattr(draft.header, "subject", NAME))
    yield one(lambda draft: setattr(draft.header, "type", CANARY))
    yield one(lambda draft: setattr(draft.parts[0], "type", CANARY))
    yield one(lambda draft: setattr(draft.parts[0], "content", NAME.encode()))


def play(story):
    """Refusals, holds, a cure, a partial release, a revocation, an emergency; the subjects, consents and messages."""
    patient, other = new_id(), new_id()
    signed = named(consent(patient, grant()))
    for spoilt in deficient(signed):
        assert story.send(DESK, spoilt)["status"] == "RECEIPT_STATUS_REFUSED"
    held = record_of(other)
    story.send(CLINIC, held)
    referred = new_id()
    story.send(OFFICE, referral(patient, referred))
    story.send(HOUSING, attendance(patient, basis={"legal": "LEGAL_BASIS_NON_PART2_OPERATIONAL"}))
    first, queued = record_of(patient), record_of(patient)
    story.send(CLINIC, first)
    story.send(DESK, signed)
    got = of(story.collect(OFFICE), first)
    assert [entry["type"] for entry in got[0]["parts"]] == ["AttendanceRecord", "AttendanceNote"]
    story.send(CLINIC, queued)
    story.send(HOUSING, revocation(patient, signed))
    story.send(DESK, revocation(patient, signed, reasonCode="person_asked"))
    rows = story.collect(CLINIC)
    assert "RECALLED" in evidence(rows, queued) and "HELD" in evidence(rows, held)
    emergency = record_of(other, to=HOUSING, basis={"legal": "LEGAL_BASIS_MEDICAL_EMERGENCY", "reference": NAME},
                          actor={"id": "w-7"})
    story.send(CLINIC, emergency)
    for member in AGENCIES:
        if member not in (OFFICE, CLINIC):
            story.collect(member)
    return [patient, other], [signed], [held, first, queued, emergency]


def refuse_by_hand(exchange):
    """The words of the refusals of what no client would send."""
    key = os.path.join(exchange.profile(CLINIC), "key.pem")
    for draft in spoilt_drafts():
        with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(CLINIC))) as peer:
            yield str(envelope.submit(peer, key, draft))


def dump_core():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def holds(path, text):
    with open(path, "rb") as content:
        return text.encode() in content.read()


def files_below(folder):
    return [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]


@pytest.mark.quick
def test_a_planted_name_is_found_nowhere_that_it_may_not_be(own_exchange, tmp_path):
    own_exchange.set(log__level="debug")
    crashes = tmp_path / "crashes"
    crashes.mkdir()
    own_exchange.start(cwd=crashes, preexec_fn=dump_core)
    story = Story(own_exchange)
    subjects, consents, messages = play(story)
    story.ask_everything(subjects, consents, messages)
    assert not [words for words in refuse_by_hand(own_exchange) if CANARY in words]
    story.ask_everything(subjects, consents, messages)  # the refusals are in the trail by now
    assert story.who_knows() == {OFFICE}, "only whom it was released to"

    own_exchange.process.send_signal(signal.SIGSEGV)
    assert own_exchange.process.wait(60) != 0
    assert any(holds(path, NAME) for path in files_below(own_exchange.folder)), "the canary was never there"
    assert not [path for path in files_below(crashes) if holds(path, NAME)], "a core file tells it"
    assert not holds(own_exchange.log_path, CANARY)

    own_exchange.start(cwd=crashes, preexec_fn=dump_core)
    story.ask_everything(subjects, consents, messages)
    wait_for(lambda: not of(own_exchange.collect(OFFICE), messages[2]), "nothing")
    assert story.who_knows() == {OFFICE}
    own_exchange.stop()
    assert not holds(own_exchange.log_path, CANARY)
