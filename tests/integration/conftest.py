"""A real network for the tests: THROUGHCARE_BUILD names the build folder (default: build)."""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import schema  # noqa: E402
import wire  # noqa: E402
from exchange import AGENCIES, Exchange  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "quick: part of tests/run --quick")
    config.addinivalue_line("markers", "once: long, and nothing new under a sanitizer")
    config.addinivalue_line("markers", "threads: worth running under the thread sanitizer")


def pytest_collection_modifyitems(items):
    """Files with long tests first: with several workers, what begins last is waited for alone."""
    long = {item.path for item in items if item.get_closest_marker("once")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def build():
    folder = os.environ.get("THROUGHCARE_BUILD", os.path.join(schema.ROOT, "build"))
    return os.path.abspath(folder)


@pytest.fixture(scope="session", autouse=True)
def schemas(tmp_path_factory):
    schema.generate(tmp_path_factory.mktemp("schemas"))


@pytest.fixture(scope="session")
def model(build, tmp_path_factory):
    """The network that all others are copies of."""
    made = Exchange(build, tmp_path_factory.mktemp("model") / "network")
    made.make()
    yield made
    made.abandon()


@pytest.fixture(scope="session")
def exchange(model, tmp_path_factory):
    """One network for all tests that leave it as it was; it must also end cleanly."""
    made = model.another(tmp_path_factory.mktemp("exchange") / "network")
    made.set(gateway__handshake_max="4s")
    made.start()
    yield made
    try:
        made.stop()
    finally:
        made.abandon()


@pytest.fixture
def emptied(exchange):
    """Nobody's mailbox has anything in it, before the test and after it."""
    for turn in range(2):
        for agency in AGENCIES:
            exchange.collect(agency)
        if turn == 0:
            yield


@pytest.fixture
def own_exchange(model, tmp_path):
    """A network of the test's own, not started."""
    made = model.another(tmp_path / "network")
    yield made
    made.abandon()


@pytest.fixture
def connect(exchange):
    """Opens raw connections to the shared exchange; closes them after the test."""
    opened = []

    def open_one(member="treatment-south", log_on=True, **context):
        profile = exchange.profile(member)
        peer = wire.Peer(exchange.address(), wire.tls_context(profile, **context), log_on)
        opened.append(peer)
        return peer

    yield open_one
    for peer in opened:
        peer.close()


@pytest.fixture
def bystander(exchange):
    """Another agency's connection, which what a test does must not disturb."""
    peer = wire.Peer(exchange.address(), wire.tls_context(exchange.profile("housing-harbor")))
    yield peer
    assert peer.alive(), "another connection was disturbed"
    peer.close()


@pytest.fixture
def key(exchange):
    """The path of a member's private key."""
    return lambda member: os.path.join(exchange.profile(member), "key.pem")
