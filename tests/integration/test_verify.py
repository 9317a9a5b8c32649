"""`throughcare trail verify` and another program in another language: what is right, and each lie about it."""
import json
import os
import random
import subprocess

import pytest
from go_verifier import verifier  # noqa: F401
from merkle_log import Key, Log, b64, entries, entry

ORIGIN = "county.example/trail"
FIRST_MS = 1_800_000_000_000
SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 600, 1281]


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {"log": Key(folder, ORIGIN), "other": Key(folder, "other.example/trail"),
            "court": Key(folder, "court.example/w1", 4), "state": Key(folder, "state.example/w1", 4),
            "clinic": Key(folder, "clinic.example/w1", 4)}


@pytest.fixture(scope="session")
def verify(build):
    program = os.path.join(build, "bin", "throughcare")

    def call(*words, code=0):
        done = subprocess.run([program, "--json", "trail", "verify", *map(str, words)], capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == code, done
        answer = json.loads(done.stdout)
        return answer["error"]["code"] if code else answer

    return call


def write(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.quick
@pytest.mark.parametrize("size", SIZES)
def test_an_export_is_verified_by_both_programs(keys, verify, verifier, tmp_path, size):
    log = Log(keys["log"], entries(size))
    log.export(tmp_path / "export")
    verdict = verify(tmp_path / "export", "--key", keys["log"].vkey())
    assert (verdict["size"], verdict["root"], verdict["origin"]) == (size, b64(log.root()), ORIGIN)
    assert verdict["tiles"] == len([tile for tile in log.tiles() if tile[0] != "entries"])
    assert str(size) in verifier("export", tmp_path / "export", keys["log"].vkey())


def test_three_levels_of_tiles_are_verified(keys, verify, verifier, tmp_path):
    log = Log(keys["log"], entries(65536 + 256 + 3))
    log.export(tmp_path)
    assert verify(tmp_path, "--key", keys["log"].vkey())["tiles"] == 258 + 2 + 1
    assert "65795" in verifier("export", tmp_path, keys["log"].vkey())


def flip(path, at, bit):
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def test_any_flipped_bit_of_an_export_is_found(keys, verify, verifier, tmp_path):
    dice = random.Random(62)
    Log(keys["log"], entries(300)).export(tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    for turn in range(120):
        path = files[turn % len(files)]
        at, bit = dice.randrange(path.stat().st_size), dice.randrange(8)
        flip(path, at, bit)
        assert verify(tmp_path, "--key", keys["log"].vkey(), code=1), (path, at, bit)
        if turn % 10 == 0:
            verifier("export", tmp_path, keys["log"].vkey(), good=False)
        flip(path, at, bit)
    verify(tmp_path, "--key", keys["log"].vkey())


def test_a_missing_or_cut_file_is_named(keys, verify, tmp_path):
    Log(keys["log"], entries(300)).export(tmp_path)
    bundle = tmp_path / "tile/entries/000"
    data = bundle.read_bytes()
    bundle.unlink()
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == "file_missing"
    bundle.write_bytes(data[:-1])
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == "format"
    bundle.write_bytes(data + b"\0")
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == "format"


@pytest.mark.parametrize("name", ["checkpoint", "tile/entries/000", "tile/0/001.p/44"])
def test_what_is_no_file_is_named_and_not_waited_for(keys, verify, tmp_path, name):
    Log(keys["log"], entries(300)).export(tmp_path)
    path = tmp_path / name
    path.unlink()
    path.mkdir()
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == "file_unusable"
    path.rmdir()
    os.mkfifo(path)
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == "file_unusable"
    path.unlink()
    path.symlink_to("/dev/zero")
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == "file_unusable"


def lie(log, make):
    """The log as a dishonest exchange would give it, signed again."""
    return Log(log.key, make(list(log.entries)))


def dropped(rows):
    return rows[:100] + rows[101:]


def renumbered(rows):
    kept = rows[:100] + rows[101:]
    return [row[:28] + index.to_bytes(8, "big") + row[36:] for index, row in enumerate(kept)]


def reordered(rows):
    rows[100], rows[101] = rows[101], rows[100]
    return rows


def backdated(rows):
    rows[200] = entry(200, FIRST_MS + 5)
    return rows


@pytest.mark.quick
@pytest.mark.parametrize("make, found", [(dropped, "entry"), (reordered, "entry"), (backdated, "backdated")])
def test_a_log_that_drops_reorders_or_backdates_is_found_without_any_witness(keys, verify, verifier, tmp_path, make, found):
    lie(Log(keys["log"], entries(300)), make).export(tmp_path)
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == found
    assert found in verifier("export", tmp_path, keys["log"].vkey(), good=False)


@pytest.mark.quick
@pytest.mark.parametrize("make", [dropped, renumbered, reordered, backdated])
def test_a_log_that_was_made_again_does_not_begin_with_what_was_seen_before(keys, verify, verifier, tmp_path, make):
    honest = Log(keys["log"], entries(300))
    seen = write(tmp_path / "seen", honest.checkpoint(250))
    lie(honest, make).export(tmp_path / "export")
    assert verify(tmp_path / "export", "--key", keys["log"].vkey(), "--against", seen, code=1) in (
        "entry", "backdated", "forked")
    honest.export(tmp_path / "honest")
    assert verify(tmp_path / "honest", "--key", keys["log"].vkey(), "--against", seen)["oldSize"] == 250
    verifier("consistency", tmp_path / "honest", tmp_path / "export", keys["log"].vkey(), good=False)


def test_a_fork_whose_every_part_is_in_order_is_found_by_what_was_seen_before(keys, verify, tmp_path):
    honest = Log(keys["log"], entries(300))
    fork = Log(keys["log"], honest.entries[:200] + [entry(i, FIRST_MS + i * 10, b"\7" * 32) for i in range(200, 320)])
    fork.export(tmp_path / "fork")
    verify(tmp_path / "fork", "--key", keys["log"].vkey())
    for size, good in [(200, True), (201, False), (300, False)]:
        seen = write(tmp_path / "seen", honest.checkpoint(size))
        found = verify(tmp_path / "fork", "--key", keys["log"].vkey(), "--against", seen, code=0 if good else 1)
        assert good or found == "forked"
    seen = write(tmp_path / "seen", Log(keys["log"], entries(400)).checkpoint())
    assert verify(tmp_path / "fork", "--key", keys["log"].vkey(), "--against", seen, code=1) == "shrunk"


def test_a_record_of_before_a_witnessed_checkpoint_cannot_be_added_after_it(keys, verify, tmp_path):
    """Every time is in order, and yet a witness saw the log without it an hour later."""
    log = Log(keys["log"], entries(300))
    policy = write(tmp_path / "policy", f"witness court {keys['court'].vkey()}\nquorum court\n".encode())
    late_s = FIRST_MS // 1000 + 3600
    seen = write(tmp_path / "seen", log.checkpoint(250, [keys["court"]], late_s))
    log.export(tmp_path / "export", witnesses=[keys["court"]], time_s=late_s + 10)
    trusted = ["--key", keys["log"].vkey(), "--witness-policy", policy]
    assert verify(tmp_path / "export", *trusted, "--against", seen, code=1) == "backdated"
    log.export(tmp_path / "export", witnesses=[keys["court"]], time_s=FIRST_MS // 1000 - 3600)
    assert verify(tmp_path / "export", *trusted, code=1) == "backdated"
    log.export(tmp_path / "export", witnesses=[keys["court"]], time_s=FIRST_MS // 1000 + 5)
    assert verify(tmp_path / "export", *trusted)["witnesses"] == 1


@pytest.mark.quick
def test_who_signed_is_what_counts(keys, verify, verifier, tmp_path):
    log = Log(keys["log"], entries(10))
    log.export(tmp_path)
    assert verify(tmp_path, "--key", keys["other"].vkey(), code=1) == "origin"
    impostor = Key(tmp_path, ORIGIN)
    write(tmp_path / "checkpoint", log.checkpoint(keys=[impostor]))
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == "unsigned"
    write(tmp_path / "checkpoint", log.checkpoint(keys=[impostor, keys["log"]]))
    verify(tmp_path, "--key", keys["log"].vkey())
    both = write(tmp_path / "both", f"# before and after\n{impostor.vkey()}\n\n{keys['log'].vkey()}\n".encode())
    verify(tmp_path, "--key", both)
    verifier("export", tmp_path, keys["log"].vkey())
    log.origin = "other.example/trail"
    write(tmp_path / "checkpoint", log.checkpoint())
    assert verify(tmp_path, "--key", keys["log"].vkey(), code=1) == "origin"


POLICY = """# two of three
witness court {court}
witness state {state} https://state.example/
witness clinic {clinic}
group some 2 court state clinic
quorum some
"""


def test_a_policy_demands_its_witnesses(keys, verify, tmp_path):
    log = Log(keys["log"], entries(10))
    names = ["court", "state", "clinic"]
    policy = write(tmp_path / "policy", POLICY.format(**{name: keys[name].vkey() for name in names}).encode())
    trusted = ["--key", keys["log"].vkey(), "--witness-policy", policy]
    for count in range(4):
        log.export(tmp_path / "export", witnesses=[keys[name] for name in names[:count]], time_s=FIRST_MS // 1000)
        if count < 2:
            assert verify(tmp_path / "export", *trusted, code=1) == "unwitnessed"
        else:
            assert verify(tmp_path / "export", *trusted)["witnesses"] == count
    text = log.text()
    forged = log.checkpoint() + keys["court"].cosign(b"another text\n", FIRST_MS // 1000)
    assert text in forged
    write(tmp_path / "export/checkpoint", forged)
    assert verify(tmp_path / "export", *trusted, code=1) == "signature"


@pytest.mark.quick
def test_a_wrong_line_in_a_witnesss_name_takes_nothing_from_the_right_one(keys, verify, tmp_path):
    """The exchange does not know the keys of witnesses: any agency may hand in such a line."""
    log = Log(keys["log"], entries(10))
    policy = write(tmp_path / "policy", f"witness court {keys['court'].vkey()}\nquorum court\n".encode())
    trusted = ["--key", keys["log"].vkey(), "--witness-policy", policy]
    log.export(tmp_path / "export")
    right = keys["court"].cosign(log.text(), FIRST_MS // 1000)
    wrong = keys["court"].cosign(b"another text\n", FIRST_MS // 1000)
    for lines in [wrong + right, right + wrong, wrong + right + wrong]:
        write(tmp_path / "export/checkpoint", log.checkpoint() + lines)
        assert verify(tmp_path / "export", *trusted)["witnesses"] == 1
    write(tmp_path / "export/checkpoint", log.checkpoint() + wrong + wrong)
    assert verify(tmp_path / "export", *trusted, code=1) == "signature"


@pytest.mark.parametrize("text", [
    "", "quorum some\n", "witness a\nquorum none\n", "quorum none\nquorum none\n", "watcher a b\nquorum none\n",
    "witness none {court}\nquorum none\n", "witness a {court}\nwitness a {state}\nquorum a\n",
    "witness a {court}\nwitness b {court}\nquorum a\n", "witness a {court}\ngroup g 2 a\nquorum g\n",
    "witness a {court}\ngroup g 0 a\nquorum g\n", "witness a {court}\ngroup g any b\nquorum g\n",
    "witness a {court}\ngroup g any a\ngroup h any a\nquorum h\n", "witness a {log}\nquorum a\n",
    "log {court}\nquorum none\n", "witness a {court}\ngroup g any a a\nquorum g\n", "quorum\n",
    "witness a {court}\r\nquorum a\n"])
def test_a_policy_that_is_not_clear_is_refused(keys, verify, tmp_path, text):
    Log(keys["log"], entries(1)).export(tmp_path / "export")
    policy = write(tmp_path / "policy", text.format(**{name: key.vkey() for name, key in keys.items()}).encode())
    assert verify(tmp_path / "export", "--key", keys["log"].vkey(), "--witness-policy", policy, code=1) == "format"


@pytest.mark.quick
def test_a_proof_in_a_file_proves_its_entry_and_no_other(keys, verify, verifier, tmp_path):
    log = Log(keys["log"], entries(300))
    trusted = ["--key", keys["log"].vkey()]
    for index in [0, 1, 255, 256, 299]:
        proof = write(tmp_path / "proof", log.proof(index))
        verdict = verify("--proof", proof, *trusted)
        assert (verdict["index"], verdict["size"]) == (index, 300)
        verifier("proof", proof, keys["log"].vkey())
        bare = write(tmp_path / "bare", log.proof(index, extra=False))
        assert verify("--proof", bare, *trusted, code=1) == "format"
        mine = write(tmp_path / "entry", log.entries[index])
        assert verify("--proof", bare, "--entry", mine, *trusted)["index"] == index
        other = write(tmp_path / "entry", log.entries[(index + 1) % 300])
        assert verify("--proof", bare, "--entry", other, *trusted, code=1) == "inclusion"
    nothing = write(tmp_path / "entry", b"")
    assert verify("--proof", tmp_path / "proof", "--entry", nothing, *trusted, code=1) == "inclusion"
    write(tmp_path / "proof", log.proof(7).replace(b"index 7\n", b"index 8\n"))
    assert verify("--proof", tmp_path / "proof", *trusted, code=1) == "inclusion"
    verifier("proof", tmp_path / "proof", keys["log"].vkey(), good=False)


def test_a_step_in_a_file_proves_that_the_log_only_grew(keys, verify, tmp_path):
    log = Log(keys["log"], entries(300))
    trusted = ["--key", keys["log"].vkey()]
    for old in [0, 1, 2, 128, 255, 256, 299, 300]:
        seen = write(tmp_path / "seen", log.checkpoint(old))
        step = write(tmp_path / "step", log.step(old))
        assert verify("--consistency", step, "--against", seen, *trusted)["oldSize"] == old
    fork = Log(keys["log"], log.entries[:200] + [entry(i, FIRST_MS + i * 10, b"\7" * 32) for i in range(200, 300)])
    write(tmp_path / "seen", log.checkpoint(250))
    write(tmp_path / "step", fork.step(250))
    assert verify("--consistency", tmp_path / "step", "--against", tmp_path / "seen", *trusted, code=1) == "forked"


@pytest.mark.quick
def test_what_to_verify_is_said_once(verify, tmp_path):
    assert verify(code=2) == "usage"
    assert verify(tmp_path, "--proof", tmp_path / "proof", code=2) == "usage"
    assert verify(tmp_path, "--profile", tmp_path, code=1) == "key_missing"
