"""A log goes on under another name after a gap: a witness follows when it is told to, and only where the log owns up."""
import hashlib
import os
import shutil
import subprocess

import pytest
import schema
from exchange import AUDITOR, wait_for
from false_exchange import FalseExchange
from go_verifier import verifier  # noqa: F401
from merkle_log import Key, Log, entries, entry
from messages import consent, grant, new_id
from test_backup import GAP, backup, kept, restore  # pylint: disable=unused-import # noqa: F401
from test_checkpoint import checkpoint, wait_for_size

ORIGIN = "throughcare.example/trail"
FIRST_MS = 1_700_000_000_000
REFUSED = 4


class Witness:
    def __init__(self, build, profile, keys, folder):
        self.program = os.path.join(build, "bin", "throughcare-witness")
        self.folder, self.state = folder, folder / "state"
        self.words = ["--log", str(keys), "--key", str(folder / "key"), "--state", str(self.state)]
        self.profile = ["--profile", str(profile), "--once"]
        self.vkey = self.run("--make-key", "court.example/w1", "--key", str(folder / "key")).strip()
        (folder / "policy").write_text(f"witness court {self.vkey}\nquorum court\n")

    def run(self, *words, code=0, stdin=None):
        done = subprocess.run([self.program, *words], capture_output=True, text=True, timeout=60, check=False, input=stdin)
        assert done.returncode == code, done
        return done.stderr if code else done.stdout

    def round(self, *words, code=0):
        return self.run(*self.profile, *self.words, *map(str, words), code=code)

    def kept(self, behind=""):
        return (self.folder / ("state" + behind)).read_bytes()


# ---- a real exchange ----

def grow(exchange, messages=1):
    for _ in range(messages):
        receipt = exchange.accepted("intake-desk", consent(new_id(), grant()))
    wait_for_size(exchange, int(receipt["logSequence"]) + 1)


def proven(exchange, witness, size):
    """What `trail verify` says of record 0 under the checkpoint that the witness cosigned."""
    proof = witness.folder / f"proof-{size}"
    keys = os.path.join(exchange.folder, "audit.vkey")
    wait_for(lambda: "court.example/w1" in (checkpoint(exchange, size) or ("",))[0], "the cosignature to be kept")
    exchange.ask(AUDITOR, "trail", "proof", "0", "--size", str(size), "--out", str(proof))

    def verify():
        """By the policy, and by one that has the log's names, too."""
        with open(keys, encoding="ascii") as lines:
            logs = "".join(f"log {vkey}" for vkey in lines)
        (witness.folder / "whole").write_text(logs + (witness.folder / "policy").read_text())
        words = ["trail", "verify", "--proof", str(proof), "--witness-policy"]
        assert exchange.ask(AUDITOR, *words, str(witness.folder / "whole"))[0]["keysFrom"] == str(witness.folder / "whole")
        return exchange.ask(AUDITOR, *words, str(witness.folder / "policy"), "--key", keys)[0]

    return verify


def size_of(note):
    return int(note.split(b"\n")[1])


@pytest.mark.quick
def test_a_witness_follows_to_the_new_name_when_it_is_told(kept, build, verifier, tmp_path):  # noqa: F811
    keys = os.path.join(kept.folder, "audit.vkey")
    witness = Witness(build, kept.profile("court-county"), keys, tmp_path)
    kept.start()
    grow(kept)
    first = backup(kept)["next"]
    grow(kept)
    witness.round()
    seen = witness.kept()
    assert size_of(seen) > first
    before = proven(kept, witness, size_of(seen))
    assert before()["origin"] == "test.example/trail"
    kept.stop()
    shutil.rmtree(kept.data())
    assert f"--gap {first}" in restore(kept, *GAP)
    kept.start()
    grow(kept)
    said = witness.round(code=REFUSED)
    assert "(origin)" in said and "test.example/trail/1 now" in said and "--gap" in said and "hint:" in said
    for wrong in [0, first - 1, first + 1]:
        assert "error:" in witness.round("--gap", wrong, code=REFUSED)
    assert witness.kept() == seen
    assert f"{size_of(seen)} before" in witness.round("--gap", first)
    assert witness.kept().startswith(b"test.example/trail/1\n") and witness.kept(".1") == seen
    grow(kept, 3)
    witness.round()
    after = proven(kept, witness, size_of(witness.kept()))
    assert (after()["origin"], after()["witnesses"]) == ("test.example/trail/1", 1)
    assert (before()["origin"], before()["witnesses"]) == ("test.example/trail", 1), "what was cosigned stays so"
    kept.ask(AUDITOR, "trail", "export", str(tmp_path / "export"), "--key", keys)
    with open(keys, encoding="ascii") as lines:
        older, newer = lines.read().split()
    verifier("export", tmp_path / "export", newer)
    verifier("export", tmp_path / "export", older, good=False)
    # The old name is at its end, for whatever size.
    step = b"old %d\n\n" % size_of(witness.kept()) + seen
    assert "(origin)" in witness.run("--add-checkpoint", *witness.words, stdin=step.decode(), code=REFUSED)
    assert "(gap)" in witness.round("--gap", first, code=REFUSED)
    kept.stop()


# ---- one that need not be honest ----

