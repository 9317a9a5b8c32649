"""What the exchange proves of its own log, taken from it and checked by programs that ask it nothing."""
import base64
import os
import subprocess

import pytest
import schema
from exchange import AUDITOR, OPERATOR, wait_for
from go_verifier import verifier  # noqa: F401
from messages import consent, grant, new_id, referral

DESK, CLINIC, COURT = "intake-desk", "treatment-south", "court-county"


@pytest.fixture(scope="module")
def vkey(exchange):
    with open(os.path.join(exchange.folder, "audit.vkey"), encoding="utf-8") as lines:
        return lines.readline().strip()


def ask(exchange, *words, profile=AUDITOR):
    return exchange.ask(profile, *map(str, words))[0]


def checkpoint_over(exchange, sequence):
    """The size of a checkpoint that has this record under it."""
    def size():
        return exchange.cli("trail", "checkpoint", profile=AUDITOR).rows[0].get("size", 0)

    return wait_for(lambda: (found := size()) > sequence and found, "a checkpoint over the record")


@pytest.fixture
def sent(exchange):
    message = referral(new_id(), new_id())
    receipt = exchange.accepted(DESK, message)
    checkpoint_over(exchange, receipt["logSequence"])
    return message, receipt


@pytest.mark.quick
def test_a_sender_proves_its_message_to_anybody(exchange, sent, vkey, verifier, tmp_path):  # noqa: F811
    message, receipt = sent
    proof = ask(exchange, "trail", "proof", message["messageId"], "--out", tmp_path / "proof", profile=DESK)
    assert proof["index"] == proof["opening"]["index"] == receipt["logSequence"]
    verdict = ask(exchange, "trail", "verify", "--proof", tmp_path / "proof", "--key", vkey)
    assert (verdict["index"], verdict["at"]) == (receipt["logSequence"], proof["at"])
    verifier("proof", tmp_path / "proof", vkey)
    record = schema.message("Record").FromString(base64.b64decode(proof["opening"]["record"]))
    header = schema.message("Header").FromString(record.submission.header)
    assert header.message_id == message["messageId"]


@pytest.mark.quick
def test_a_place_in_the_log_is_proven_to_everybody_and_opened_to_nobody(exchange, sent, tmp_path):
    _, receipt = sent
    for who in [CLINIC, AUDITOR, OPERATOR]:
        proof = ask(exchange, "trail", "proof", receipt["logSequence"], "--out", tmp_path / "proof", profile=who)
        assert not {"salt", "record"} & set(proof["opening"])
        assert ask(exchange, "trail", "verify", "--proof", tmp_path / "proof")["index"] == receipt["logSequence"]


@pytest.mark.quick
def test_a_message_of_others_is_proven_to_nobody(exchange, sent):
    message, _ = sent
    answer = exchange.cli("trail", "proof", message["messageId"], profile=COURT)
    assert answer.code == 3 and "not_found" in str(answer)


@pytest.mark.quick
def test_of_two_messages_with_one_id_each_sender_proves_its_own_and_an_auditor_says_which(exchange):
    """The id is the sender's choice: who sees both is not given whichever comes first."""
    ids = {"messageId": new_id()}
    own = {who: exchange.accepted(who, consent(new_id(), grant()) | ids)["logSequence"] for who in (DESK, COURT)}
    checkpoint_over(exchange, max(own.values()))
    for who, index in own.items():
        assert ask(exchange, "trail", "proof", ids["messageId"], profile=who)["index"] == index
    answer = exchange.cli("trail", "proof", ids["messageId"], profile=AUDITOR)
    assert answer.code == 3 and answer.rows[0]["error"]["code"] == "field_invalid", answer
    assert all(f" {index} " in answer.rows[0]["error"]["detail"] for index in own.values())
    assert ask(exchange, "trail", "proof", own[COURT], profile=AUDITOR)["index"] == own[COURT]


@pytest.mark.quick
def test_what_no_checkpoint_covers_is_proven_later(exchange):
    answer = exchange.cli("trail", "proof", str(1 << 40), profile=AUDITOR)
    assert answer.code == 3 and "no_checkpoint" in str(answer)


@pytest.mark.quick
@pytest.mark.threads
def test_two_exports_are_of_one_log_and_the_second_only_grew(exchange, vkey, verifier, tmp_path):  # noqa: F811
    checkpoint_over(exchange, 0)
    first = ask(exchange, "trail", "export", tmp_path / "first")
    seen = exchange.plain(AUDITOR, "trail", "checkpoint", "--size", str(first["size"]))
    (tmp_path / "seen").write_text(seen)
    receipts = exchange.send(DESK, *(referral(new_id(), new_id()) for _ in range(300)))
    checkpoint_over(exchange, receipts[-1]["logSequence"])
    second = ask(exchange, "trail", "export", tmp_path / "second")
    assert second["size"] > first["size"] + 300
    verifier("export", tmp_path / "second", vkey)
    verifier("consistency", tmp_path / "first", tmp_path / "second", vkey)
    verdict = ask(exchange, "trail", "verify", tmp_path / "second", "--against", tmp_path / "first")
    assert verdict["oldSize"] == first["size"]
    again = ask(exchange, "trail", "export", tmp_path / "first")
    assert again["size"] >= second["size"]
    ask(exchange, "trail", "verify", tmp_path / "first", "--against", tmp_path / "second")
    ask(exchange, "trail", "consistency", first["size"], "--out", tmp_path / "step")
    ask(exchange, "trail", "verify", "--consistency", tmp_path / "step", "--against", tmp_path / "seen")


