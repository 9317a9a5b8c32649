"""What the policy keeps for so long goes then, in a record of its own; holds and waiting messages stop it, and room never is a reason.

The exchange's clock is moved by tests/scenarios/clock.c; rules of the test's policies keep for two days.
"""
import os
import shutil
import struct

import pytest
from exchange import OPERATOR, preloaded, wait_for
from messages import attendance, consent, grant, new_id, of
from test_backup import backup, kept, restore  # pylint: disable=unused-import # noqa: F401
from test_checkpoint import check
from test_forget import another_time, found_in, ordered
from test_persons import merge, unmerge
from test_policy import default, load
from test_restart import digests

DESK, CLINIC, OFFICE = "intake-desk", "treatment-south", "parole-north"
DAY = 86400
MARK, WAITING, HELD = "Qvxz planted and gone", "Qvxz planted and waited for", "Qvxz planted and held"
CONTENT = "  - { name: presence, days: 2, cite: Example Code 1, categories: [attendance] }\n"
RECORDS = "  - { name: questions, days: 2, records: [query, logon, refusal] }\n"


class Clock:
    def __init__(self, build, exchange, folder):
        self.library = os.path.join(build, "tests", "story_clock.so")
        self.path = os.path.join(str(folder), "clock")
        self.exchange = exchange
        self.days = 0
        with open(self.path, "wb") as file:
            file.write(bytes(8))

    def environment(self):
        return preloaded(self.library, THROUGHCARE_STORY_CLOCK=self.path)

    def move(self, days):
        # The day's one look for what is due takes the ledger as it was last committed, which may be seconds ago. An
        # answer to a question comes after a commit.
        if self.exchange.runs():
            self.exchange.trail("--event", "forgotten")
        self.days += days
        with open(self.path, "r+b") as file:
            file.write(struct.pack("=q", self.days * DAY))


@pytest.fixture
def clock(build, own_exchange, tmp_path):
    return Clock(build, own_exchange, tmp_path)


def policy(folder, version, *rules):
    """The default with these rules of retention alone; its path."""
    text = default().replace("version: 1\n", f"version: {version}\n", 1)
    text = text[:text.index("\nretention:\n")] + "\nretention:\n" + "".join(rules)
    path = os.path.join(str(folder), f"policy-{version}.yaml")
    with open(path, "w", encoding="utf-8") as lines:
        lines.write(text)
    return path


def noted(subject, text, to=OFFICE):
    message = attendance(subject, to=to)
    message["parts"][0]["content"]["remark"] = text
    return message


def stored(exchange, text):
    """In which files these bytes are."""
    return found_in(exchange.data(), [text.encode()])


def removals(exchange):
    """The trail's rows of removals; none while the exchange is about to begin anew."""
    answer = exchange.cli("trail", "find", "--event", "forgotten", profile="auditor-state")
    return answer.rows if answer.code == 0 else []


def begun_anew(exchange):
    """How often it has stopped serving to forget something."""
    with open(exchange.log_path, encoding="utf-8") as lines:
        return sum(line.endswith("forgetting detail=0\n") for line in lines)


@pytest.mark.quick
def test_content_goes_when_its_time_is_over_and_what_waits_or_is_held_stays(own_exchange, clock, tmp_path):
    own_exchange.start(env=clock.environment())
    assert load(own_exchange, policy(tmp_path, 2, CONTENT)).code == 0
    subject, other = new_id(), new_id()
    for person in (subject, other):
        own_exchange.accepted(DESK, consent(person, grant()))
    gone, held = noted(subject, MARK), noted(other, HELD)
    receipt = own_exchange.accepted(CLINIC, gone)
    own_exchange.accepted(CLINIC, held)
    assert len(own_exchange.collect(OFFICE)) == 2
    waiting = noted(subject, WAITING)
    own_exchange.accepted(CLINIC, waiting)
    hold = ordered(own_exchange, "HOLD", subjects=[other])
    assert stored(own_exchange, MARK) and not removals(own_exchange)
    clock.move(3)
    rows = wait_for(lambda: removals(own_exchange), "the content to go")
    assert [(row["code"], row["reference"]) for row in rows] == [("presence", "Example Code 1")]
    assert not stored(own_exchange, MARK) and stored(own_exchange, HELD) and stored(own_exchange, WAITING)
    # That it was, and who got it, stays, and so does every proof.
    events = [row["event"] for row in own_exchange.trail("--message", gone["messageId"])]
    assert "submission" in events and "release" in events
    proof = own_exchange.ask(CLINIC, "trail", "proof", gone["messageId"])
    assert int(proof[0]["index"]) == int(receipt["logSequence"])
    assert of(own_exchange.collect(OFFICE), waiting)
    # It was collected, and the hold ends: both go a day later.
    ordered(own_exchange, "HOLD_END", endsOrderId=hold)
    clock.move(1)
    wait_for(lambda: len(removals(own_exchange)) == 2, "what was waited for and held to go")
    assert not stored(own_exchange, HELD) and not stored(own_exchange, WAITING)
    own_exchange.stop()
    done = check(own_exchange)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "expunged 3\n" in done.stdout
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")


