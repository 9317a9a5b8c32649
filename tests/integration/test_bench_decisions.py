"""`throughcare bench --decisions` measures with the daemon beside it, says all it found, and leaves nothing behind."""
import json
import os
import pathlib
import signal
import subprocess

BUILD = pathlib.Path(os.environ.get("THROUGHCARE_BUILD", "build"))
BIN = (BUILD / "bin").resolve()
DEADLINE_S = 120


def run(folder, *words):
    return subprocess.run([str(BIN / "throughcare"), *words], env={**os.environ, "TMPDIR": str(folder)},
                          capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def test_a_small_run_prints_every_figure_and_cleans_up(tmp_path):
    done = run(tmp_path, "--json", "bench", "--decisions", "--persons", "1000", "--grants", "50", "--seconds", "1")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["persons"] == 1000 and result["grants"] == 1000 * 50 and result["documents"] == 1000 * 5
    assert result["pairs"] >= result["grants"]
    assert result["disk_bytes"] > 0 and result["decisions"] > 0 and result["decisions_per_s"] > 0
    assert result["page_faults_from_disk"] >= 0 and result["record_s"] > 0
    for shape in ("spread", "one_pair"):
        for visit in ("all", "anew", "again"):
            found = result[shape][visit]
            assert 0 < found["p50_ns"] <= found["p99_ns"] <= found["p999_ns"], (shape, visit, found)
    # Questions that every answer comes of: what is measured is not one path only.
    assert all(result["outcomes"][kind] > 0 for kind in ("permit", "permit_parts", "hold", "deny"))
    assert sum(result["outcomes"].values()) == result["decisions"]
    assert list(tmp_path.iterdir()) == []


def test_people_get_a_table(tmp_path):
    done = run(tmp_path, "bench", "--decisions", "--persons", "10", "--grants", "3", "--seconds", "1")
    assert done.returncode == 0, done.stderr
    assert "grants of one pair, ns, 99 %" in done.stdout


def ended_by(number, folder):
    daemon = subprocess.Popen([str(BIN / "throughcared"), "--measure-decisions", "--persons", "20000", "--seconds", "60"],
                              env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    try:
        # It has told of its progress: it is in the middle of recording.
        assert "recorded the consents of" in daemon.stderr.readline()
        daemon.send_signal(number)
        return daemon.wait(timeout=DEADLINE_S)
    finally:
        daemon.kill()
        daemon.wait()
        daemon.stderr.close()


def test_an_interrupt_leaves_nothing(tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        assert ended_by(number, tmp_path) == -number
        assert list(tmp_path.iterdir()) == []


def test_even_a_killed_one_leaves_no_data(tmp_path):
    assert ended_by(signal.SIGKILL, tmp_path) == -signal.SIGKILL
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_too_little_room_is_said_before_anything_is_written(tmp_path):
    done = run(tmp_path, "bench", "--decisions", "--persons", "10000000", "--grants", "1000")
    assert done.returncode == 1
    assert "not enough room" in done.stderr and "detail: " in done.stderr and "hint: " in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_options_of_the_other_bench_are_refused(tmp_path):
    for words in (("--persons", "3"), ("--decisions", "--queues", "2"), ("--decisions", "--persons", "1")):
        assert run(tmp_path, "bench", *words).returncode == 2
