"""The verifier in another language: built once, from the packages that Debian has of Go's own log."""
import os
import shutil
import subprocess

import pytest


@pytest.fixture(scope="session")
def verifier(tmp_path_factory):
    assert shutil.which("go"), "golang-go and golang-golang-x-mod-dev: deploy/install-packages test"
    folder = tmp_path_factory.mktemp("go")
    program = folder / "verifier"
    source = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "verifier")
    environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="", CGO_ENABLED="0",
                       GOCACHE=str(folder / "cache"))
    subprocess.run(["go", "build", "-o", program, "."], cwd=source, env=environment, check=True)

    def call(*words, good=True):
        done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode == 0) == good, done
        return done.stdout + done.stderr

    return call