@pytest.mark.quick
def test_what_is_held_of_one_id_stays_of_those_that_are_tied_to_it(own_exchange, clock, tmp_path):
    own_exchange.start(env=clock.environment())
    assert load(own_exchange, policy(tmp_path, 2, CONTENT)).code == 0
    one, other = new_id(), new_id()
    own_exchange.accepted(DESK, consent(other, grant()))
    own_exchange.accepted(CLINIC, noted(other, HELD))
    assert own_exchange.collect(OFFICE)
    ordered(own_exchange, "HOLD", subjects=[one])
    tie = merge(one, other)
    own_exchange.accepted(DESK, tie)
    clock.move(3)
    stranger = new_id()
    own_exchange.accepted(DESK, consent(stranger, grant()))
    own_exchange.accepted(CLINIC, noted(stranger, MARK))
    assert own_exchange.collect(OFFICE)
    clock.move(3)
    wait_for(lambda: removals(own_exchange), "what is not held to go")
    assert stored(own_exchange, HELD) and not stored(own_exchange, MARK)
    assert begun_anew(own_exchange) == 1, "only for what goes, although the hold was new when it was looked first"
    own_exchange.accepted(DESK, unmerge(tie, other))
    clock.move(1)
    wait_for(lambda: len(removals(own_exchange)) == 2, "what was held to go")
    assert not stored(own_exchange, HELD)
    own_exchange.stop()
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")


@pytest.mark.quick
def test_whole_records_go_with_their_rows_and_a_rebuild_is_the_same(own_exchange, clock, tmp_path):
    own_exchange.start(env=clock.environment())
    assert load(own_exchange, policy(tmp_path, 2, RECORDS)).code == 0
    subject, other = new_id(), new_id()
    ordered(own_exchange, "HOLD", subjects=[other])
    kept = noted(subject, MARK)
    own_exchange.accepted(DESK, consent(subject, grant()))
    own_exchange.accepted(CLINIC, kept)
    assert of(own_exchange.collect(OFFICE), kept)
    told = noted(other, HELD)
    own_exchange.accepted(CLINIC, told)
    for person, message in ((subject, kept), (other, told)):
        own_exchange.trail("--subject", person)
        own_exchange.ask("auditor-state", "trail", "why", message["messageId"])
    asked = [row["subject"] for row in own_exchange.trail("--event", "query") if "subject" in row]
    assert asked == [subject, other]
    clock.move(3)
    wait_for(lambda: removals(own_exchange), "the records to go")
    asked = [row["subject"] for row in own_exchange.trail("--event", "query") if "subject" in row]
    assert asked == [other], "a hold is about this one"
    why = [row["messageId"] for row in own_exchange.trail("--event", "query") if "messageId" in row]
    assert why == [told["messageId"]], "and about the message of this one"
    assert [row for row in own_exchange.trail("--message", kept["messageId"]) if row["event"] == "release"]
    assert stored(own_exchange, MARK)
    own_exchange.stop()
    done = check(own_exchange)
    assert done.returncode == 0, done.stdout + done.stderr
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")


@pytest.mark.quick
def test_what_is_due_goes_at_the_start_and_only_then_at_another_time_of_day(own_exchange, clock, tmp_path):
    own_exchange.set(forget__at=f'"{another_time()}"')
    own_exchange.start(env=clock.environment())
    assert load(own_exchange, policy(tmp_path, 2, CONTENT)).code == 0
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    own_exchange.accepted(CLINIC, noted(subject, MARK))
    assert len(own_exchange.collect(OFFICE)) == 1
    own_exchange.stop()
    clock.move(1)
    own_exchange.start(env=clock.environment())
    assert not removals(own_exchange) and stored(own_exchange, MARK), "two days are not over"
    own_exchange.stop()
    clock.move(2)
    own_exchange.start(env=clock.environment())
    assert [row["code"] for row in removals(own_exchange)] == ["presence"]
    assert not stored(own_exchange, MARK)
    own_exchange.stop()
    # The marks beside the log may be lost: it is looked again, and nothing is found twice.
    os.remove(own_exchange.data("retention"))
    own_exchange.start(env=clock.environment())
    assert len(removals(own_exchange)) == 1
    own_exchange.stop()


