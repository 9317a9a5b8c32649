"""The log is signed, proves itself, and is not served when something signed is missing from it."""
import base64
import glob
import os
import shutil
import signal
import subprocess

import pytest
import schema
import wire
from exchange import wait_for
from messages import consent, grant, new_id

CLINIC, OFFICE, DESK, AUDITOR = "treatment-south", "parole-north", "intake-desk", "auditor-state"


def ask(exchange, member="operator", **query):
    with wire.Peer(exchange.address(), wire.tls_context(exchange.profile(member))) as peer:
        return peer.call(query=schema.message("Query")(**query))


def checkpoint(exchange, size=0):
    """The newest checkpoint's text and lines, or None while there is none."""
    reply = ask(exchange, trail_checkpoint={"size": size})
    if not reply.HasField("query"):
        return None
    proof = reply.query.trail_proof
    return proof.checkpoint.decode(), proof.size


def wait_for_size(exchange, size):
    return wait_for(lambda: (checkpoint(exchange) or ("", 0))[1] >= size, f"a checkpoint of {size} records")


def check(exchange):
    return subprocess.run([exchange.daemon_path, "--config", exchange.configuration(), "--check"], capture_output=True,
                          text=True, timeout=120, check=False)


def child_of(process):
    """The sealer that the exchange has started, when there is one."""
    for path in glob.glob(f"/proc/{process.pid}/task/*/children"):
        with open(path, encoding="ascii") as lines:
            children = lines.read().split()
        if children:
            return int(children[0])
    return None


