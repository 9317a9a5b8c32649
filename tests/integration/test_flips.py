"""Any byte of the stored files that is changed is found by --check, or nobody reads it.

THROUGHCARE_FLIPS sets how many flips are made (default 200; the whole run is 10,000).
"""
import concurrent.futures
import glob
import os
import random
import shutil
import struct
import subprocess

import pytest
from exchange import AUDITOR, wait_for
from lmdb_pages import Pages
from messages import attendance, consent, grant, new_id, referral
from test_checkpoint import wait_for_size

CLINIC, OFFICE, DESK = "treatment-south", "parole-north", "intake-desk"
STORES = ("journal", "ledger", "trail", "tree")
FLIPS = int(os.environ.get("THROUGHCARE_FLIPS", "200"))
WORKERS = 2


class Place:
    """A copy of the stored files with a configuration of its own, made whole before each flip."""

    def __init__(self, exchange, folder, files):
        self.files = files
        self.daemon = exchange.daemon_path
        self.data = os.path.join(folder, "data")
        self.configuration = os.path.join(folder, "throughcared.yaml")
        os.makedirs(folder)
        with open(exchange.configuration(), encoding="utf-8") as lines:
            text = lines.read()
        with open(self.configuration, "w", encoding="utf-8") as lines:
            lines.write(text.replace(exchange.data(), self.data))

    def check(self, store=None, content=None):
        """Whether --check is content with the files, one of them replaced."""
        shutil.rmtree(self.data, ignore_errors=True)
        for name, stored in self.files.items():
            os.makedirs(os.path.join(self.data, name))
            with open(os.path.join(self.data, name, "data.mdb"), "wb") as file:
                file.write(content if name == store else stored)
        try:
            done = subprocess.run([self.daemon, "--config", self.configuration, "--check"], capture_output=True,
                                  timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def rows_of(content, older=False):
    """Every row that is in the file, but for what nobody vouches for; None when it cannot be read. `older`: as
    of the commit before the last one."""
    try:
        rows = Pages(content, content_only=True, older=older).rows
    except (ValueError, IndexError, OverflowError, RecursionError, TypeError, struct.error):
        return None
    # When a checkpoint was signed is the exchange's own word, shown by its status and nothing else.
    rows["checkpoints"] = [(key, value[8:]) for key, value in rows.get("checkpoints", [])]
    # The end of a person's chain follows from its links, and whoever verifies an accounting makes it again.
    rows.pop("heads", None)
    return rows


@pytest.fixture
def filled(own_exchange):
    """A small log of all kinds, stopped: the stored files by name."""
    own_exchange.set(trail__anchor_interval="1s")
    own_exchange.start()
    subject = new_id()
    own_exchange.accepted(DESK, consent(subject, grant()))
    own_exchange.accepted(OFFICE, referral(subject, new_id()))
    for _ in range(20):
        own_exchange.accepted(CLINIC, attendance(subject))
    own_exchange.accepted(CLINIC, attendance(new_id()))
    own_exchange.collect(OFFICE, count=5)
    wait_for(lambda: "anchor" in own_exchange.ask(AUDITOR, "accounting", "--subject", subject, "--rule", "42cfr2.25")[0],
             "an anchor that tells of them")
    receipt = own_exchange.accepted(DESK, consent(new_id(), grant()))
    wait_for_size(own_exchange, int(receipt["logSequence"]) + 1)
    own_exchange.stop()
    files = {}
    for name in STORES:
        with open(own_exchange.data(name, "data.mdb"), "rb") as file:
            files[name] = file.read()
    return files


def draw(chance, live):
    """A store and a byte of it: nine of ten among what is used."""
    name = chance.choice(STORES)
    pages, content = live[name]
    if chance.random() < 0.1:
        return name, chance.randrange(len(content))
    start, end, _ = chance.choices(pages.runs, weights=[end - start for start, end, _ in pages.runs])[0]
    return name, chance.randrange(start, end)


def test_every_flipped_byte_is_found_or_read_by_nobody(own_exchange, filled, tmp_path):
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    live = {name: (Pages(content), content) for name, content in filled.items()}
    # What is made from the journal may be a commit behind: it is brought up to date at the next start.
    harmless = {name: [rows_of(content)] + ([rows_of(content, older=True)] if name != "journal" else [])
                for name, content in filled.items()}
    places = [Place(own_exchange, tmp_path / f"place-{i}", filled) for i in range(WORKERS)]
    assert places[0].check(), "unchanged files are right"
    flips = [(*draw(chance, live), 1 << chance.randrange(8)) for _ in range(FLIPS)]

    def run(number):
        place, missed, found = places[number], [], 0
        for name, offset, bit in flips[number::WORKERS]:
            content = bytearray(filled[name])
            content[offset] ^= bit
            content = bytes(content)
            if not place.check(name, content):
                found += 1
            elif rows_of(content) not in harmless[name]:
                missed.append((name, offset, bit, live[name][0].at(offset)))
        return found, missed

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(run, range(WORKERS)))
    missed = [flip for _, some in results for flip in some]
    assert not missed, f"seed {seed}: {missed}"
    assert sum(found for found, _ in results) > FLIPS // 2
    assert not glob.glob(os.path.join(own_exchange.folder, "core*"))
