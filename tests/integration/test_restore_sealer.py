"""A log is restored while its sealer runs by itself, as a user of its own: it says what was signed."""
import os
import shutil

import pytest
from exchange import AUDITOR
from test_backup import (  # pylint: disable=unused-import # noqa: F401
    GAP, backup, check, folder_of, kept, restore, restore_refused, restored_rows)
from test_checkpoint import start_fails, wait_for_size
from test_sealer_socket import sealer, sent  # pylint: disable=unused-import # noqa: F401


@pytest.mark.quick
def test_a_gap_that_only_the_sealer_knows_is_answered_for_and_its_name_changes(kept, sealer):  # noqa: F811
    sealer.start()
    kept.start()
    sent(kept)
    first = backup(kept)["next"]
    assert "sealer.state" not in os.listdir(folder_of(kept, "daily")), "it is another user's"
    wait_for_size(kept, sent(kept))
    kept.stop()
    shutil.rmtree(kept.data())
    signed = sealer.state()
    assert f"{signed - first} are missing, from record {first} on" in restore_refused(kept)
    assert not os.listdir(kept.data()), "a refused restore leaves nothing"
    assert "Set ORIGIN=test.example/trail/1 in throughcare-sealer.service" in restore(kept, *GAP)
    # Until somebody has done so, nothing is served and nothing added.
    said = start_fails(kept)
    assert "the sealer signs under another name" in said and "set ORIGIN" in said
    sealer.kill()
    sealer.start("test.example/trail/1")
    kept.start()
    row, = restored_rows(kept)
    assert row["code"] == "gap_accepted" and int(row["logSequence"]) == first
    wait_for_size(kept, sent(kept))
    assert kept.plain(AUDITOR, "trail", "checkpoint").startswith("test.example/trail/1\n")
    kept.stop()
    assert check(kept)["wrong"] == "0"
    assert sealer.state() == signed, "nothing was signed under the old name"


@pytest.mark.quick
def test_without_its_sealer_nothing_is_restored(kept, sealer):  # noqa: F811
    sealer.start()
    kept.start()
    backup(kept)
    kept.stop()
    sealer.kill()
    sealer.listener.close()
    assert "the sealer does not answer" in restore_refused(kept, "--replace", *GAP)
    assert not {"journal.new", "tree.new", "restoring"} & set(os.listdir(kept.data()))
