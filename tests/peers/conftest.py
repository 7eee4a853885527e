"""The figure that the comparison with zennit ends with."""

import pytest
from figure import Figure

FIGURE = pytest.StashKey[Figure]()


@pytest.fixture(scope="session")
def figure(pytestconfig: pytest.Config) -> Figure:
    """Where the tests write down the differences that they find."""
    return pytestconfig.stash.setdefault(FIGURE, Figure())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    found = config.stash.get(FIGURE, None)
    if found is not None and found.worst:
        terminalreporter.section("agreement with zennit, float64")
        for line in found.lines():
            terminalreporter.write_line(line)