def start_fails(exchange):
    """What a start says that does not come to serving."""
    done = subprocess.run([exchange.daemon_path, "--config", exchange.configuration()], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1, done
    return done.stderr


@pytest.mark.quick
@pytest.mark.threads
def test_what_is_accepted_is_signed_soon_and_at_the_end(own_exchange):
    own_exchange.start()
    receipt = own_exchange.accepted(DESK, consent(new_id(), grant()))
    wait_for_size(own_exchange, int(receipt["logSequence"]) + 1)
    note, size = checkpoint(own_exchange)
    assert note.startswith(f"test.example/trail\n{size}\n") and "\n\n\u2014 test.example/trail " in note
    own_exchange.accepted(DESK, consent(new_id(), grant()))
    own_exchange.stop()
    done = check(own_exchange)
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert said["tree"] == said["records"] and int(said["checkpoints"]) > 0
    with open(os.path.join(own_exchange.folder, "sealer", "state", "sealer.state"), encoding="ascii") as lines:
        assert lines.read().splitlines()[1] == said["records"], "the last round signs the last record"


@pytest.mark.quick
def test_a_message_is_proved_to_its_sender_and_not_to_others(own_exchange):
    own_exchange.start()
    envelope = consent(new_id(), grant())
    receipt = own_exchange.accepted(DESK, envelope)
    index = int(receipt["logSequence"])
    wait_for_size(own_exchange, index + 1)
    by_message = {"message_id": envelope["messageId"]}
    proof = ask(own_exchange, DESK, trail_proof=by_message).query.trail_proof
    assert proof.opening.index == index and proof.opening.salt and proof.opening.record
    assert len(proof.vkeys) == 1 and proof.vkeys[0].startswith("test.example/trail+")
    seen = ask(own_exchange, AUDITOR, trail_proof=by_message).query.trail_proof.opening
    assert seen.index == index and seen.commitment and not seen.HasField("record") and not seen.HasField("salt")
    assert ask(own_exchange, CLINIC, trail_proof=by_message).refusal.code == "not_found"
    late = ask(own_exchange, DESK, trail_proof={"index": 10**9})
    assert late.refusal.code == "no_checkpoint"
    both = ask(own_exchange, DESK, trail_proof={"index": 1, **by_message})
    assert both.refusal.code == "field_invalid"


@pytest.mark.quick
def test_the_sealer_is_started_again_when_it_is_killed(own_exchange):
    own_exchange.start()
    wait_for_size(own_exchange, 1)
    sealer = child_of(own_exchange.process)
    os.kill(sealer, signal.SIGKILL)
    receipt = own_exchange.accepted(DESK, consent(new_id(), grant()))
    wait_for_size(own_exchange, int(receipt["logSequence"]) + 1)
    assert child_of(own_exchange.process) not in (None, sealer)
    own_exchange.stop()


@pytest.mark.quick
def test_a_killed_exchange_goes_on_signing_where_it_was(own_exchange):
    own_exchange.start()
    for _ in range(3):
        receipt = own_exchange.accepted(DESK, consent(new_id(), grant()))
        wait_for_size(own_exchange, int(receipt["logSequence"]) + 1)
        sealer = child_of(own_exchange.process)
        own_exchange.kill()
        wait_for(lambda gone=sealer: not os.path.exists(f"/proc/{gone}"), "the sealer to end with the exchange")
        own_exchange.start()
    own_exchange.stop()
    assert check(own_exchange).returncode == 0


@pytest.mark.quick
def test_a_log_older_than_what_was_signed_is_not_served(own_exchange):
    own_exchange.start()
    own_exchange.accepted(DESK, consent(new_id(), grant()))
    own_exchange.stop()
    old = own_exchange.folder + ".old"
    shutil.copytree(own_exchange.data("journal"), old)
    own_exchange.start()
    receipt = own_exchange.accepted(DESK, consent(new_id(), grant()))
    own_exchange.stop()
    newest = own_exchange.folder + ".newest"
    shutil.move(own_exchange.data("journal"), newest)
    shutil.copytree(old, own_exchange.data("journal"))
    for name in ("ledger", "trail"):
        shutil.rmtree(own_exchange.data(name))
    said = start_fails(own_exchange)
    assert "the log is older than what was signed: records are missing" in said and "hint:" in said
    # Nothing was added to the old one, and the newest is served as ever.
    shutil.rmtree(own_exchange.data("journal"))
    shutil.move(newest, own_exchange.data("journal"))
    for name in ("ledger", "trail"):
        shutil.rmtree(own_exchange.data(name), ignore_errors=True)
    own_exchange.start()
    wait_for_size(own_exchange, int(receipt["logSequence"]) + 1)
    own_exchange.stop()


@pytest.mark.quick
def test_that_a_sealer_has_forgotten_what_it_signed_stands_in_the_trail(own_exchange):
    state = os.path.join(own_exchange.folder, "sealer", "state", "sealer.state")
    old = own_exchange.folder + ".old"

    def forgot():
        return [row["reference"] for row in own_exchange.trail("--event", "sealer_forgot")]

    for _ in range(2):
        own_exchange.start()
        own_exchange.accepted(DESK, consent(new_id(), grant()))
        assert not forgot()
        own_exchange.stop()
    shutil.copytree(own_exchange.data(), old)
    own_exchange.start()
    own_exchange.accepted(DESK, consent(new_id(), grant()))
    own_exchange.stop()
    # Yesterday's folder, and nobody remembers that there was more.
    shutil.rmtree(own_exchange.data())
    shutil.move(old, own_exchange.data())
    assert "the log is older than what was signed" in start_fails(own_exchange)
    shutil.rmtree(own_exchange.data("tree"))
    os.remove(state)
    own_exchange.start()
    assert forgot() == ["test.example/trail"]
    own_exchange.stop()
    own_exchange.start()
    assert len(forgot()) == 1
    own_exchange.stop()
    assert check(own_exchange).returncode == 0


@pytest.mark.quick
def test_another_log_is_not_served(own_exchange):
    own_exchange.start()
    own_exchange.accepted(DESK, consent(new_id(), grant()))
    own_exchange.stop()
    shutil.rmtree(own_exchange.data())
    # It has as many records in the end, and others.
    state = os.path.join(own_exchange.folder, "sealer", "state")
    shutil.move(state, state + ".kept")
    os.mkdir(state, 0o700)
    own_exchange.start()
    for _ in range(3):
        own_exchange.accepted(DESK, consent(new_id(), grant()))
    own_exchange.stop()
    shutil.rmtree(state)
    shutil.move(state + ".kept", state)
    assert "the log is not the one that was signed" in start_fails(own_exchange)


@pytest.mark.quick
def test_a_sealer_that_cannot_sign_keeps_the_exchange_from_serving(own_exchange):
    key = os.path.join(own_exchange.folder, "sealer", "keys", "1.pem")
    os.chmod(key, 0o644)
    said = start_fails(own_exchange)
    assert "others than the sealer's user may read this key" in said and "the sealer does not answer" in said
    os.chmod(key, 0o600)
    own_exchange.start()
    own_exchange.stop()


@pytest.mark.quick
def test_a_sealer_that_cannot_write_down_what_it_signs_says_so_and_signs_nothing(own_exchange):
    """All else goes on while the exchange runs; it does not start so."""
    state = os.path.join(own_exchange.folder, "sealer", "state")
    own_exchange.start()
    size = int(own_exchange.accepted(DESK, consent(new_id(), grant()))["logSequence"]) + 1
    wait_for_size(own_exchange, size)
    os.mkdir(os.path.join(state, "sealer.state.new"))  # in the way of the next one
    size = int(own_exchange.accepted(DESK, consent(new_id(), grant()))["logSequence"]) + 1
    wait_for(lambda: "sealer.state cannot be written" in own_exchange.log(), "the sealer to say so")
    assert checkpoint(own_exchange)[1] < size
    own_exchange.kill()
    said = start_fails(own_exchange)
    assert "sealer.state cannot be written" in said and "cannot write down what it signs" in said, said
    os.rmdir(os.path.join(state, "sealer.state.new"))
    own_exchange.start()
    wait_for_size(own_exchange, size)
    own_exchange.stop()


@pytest.mark.quick
def test_keys_are_rolled_with_an_overlap(own_exchange):
    own_exchange.start()
    wait_for_size(own_exchange, 1)

    def roll(*words):
        done = own_exchange.cli("network", "roll", own_exchange.folder, *words)
        assert done.code == 0, done
        assert done.rows[0]["exchangeTold"]
        return done.rows[0]

    def signatures():
        return checkpoint(own_exchange)[0].count("\u2014 test.example/trail ")

    assert own_exchange.cli("network", "roll", own_exchange.folder, "--end").code == 1, "the only key stays"
    assert roll()["signing"] == 2
    wait_for(lambda: signatures() == 2, "both keys to sign")
    assert roll("--end") == {"added": 0, "removed": 1, "signing": 1, "exchangeTold": True}
    wait_for(lambda: signatures() == 1, "the new key to sign alone")
    with open(os.path.join(own_exchange.profile(OFFICE), "audit.vkey"), encoding="ascii") as lines:
        assert len(lines.read().splitlines()) == 2, "what the old key signed stays verifiable"
    status = own_exchange.ask("operator", "exchange", "status")[0]
    assert status["checkpointAt"] and int(status["checkpointSize"]) <= int(status["logSequence"])
    assert len(status["vkeys"]) == 2, status
    own_exchange.stop()
    assert check(own_exchange).returncode == 0


@pytest.mark.quick
def test_without_a_key_nothing_is_signed_and_all_else_works(own_exchange):
    with open(own_exchange.configuration(), encoding="utf-8") as lines:
        text = lines.read()
    with open(own_exchange.configuration(), "w", encoding="utf-8") as lines:
        lines.write(text[:text.index("sealer:")])
    own_exchange.start()
    own_exchange.accepted(DESK, consent(new_id(), grant()))
    assert ask(own_exchange, trail_checkpoint={}).refusal.code == "no_checkpoint"
    own_exchange.stop()
    assert check(own_exchange).returncode == 0


@pytest.mark.quick
def test_nobody_spoils_a_checkpoint_with_a_line_in_the_logs_own_name(own_exchange, tmp_path):
    """By name and id it would be taken for the log's signature, and no verifier would believe the note any more."""
    own_exchange.start()
    own_exchange.accepted(DESK, consent(new_id(), grant()))
    wait_for_size(own_exchange, 2)
    note, size = checkpoint(own_exchange)
    with open(os.path.join(own_exchange.folder, "audit.vkey"), encoding="ascii") as lines:
        key_id = bytes.fromhex(lines.read().split("+")[1])

    def line(name, identifier):
        return f"\u2014 {name} " + base64.b64encode(identifier + bytes(72)).decode()

    for who, text in [(OFFICE, line("test.example/trail", key_id)), (CLINIC, line("court.example/w1", b"abcd"))]:
        content = {"size": str(size), "root": note.splitlines()[2], "line": text}
        own_exchange.accepted(who, {"type": "CheckpointCosignature",
                                    "parts": [{"type": "CheckpointCosignature", "content": content}]})
    wait_for(lambda: "court.example/w1" in checkpoint(own_exchange, size)[0], "the other line to be shown")
    assert checkpoint(own_exchange, size)[0].count("\u2014 test.example/trail ") == 1
    own_exchange.ask(AUDITOR, "trail", "proof", "0", "--size", str(size), "--out", str(tmp_path / "proof"))
    own_exchange.ask(AUDITOR, "trail", "verify", "--proof", str(tmp_path / "proof"))
    own_exchange.stop()


@pytest.mark.quick
def test_a_cosignature_stands_with_its_checkpoint_only(own_exchange):
    own_exchange.start()
    own_exchange.accepted(DESK, consent(new_id(), grant()))
    wait_for_size(own_exchange, 2)
    note, size = checkpoint(own_exchange)
    root = note.splitlines()[2]
    line = "\u2014 court.example/w1 " + "A" * 102 + "=="

    def cosign(**changed):
        content = {"size": str(size), "root": root, "line": line, **changed}
        return {"type": "CheckpointCosignature", "parts": [{"type": "CheckpointCosignature", "content": content}]}

    own_exchange.accepted(OFFICE, cosign())
    assert own_exchange.refused(OFFICE, cosign(size="1000000000")) == "cosignature_invalid"
    assert own_exchange.refused(OFFICE, cosign(line="\u2014 court.example/w1 AAAA")) == "cosignature_invalid"
    other = "B" + root[1:]
    own_exchange.accepted(CLINIC, cosign(root=other, line=line.replace("w1", "w2")))
    wait_for(lambda: line in checkpoint(own_exchange, size)[0], "the cosignature to be shown")
    assert "/w2" not in checkpoint(own_exchange, size)[0], "of another root"
    own_exchange.stop()
