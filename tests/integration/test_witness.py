"""throughcare-witness: what it cosigns, what it keeps first, and what it refuses for ever."""
import os
import subprocess
import threading

import pytest
from merkle_log import EM_DASH, Key, Log, entries, entry

ORIGIN = "county.example/trail"
FIRST_MS = 1_800_000_000_000
CONFLICT, UNPROVEN = 3, 4


class Witness:
    def __init__(self, build, folder, log_key, name="court.example/w1"):
        self.program = os.path.join(build, "bin", "throughcare-witness")
        self.folder, self.log_key = folder, log_key
        self.vkey = self.call("--make-key", name, "--key", folder / "key").stdout.strip()

    def call(self, *words, stdin=None, code=0):
        done = subprocess.run([self.program, *map(str, words)], input=stdin, capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == code, done
        return done

    def words(self):
        return ["--log", self.log_key.vkey(), "--key", self.folder / "key", "--state", self.folder / "state"]

    def add(self, step, code=0):
        return self.call("--add-checkpoint", *self.words(), stdin=step.decode(), code=code)

    def kept(self):
        return (self.folder / "state").read_bytes()


@pytest.fixture
def key(tmp_path):
    return Key(tmp_path, ORIGIN)


@pytest.fixture
def witness(build, tmp_path, key):
    return Witness(build, tmp_path, key)


@pytest.fixture
def policy(witness, tmp_path):
    path = tmp_path / "policy"
    path.write_text(f"witness court {witness.vkey}\nquorum court\n")
    return path


def verify(build, folder, *words, code=0):
    done = subprocess.run([os.path.join(build, "bin", "throughcare"), "trail", "verify", str(folder), *map(str, words)],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done
    return done.stdout + done.stderr


@pytest.mark.quick
def test_what_it_cosigns_satisfies_a_policy_that_demands_it(build, witness, policy, key, tmp_path):
    log = Log(key, entries(300))
    line = witness.add(log.step(0, 300)).stdout
    assert line.startswith(f"{EM_DASH} court.example/w1 ")
    log.export(tmp_path / "export")
    trusted = ["--key", key.vkey(), "--witness-policy", policy]
    assert "unwitnessed" in verify(build, tmp_path / "export", *trusted, code=1)
    with open(tmp_path / "export/checkpoint", "ab") as note:
        note.write(line.encode())
    # The entries of this log lie ahead of this machine's clock, and the witness knows its own.
    assert "backdated" in verify(build, tmp_path / "export", *trusted, code=1)
    log = Log(key, entries(300, first_ms=1_700_000_000_000))
    (tmp_path / "state").unlink()
    log.export(tmp_path / "export")
    with open(tmp_path / "export/checkpoint", "ab") as note:
        note.write(witness.add(log.step(0, 300)).stdout.encode())
    assert "court" not in verify(build, tmp_path / "export", *trusted)


@pytest.mark.quick
def test_it_follows_a_log_that_grows(witness, key):
    log = Log(key, entries(600))
    before = 0
    for size in [1, 2, 2, 255, 256, 300, 600]:
        witness.add(log.step(before, size))
        assert witness.kept() == log.checkpoint(size)
        before = size


@pytest.mark.quick
def test_a_proof_from_another_size_is_answered_with_the_size(witness, key):
    log = Log(key, entries(300))
    witness.add(log.step(0, 200))
    kept = witness.kept()
    for old in [0, 100, 250]:
        assert witness.add(log.step(old, 300), code=CONFLICT).stdout == "200\n"
    assert witness.kept() == kept


def forks(log):
    """Histories that differ within the first 200 records, each in perfect order by itself."""
    rows = log.entries

    def renumber(kept):
        return [row[:28] + index.to_bytes(8, "big") + row[36:] for index, row in enumerate(kept)]

    yield "dropped", renumber(rows[:100] + rows[101:])
    yield "reordered", renumber(rows[:100] + [rows[101], rows[100]] + rows[102:])
    yield "backdated", rows[:150] + [entry(150, FIRST_MS + 1499)] + rows[151:]
    yield "changed", rows[:199] + [entry(199, FIRST_MS + 1990, b"\7" * 32)] + rows[200:]
    yield "forked", rows[:100] + entries(300, FIRST_MS + 5)[100:]


@pytest.mark.quick
def test_a_log_that_is_made_again_is_never_cosigned_and_is_kept_as_evidence(witness, key, tmp_path):
    log = Log(key, entries(300))
    witness.add(log.step(0, 200))
    kept = witness.kept()
    for what, rows in forks(log):
        fork = Log(key, rows)
        for size in [200, 201, len(rows)]:
            done = witness.add(fork.step(200, size), code=UNPROVEN)
            assert "forked" in done.stderr and not done.stdout, what
            assert (tmp_path / "state.evidence").read_bytes() == fork.checkpoint(size)
        # With the honest log's proof in front of it no better.
        lie = log.step(200, 299).split(b"\n\n")[0] + b"\n\n" + fork.checkpoint(299)
        witness.add(lie, code=UNPROVEN)
    assert witness.kept() == kept
    witness.add(log.step(200, 300))


def test_a_log_that_became_smaller_is_never_cosigned(witness, key):
    log = Log(key, entries(300))
    witness.add(log.step(0, 300))
    small = b"old 300\n\n" + log.checkpoint(200)
    assert "shrunk" in witness.add(small, code=UNPROVEN).stderr


@pytest.mark.quick
def test_only_the_logs_own_key_counts(witness, key, tmp_path):
    log = Log(key, entries(10))
    os.makedirs(tmp_path / "elsewhere")
    impostor = Key(tmp_path / "elsewhere", ORIGIN)
    assert "unsigned" in witness.add(log.step(0, keys=[impostor]), code=UNPROVEN).stderr
    other = Log(Key(tmp_path, "other.example/trail"), log.entries)
    assert "origin" in witness.add(other.step(0), code=UNPROVEN).stderr
    for text in [b"", b"old 0\n", b"old 00\n\n", b"old 0\nAAAA\n\n" + log.checkpoint(), log.checkpoint(),
                 b"old 0\n" + b"A" * 43 + b"=\n\n" + log.checkpoint()]:
        assert "format" in witness.add(text, code=UNPROVEN).stderr
    assert not (tmp_path / "state").exists()
    witness.add(log.step(0, keys=[impostor, key]))


def test_two_at_once_cannot_roll_the_state_back(witness, key):
    """Each step is from the same size, so one is taken and the others are told the new one."""
    log = Log(key, entries(300))
    witness.add(log.step(0, 100))
    steps = [log.step(100, size) for size in range(290, 298)]
    codes = []

    def add(step):
        done = subprocess.run([witness.program, "--add-checkpoint", *map(str, witness.words())], input=step.decode(),
                              capture_output=True, text=True, timeout=60, check=False)
        codes.append(done.returncode)

    threads = [threading.Thread(target=add, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0] + [CONFLICT] * 7


def test_a_state_that_somebody_changed_is_not_taken_for_seen(witness, key, tmp_path):
    log = Log(key, entries(300))
    witness.add(log.step(0, 100))
    (tmp_path / "state").write_bytes(log.checkpoint(100).replace(b"\n100\n", b"\n101\n"))
    assert "signature" in witness.add(log.step(101, 200), code=UNPROVEN).stderr


def test_a_state_that_only_the_older_key_signed_is_said_to_be_it(witness, key, tmp_path):
    """After a roll of the key the older line stays in the file: else the witness does not know what it saw."""
    log = Log(key, entries(300))
    witness.add(log.step(0, 100))
    os.makedirs(tmp_path / "rolled")
    rolled = Key(tmp_path / "rolled", ORIGIN)
    witness.log_key = rolled
    said = witness.add(log.step(100, 200, keys=[rolled]), code=UNPROVEN).stderr
    assert "unsigned" in said and "cosigned before (state)" in said and "older line stays" in said
    keys = tmp_path / "audit.vkey"
    keys.write_text(f"{key.vkey()}\n{rolled.vkey()}\n")
    witness.words = lambda: ["--log", keys, "--key", tmp_path / "key", "--state", tmp_path / "state"]
    witness.add(log.step(100, 200, keys=[rolled]))


@pytest.mark.quick
def test_a_key_is_made_once_and_kept_from_others(witness, tmp_path):
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "key.vkey").read_text() == witness.vkey + "\n"
    assert "file_unusable" in witness.call("--make-key", "a.example/w", "--key", tmp_path / "key", code=1).stderr
    assert "format" in witness.call("--make-key", "a b", "--key", tmp_path / "other", code=1).stderr
    os.chmod(tmp_path / "key", 0o640)
    assert "0600" in witness.add(b"", code=1).stderr


@pytest.mark.quick
def test_it_explains_itself(witness):
    assert "--every" in witness.call("--help").stdout
    assert witness.call("--version").stdout.startswith("throughcare-witness ")
    for words in [["--every", "2d"], ["--gap", "-1"], ["--gap", "3x"], ["--gap", "99999999999999999999"],
                  ["--add-checkpoint", "--gap", "3", *witness.words()],
                  ["--every", "61min", "--profile", "nowhere", *witness.words()], ["--nonsense"], ["word"], ["--once"], ["--make-key", "a"]]:
        assert "usage" in witness.call(*words, code=2).stderr