@pytest.mark.quick
def test_while_a_key_is_rolled_each_of_both_is_enough(own_exchange, verifier, tmp_path):  # noqa: F811
    """Who has not got the new key yet notices nothing; who has it needs the older one for what came before."""
    keys = os.path.join(own_exchange.folder, "audit.vkey")

    def vkeys():
        with open(keys, encoding="utf-8") as lines:
            return lines.read().split()

    def exported(name, signatures):
        wait_for(lambda: own_exchange.plain(AUDITOR, "trail", "checkpoint").count("\n\u2014 ") == signatures, "the keys to sign")
        own_exchange.ask(AUDITOR, "trail", "export", str(tmp_path / name), "--key", keys)
        return tmp_path / name

    own_exchange.start()
    own_exchange.accepted(DESK, referral(new_id(), new_id()))
    wait_for(lambda: own_exchange.cli("trail", "checkpoint", profile=AUDITOR).code == 0, "a checkpoint")
    older, = vkeys()
    before = exported("before", 1)
    assert own_exchange.cli("network", "roll", own_exchange.folder).code == 0
    newer, = set(vkeys()) - {older}
    overlap = exported("overlap", 2)
    assert own_exchange.cli("network", "roll", own_exchange.folder, "--end").code == 0
    after = exported("after", 1)
    for folder, good, bad in [(before, [older], [newer]), (overlap, [older, newer], []), (after, [newer], [older])]:
        for key in good:
            verifier("export", folder, key)
            own_exchange.ask(AUDITOR, "trail", "verify", str(folder), "--key", key)
        for key in bad:
            verifier("export", folder, key, good=False)
            assert "unsigned" in str(own_exchange.cli("trail", "verify", str(folder), "--key", key))
    verifier("consistency", before, overlap, older)
    verifier("consistency", overlap, after, newer)
    own_exchange.stop()


@pytest.mark.quick
def test_an_export_has_no_content_and_no_name_in_it(exchange, sent, tmp_path):
    message, _ = sent
    ask(exchange, "trail", "export", tmp_path / "export")
    planted = [message["subject"].encode(), bytes.fromhex(message["subject"].replace("-", "")),
               message["messageId"].encode(), bytes.fromhex(message["messageId"].replace("-", "")), DESK.encode()]
    for path in (tmp_path / "export").rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o777 == 0o644
            assert not [text for text in planted if text in path.read_bytes()], path


def test_a_cosignature_stands_under_the_checkpoint_that_the_witness_saw(exchange, build, vkey, tmp_path):
    program = os.path.join(build, "bin", "throughcare-witness")
    key = ["--key", str(tmp_path / "key")]
    made = subprocess.run([program, "--make-key", "court.example/w1", *key], capture_output=True, text=True, check=True)
    follow = [program, "--profile", exchange.profile(COURT), "--log", vkey, *key, "--state", str(tmp_path / "state"), "--once"]
    subprocess.run(follow, check=True, capture_output=True)
    policy = tmp_path / "policy"
    policy.write_text(f"log {vkey}\nwitness court {made.stdout.strip()}\nquorum court\n")
    size = int((tmp_path / "state").read_text().splitlines()[1])
    checkpoint_over(exchange, size)
    seen = tmp_path / "seen"

    def cosigned():
        seen.write_text(exchange.plain(AUDITOR, "trail", "checkpoint", "--size", str(size)))
        return "court.example/w1" in seen.read_text()

    wait_for(cosigned, "the cosignature to be kept")
    ask(exchange, "trail", "proof", "0", "--size", size, "--out", tmp_path / "proof")
    verdict = ask(exchange, "trail", "verify", "--proof", tmp_path / "proof", "--witness-policy", policy)
    assert verdict["witnesses"] == 1
    words = ["trail", "export", tmp_path / "cosigned", "--witness-policy", policy]
    assert ask(exchange, *words, "--size", size)["witnesses"] == 1
    subprocess.run(follow, check=True, capture_output=True)
    assert int((tmp_path / "state").read_text().splitlines()[1]) > size


def test_a_cosignature_of_something_else_is_refused(exchange, build, vkey, tmp_path):
    """A witness that another log's forger owns: the exchange keeps only what fits its own log."""
    part = {"type": "CheckpointCosignature", "content": {"size": 1, "root": base64.b64encode(bytes(32)).decode(),
                                                         "line": "\N{EM DASH} court.example/w1 " + "A" * 104}}
    code = exchange.refused(COURT, {"parts": [part]})
    assert code == "cosignature_invalid", code


@pytest.mark.quick
def test_it_asks_for_what_it_needs(exchange):
    for words in [["trail", "proof", "nonsense"], ["trail", "proof", "18446744073709551616"], ["trail", "consistency", "x"],
                  ["trail", "consistency", "3", "2"], ["trail", "checkpoint", "--size", "0"]]:
        answer = exchange.cli(*words, profile=AUDITOR)
        assert answer.code == 2 and answer.rows[0]["error"]["code"] == "usage"