class World:
    """A witness that saw 700 records, and an exchange whose log lost some of them."""

    def __init__(self, build, network, folder):
        self.folder = folder
        self.names = [Key(folder, ORIGIN), Key(folder, ORIGIN + "/1"), Key(folder, ORIGIN + "/2")]
        self.seen = Log(self.names[0], entries(700, FIRST_MS))
        self.exchange = FalseExchange(network, self.seen)
        profile = network / "profiles/court-county"
        (profile / "address").write_text(f"127.0.0.1:{self.exchange.port}\n")
        (folder / "audit.vkey").write_text("".join(key.vkey() + "\n" for key in self.names))
        self.witness = Witness(build, profile, folder / "audit.vkey", folder)

    def restored(self, have=600, size=700, root=None, rows=None, name=1, **more):
        """The log goes on behind `have` records, and says that `size` were signed."""
        said = {"size": have, "gap": 2, "previous_origin": ORIGIN, "signed_size": size, "origin": self.names[name].name,
                "signed_root": root or Log(self.names[0], entries(size, FIRST_MS)).root(), "decided_by": "op-1",
                "reason": "the disk burned", **more}
        record = schema.message("Record")(restored=schema.message("RestoredRecord")(**said)).SerializeToString()
        salt = b"\5" * 32
        rows = (rows or entries(700, FIRST_MS))[:have]
        at_ms = FIRST_MS + have * 10
        rows.append(entry(have, at_ms, hashlib.sha256(salt + record).digest()))
        rows += [entry(index, at_ms + index, b"\6" * 32) for index in range(have + 1, have + 50)]
        self.exchange.log = Log(self.names[name], rows)
        self.exchange.opened = {have: (salt, record)}
        return have

    def refused(self, gap, code):
        kept_before = self.witness.kept()
        assert f"({code})" in self.witness.round("--gap", gap, code=REFUSED)
        assert self.witness.kept() == kept_before and not (self.folder / "state.1").exists()


@pytest.fixture(scope="module")
def network(build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gap") / "network"
    cli = os.path.join(build, "bin", "throughcare")
    subprocess.run([cli, "network", "init", folder, "--listen", "127.0.0.1:0"], check=True, capture_output=True)
    subprocess.run([cli, "network", "add", folder, "agency/court-county", "--name", "Court"], check=True, capture_output=True)
    return folder


@pytest.fixture
def world(build, network, tmp_path):
    made = World(build, network, tmp_path)
    made.witness.round()
    yield made
    made.exchange.close()


@pytest.mark.quick
@pytest.mark.parametrize("size", [700, 701, 2000])
def test_a_gap_is_followed_that_owns_up_to_all_that_was_seen(world, size):
    gap = world.restored(size=size)
    assert "650 records, 700 before" in world.witness.round("--gap", gap)
    assert world.witness.kept() == world.exchange.log.checkpoint() and world.witness.kept(".1") == world.seen.checkpoint()
    assert [one.size for one in world.exchange.cosigned] == [700, 650]


@pytest.mark.quick
def test_a_gap_that_owns_up_to_less_is_a_fork_that_is_being_hidden(world):
    for lie in [{"size": 650}, {"root": b"\7" * 32}]:
        world.refused(world.restored(**lie), "forked")
        assert (world.folder / "state.evidence").read_bytes() == world.exchange.log.checkpoint()
    # Nothing that was seen was lost, it says; but what was seen is not there.
    rows = entries(400, FIRST_MS) + [entry(index, FIRST_MS + index * 10, b"\7" * 32) for index in range(400, 900)]
    world.refused(world.restored(have=800, size=900, rows=rows), "forked")
    assert len(world.exchange.cosigned) == 1


@pytest.mark.quick
def test_a_log_that_has_all_that_was_seen_is_followed(world):
    gap = world.restored(have=800, size=900, rows=entries(900, FIRST_MS))
    assert "850 records, 700 before" in world.witness.round("--gap", gap)


@pytest.mark.quick
def test_a_record_that_tells_of_no_gap_is_none(world):
    world.refused(world.restored(gap=1), "gap")
    world.refused(world.restored() + 1, "format")
    gap = world.restored()
    world.exchange.opened[gap] = (b"\5" * 32, schema.message("Record")().SerializeToString())
    world.refused(gap, "commitment")
    world.restored(name=0)
    world.refused(gap, "gap")
    world.restored()
    log = world.exchange.log
    log.inclusion = lambda index, first, last: Log.inclusion(log, index - 1, first, last)
    world.refused(gap, "inclusion")
    (world.folder / "state").unlink()
    world.restored()
    assert "nothing was cosigned before" in world.witness.round("--gap", gap, code=REFUSED)


def test_a_proof_to_another_checkpoint_is_asked_for_again(world):
    gap = world.restored(have=800, size=900, rows=entries(900, FIRST_MS))
    honest = world.exchange.trail_consistency

    def smaller(query, response):
        query.new_size -= 1
        honest(query, response)

    world.exchange.trail_consistency = smaller
    assert "(stale)" in world.witness.round("--gap", gap, code=1)
    world.exchange.trail_consistency = honest
    assert "850 records, 700 before" in world.witness.round("--gap", gap)
    assert not (world.folder / "state.evidence").exists()


def test_nobody_goes_back_to_a_name_that_was_left(world):
    world.witness.round("--gap", world.restored())
    first = world.exchange.log
    assert "(origin)" in world.witness.round("--gap", world.restored(have=620, size=650, root=first.root(), name=0), code=REFUSED)
    gap = world.restored(have=620, size=650, root=first.root(), rows=list(first.entries), name=2)
    world.witness.round("--gap", gap)
    assert [world.witness.kept(behind) for behind in (".1", ".2")] == [world.seen.checkpoint(), first.checkpoint()]
    assert not (world.folder / "state.3").exists()


def test_a_round_that_was_interrupted_is_done_again(world):
    """What was left is kept first; the new name came not to be kept."""
    shutil.copy(world.folder / "state", world.folder / "state.1")
    world.witness.round("--gap", world.restored())
    assert world.witness.kept(".1") == world.seen.checkpoint() and not (world.folder / "state.2").exists()
