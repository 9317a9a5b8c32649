"""An exchange that drops, reorders, backdates or forks: the witness or the verifier says so, over the real protocol."""
import fcntl
import json
import os
import shutil
import subprocess

import pytest
from exchange import AUDITOR, wait_for
from false_exchange import FalseExchange
from merkle_log import Key, Log, entries, entry
from messages import new_id, referral

ORIGIN = "throughcare.example/trail"
FIRST_MS = 1_700_000_000_000
REFUSED_BY_WITNESS = 4


def run(build, program, *words, code=0):
    done = subprocess.run([os.path.join(build, "bin", program), *map(str, words)], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == code, done
    return done.stdout + (done.stderr if code else "")


class World:
    """One agency's programs, and the exchange they talk to."""

    def __init__(self, build, network, folder):
        self.build, self.folder = build, folder
        self.key = Key(folder, ORIGIN)
        self.exchange = FalseExchange(network, Log(self.key, entries(700, FIRST_MS)))
        self.profile = network / "profiles/court-county"
        (self.profile / "address").write_text(f"127.0.0.1:{self.exchange.port}\n")
        (self.profile / "audit.vkey").write_text(self.key.vkey() + "\n")
        self.witness_vkey = self.run("throughcare-witness", "--make-key", "court.example/w1", "--key", folder / "key")

    def run(self, program, *words, code=0):
        return run(self.build, program, *words, code=code)

    def cli(self, *words, code=0):
        text = self.run("throughcare", "--profile", self.profile, "--json", *words, code=code).splitlines()[0]
        return json.loads(text)["error"]["code"] if code else json.loads(text)

    def witness(self, code=0):
        return self.run("throughcare-witness", "--profile", self.profile, "--log", self.profile / "audit.vkey", "--key",
                        self.folder / "key", "--state", self.folder / "state", "--once", code=code)

    def tell(self, rows):
        """From now on the exchange has another log."""
        self.exchange.log = Log(self.key, rows)


@pytest.fixture(scope="module")
def network(build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dishonest") / "network"
    run(build, "throughcare", "network", "init", folder, "--listen", "127.0.0.1:0")
    run(build, "throughcare", "network", "add", folder, "agency/court-county", "--name", "Court")
    return folder


@pytest.fixture
def world(build, network, tmp_path):
    made = World(build, network, tmp_path)
    yield made
    made.exchange.close()


def renumber(rows):
    return [row[:28] + index.to_bytes(8, "big") + row[36:] for index, row in enumerate(rows)]


def dropped(rows):
    return renumber(rows[:100] + rows[101:] + rows[-1:])


def reordered(rows):
    return renumber(rows[:100] + [rows[101], rows[100]] + rows[102:])


def backdated(rows):
    return rows[:150] + [entry(150, FIRST_MS + 1499)] + rows[151:]


def forked(rows):
    return rows[:400] + [entry(index, FIRST_MS + index * 10, b"\7" * 32) for index in range(400, len(rows))]


LIES = [dropped, reordered, backdated, forked]


@pytest.mark.quick
def test_of_an_honest_exchange_everything_verifies(world):
    world.cli("trail", "export", world.folder / "export")
    assert world.cli("trail", "verify", world.folder / "export")["size"] == 700
    proof = world.cli("trail", "proof", "42", "--out", world.folder / "proof")
    assert (proof["index"], len(proof["hashes"])) == (42, len(world.exchange.log.inclusion(42, 0, 700)))
    assert world.cli("trail", "verify", "--proof", world.folder / "proof")["index"] == 42
    seen = world.run("throughcare", "--profile", world.profile, "trail", "checkpoint", "--size", "500")
    assert seen.encode() == world.exchange.log.checkpoint(500)
    (world.folder / "seen").write_text(seen)
    world.cli("trail", "consistency", "500", "--out", world.folder / "step")
    against = ["--consistency", world.folder / "step", "--against", world.folder / "seen"]
    assert world.cli("trail", "verify", *against)["oldSize"] == 500
    assert world.exchange.log.step(500) == (world.folder / "step").read_bytes()


@pytest.mark.quick
def test_a_list_that_was_looked_at_in_part_ends_with_how_much(world):
    rows = [json.loads(line) for line in
            world.run("throughcare", "--profile", world.profile, "--json", "caseload").splitlines()]
    assert [row.get("state") for row in rows] == ["ACCEPTED", None] and rows[1] == {"lookedAt": 20_000}
    shown = world.run("throughcare", "--profile", world.profile, "caseload").splitlines()
    assert "only 20000" in shown[-1], shown


@pytest.mark.quick
def test_an_export_grows_with_the_log(world):
    world.cli("trail", "export", world.folder / "export")
    world.tell(entries(20_000, FIRST_MS))
    assert world.cli("trail", "export", world.folder / "export")["fetched"] == 20_000 - 512
    assert world.cli("trail", "verify", world.folder / "export")["size"] == 20_000
    assert world.cli("trail", "export", world.folder / "export", "--since", "0")["fetched"] == 20_000 % 256
    assert world.cli("trail", "export", world.folder / "new", "--since", "10000", code=1) == "file_missing"


@pytest.mark.quick
def test_a_witness_hands_in_what_it_cosigned(world):
    assert "700 records, 0 before" in world.witness()
    world.tell(entries(900, FIRST_MS))
    assert "900 records, 700 before" in world.witness()
    handed = world.exchange.cosigned
    assert [one.size for one in handed] == [700, 900]
    policy = world.folder / "policy"
    policy.write_text(f"witness court {world.witness_vkey.strip()}\nquorum court\n")
    assert world.cli("trail", "export", world.folder / "export", "--witness-policy", policy, code=1) == "unwitnessed"
    checkpoint = world.exchange.log.checkpoint
    world.exchange.log.checkpoint = lambda *words: checkpoint() + handed[1].line.encode() + b"\n"
    assert world.cli("trail", "export", world.folder / "export", "--witness-policy", policy)["witnesses"] == 1


@pytest.mark.quick
@pytest.mark.parametrize("lie", LIES)
def test_a_witness_cosigns_no_history_but_the_one_it_saw(world, lie):
    world.witness()
    world.tell(lie(entries(900, FIRST_MS)))
    assert "forked" in world.witness(code=REFUSED_BY_WITNESS)
    assert len(world.exchange.cosigned) == 1
    assert (world.folder / "state.evidence").read_bytes() == world.exchange.log.checkpoint()
    world.tell(entries(900, FIRST_MS))
    assert "900 records, 700 before" in world.witness()


def test_a_witness_cosigns_no_log_that_shrank(world):
    world.witness()
    world.tell(entries(600, FIRST_MS))
    assert "shrunk" in world.witness(code=REFUSED_BY_WITNESS)


@pytest.mark.quick
@pytest.mark.parametrize("lie", LIES)
def test_an_export_goes_on_with_no_history_but_the_one_it_holds(world, lie):
    world.cli("trail", "export", world.folder / "export")
    world.tell(lie(entries(900, FIRST_MS)))
    assert world.cli("trail", "export", world.folder / "export", code=1) in ("forked", "root")
    assert world.cli("trail", "verify", world.folder / "export")["size"] == 700


def test_what_was_damaged_in_the_folder_is_not_blamed_on_the_exchange_alone(world):
    """And a file that is none of ours is named."""
    world.cli("trail", "export", world.folder / "export")
    world.tell(entries(900, FIRST_MS))

    def said(folder, *words):
        text = world.run("throughcare", "--profile", world.profile, "--json", "trail", "export", folder, *words, code=1)
        error = json.loads(text.splitlines()[0])["error"]
        return error["code"], error["detail"]

    for name, words, code in [("tile/0/001", [], "forked"), ("tile/entries/001", ["--since", "0"], "entry")]:
        path = world.folder / "export" / name
        honest = path.read_bytes()
        path.write_bytes(honest[:30] + b"\7" + honest[31:])
        found, detail = said(world.folder / "export", *words)
        assert found == code and "lay in the folder before" in detail, detail
        path.write_bytes(honest)
    assert world.cli("trail", "export", world.folder / "export")["size"] == 900
    (world.folder / "mine").mkdir()
    (world.folder / "mine/checkpoint").write_text("bread, milk\n")
    found, detail = said(world.folder / "mine")
    assert found == "format" and "mine/checkpoint: " in detail
    assert (world.folder / "mine/checkpoint").read_text() == "bread, milk\n"


def test_no_export_begins_behind_what_its_folder_vouches_for(world):
    """Tiles of another history lie in the folder, as if an export of it was interrupted."""
    world.cli("trail", "export", world.folder / "export")
    fork = Log(world.key, forked(entries(1500, FIRST_MS)))
    fork.export(world.folder / "fork")
    shutil.copytree(world.folder / "fork/tile", world.folder / "export/tile", dirs_exist_ok=True)
    world.exchange.log = fork
    assert world.cli("trail", "export", world.folder / "export", "--since", "1280", code=1) == "forked"
    assert world.cli("trail", "checkpoint", "--size", "700")["size"] == 700


def test_one_export_at_a_time_writes_into_a_folder(world):
    world.cli("trail", "export", world.folder / "export")
    held = os.open(world.folder / "export", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert world.cli("trail", "export", world.folder / "export", code=1) == "file_unusable"
    assert world.cli("trail", "verify", world.folder / "export")["size"] == 700
    os.close(held)
    world.cli("trail", "export", world.folder / "export")


def test_fewer_records_than_the_folder_has_are_no_log_that_shrank(world):
    world.cli("trail", "export", world.folder / "export")
    assert world.cli("trail", "export", world.folder / "export", "--size", "500", code=2) == "usage"
    assert world.cli("trail", "verify", world.folder / "export")["size"] == 700


@pytest.mark.quick
@pytest.mark.parametrize("lie", LIES)
def test_entries_that_are_not_those_of_the_checkpoint_are_never_written_as_an_export(world, lie):
    """The checkpoint is the honest one, and what comes as entries is not what it is of."""
    told = Log(world.key, lie(entries(700, FIRST_MS)))
    world.exchange.bundles = lambda number, data: told.bundle(number, min(256, 700 - number * 256))
    assert world.cli("trail", "export", world.folder / "export", code=1) in ("root", "backdated")
    assert not (world.folder / "export/checkpoint").exists()


@pytest.mark.parametrize("change, found", [
    (lambda number, data: data[:-1], "format"), (lambda number, data: b"", "format"),
    (lambda number, data: data + b"\0", "format"), (lambda number, data: b"\xff" * len(data), "format"),
    (lambda number, data: data.replace(b"throughcare/leaf/v1", b"throughcare/leaf/v2"), "entry")])
def test_entries_that_are_none_are_found(world, change, found):
    world.exchange.bundles = change
    assert world.cli("trail", "export", world.folder / "export", code=1) == found


def test_a_proof_of_something_else_is_found(world):
    honest = world.exchange.trail_proof

    def another(query, response):
        honest(query, response)
        response.query.trail_proof.opening.commitment = b"\7" * 32

    world.exchange.trail_proof = another
    world.cli("trail", "proof", "42", "--out", world.folder / "proof")
    assert world.cli("trail", "verify", "--proof", world.folder / "proof", code=1) == "inclusion"


def test_an_answer_that_is_none_is_a_fault_of_the_other_end(world):
    world.exchange.trail_tiles = lambda query, response: response.query.tiles.add(number=1, entries=True)
    world.cli("trail", "export", world.folder / "export", code=1)
    world.exchange.trail_checkpoint = lambda query, response: None
    world.cli("trail", "checkpoint", code=1)
    assert "error:" in world.witness(code=1)


def test_a_real_exchange_that_went_back_to_a_backup_is_found_by_witness_and_export(own_exchange, build, tmp_path):
    """Its own guard is put back as well, so that it signs: only what others have seen tells."""
    folder, key = own_exchange.folder, ["--key", str(tmp_path / "key")]
    follow = ["throughcare-witness", "--profile", own_exchange.profile("court-county"), "--log", f"{folder}/audit.vkey", *key,
              "--state", str(tmp_path / "state"), "--once"]
    run(build, "throughcare-witness", "--make-key", "court.example/w1", *key)

    def live(messages):
        """Starts it, has it take so many messages, and waits until they are signed for."""
        own_exchange.start()
        receipts = own_exchange.send("intake-desk", *(referral(new_id(), new_id()) for _ in range(messages)))
        last = receipts[-1]["logSequence"]
        wait_for(lambda: own_exchange.cli("trail", "checkpoint", profile=AUDITOR).rows[0].get("size", 0) > last, "a checkpoint")

    live(3)
    own_exchange.stop()
    for part in ("data", "sealer"):
        shutil.copytree(f"{folder}/{part}", tmp_path / "backup" / part)
    live(20)
    run(build, *follow)
    own_exchange.ask(AUDITOR, "trail", "export", str(tmp_path / "export"))
    own_exchange.stop()
    for part in ("data", "sealer"):
        shutil.rmtree(f"{folder}/{part}")
        shutil.copytree(tmp_path / "backup" / part, f"{folder}/{part}")
    live(60)
    assert "forked" in run(build, *follow, code=REFUSED_BY_WITNESS)
    answer = own_exchange.cli("trail", "export", str(tmp_path / "export"), profile=AUDITOR)
    assert answer.code == 1 and answer.rows[0]["error"]["code"] in ("forked", "root"), answer
    own_exchange.stop()