@pytest.mark.quick
def test_without_room_whole_records_wait_and_hold_nothing_else_up_and_the_exchange_serves_on(own_exchange, clock, tmp_path):
    def logged(event):
        return own_exchange.log().count(event)

    own_exchange.start(env=clock.environment())
    assert load(own_exchange, policy(tmp_path, 2, RECORDS, CONTENT)).code == 0
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    own_exchange.accepted(CLINIC, noted(subject, MARK))
    assert own_exchange.collect(OFFICE)
    own_exchange.trail("--subject", subject)
    own_exchange.stop()
    own_exchange.set(journal__disk_reserve=f"{shutil.disk_usage(own_exchange.folder).free // 1024 ** 3 + 64}GiB")
    own_exchange.start(env=clock.environment())
    assert not removals(own_exchange), "it serves"
    clock.move(3)
    rows = wait_for(lambda: removals(own_exchange), "the content to go")
    assert [row["code"] for row in rows] == ["presence"] and not stored(own_exchange, MARK)
    assert logged("forgetting detail") == 1
    told = logged("forget_postponed")
    clock.move(1)
    wait_for(lambda: logged("forget_postponed") > told, "it to be told")
    told = logged("forget_postponed")
    clock.move(1)
    assert [row["code"] for row in removals(own_exchange)] == ["presence"]
    own_exchange.stop()
    assert logged("forgetting detail") == 1, "it served on"
    assert logged("forget_postponed") == told, "it is told once"
    own_exchange.set(journal__disk_reserve="0B")
    own_exchange.start(env=clock.environment())
    assert [row["code"] for row in removals(own_exchange)].count("questions") == 1
    own_exchange.stop()
    assert digests(own_exchange, "--check") == digests(own_exchange, "--rebuild")


@pytest.mark.quick
def test_what_a_restore_brings_back_goes_again(kept, clock, tmp_path):  # pylint: disable=redefined-outer-name # noqa: F811
    kept.start(env=clock.environment())
    assert load(kept, policy(tmp_path, 2, CONTENT)).code == 0
    subject = new_id()
    kept.accepted(DESK, consent(subject, grant()))
    kept.accepted(CLINIC, noted(subject, MARK))
    assert len(kept.collect(OFFICE)) == 1
    backup(kept, "old")
    clock.move(3)
    wait_for(lambda: removals(kept), "the content to go")
    kept.stop()
    kept.start(env=clock.environment())  # it is looked again, nothing is found, and that is noted
    kept.stop()
    assert not stored(kept, MARK)
    restore(kept, "--accept-gap", "the disk died", "--decided-by", "op-1", name="old")
    assert stored(kept, MARK)
    kept.start(env=clock.environment())
    assert removals(kept) and not stored(kept, MARK)
    kept.stop()


@pytest.mark.quick
def test_a_full_journal_removes_nothing(own_exchange, clock, tmp_path):
    own_exchange.set(journal__map_size="1MiB")
    own_exchange.start(env=clock.environment())
    assert load(own_exchange, policy(tmp_path, 2, CONTENT)).code == 0
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    receipts = [own_exchange.send(CLINIC, *[noted(subject, MARK + "x" * 3000) for _ in range(50)]) for _ in range(5)]
    codes = {row.get("refusal", {}).get("code", "") for rows in receipts for row in rows}
    assert codes == {"", "exchange_full"}
    assert own_exchange.collect(OFFICE)
    own_exchange.stop()
    own_exchange.start(env=clock.environment())
    assert not removals(own_exchange) and stored(own_exchange, MARK)
    own_exchange.stop()


@pytest.mark.quick
@pytest.mark.parametrize("rule, what", [
    ("  - { name: a, days: 2, categories: [attendance] }\n  - { name: b, days: 9, categories: [attendance] }\n",
     "an earlier rule keeps this category"),
    ("  - { name: a, days: 2, records: [release] }\n", "there is no such kind of record"),
    ("  - { name: a, days: 2, categories: [weather] }\n", "weather"),
    ("  - { name: a, days: 2, categories: [exchange] }\n", "the exchange decides by this"),
    ("  - { name: a, days: 0, categories: [attendance] }\n", "less than a day"),
    ("  - { name: a, days: 2 }\n", "the rule names nothing")])
def test_a_rule_that_cannot_be_meant_is_found_before_it_is_loaded(exchange, tmp_path, rule, what):
    answer = exchange.cli("policy", "check", policy(tmp_path, 9, rule))
    assert answer.code != 0 and what in str(answer.rows), answer


@pytest.mark.quick
def test_the_default_rules_are_right(exchange):
    answer = exchange.cli("policy", "check", os.path.join(os.path.dirname(__file__), "..", "..", "broker", "consent",
                                                          "policy.yaml"), profile=OPERATOR)
    assert answer.code == 0, answer
