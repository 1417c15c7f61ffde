"""The stored answers of busybox and dash are still those that they give."""

from __future__ import annotations

import json

import pytest

from tests.peers.shell_peer import ANSWERS, BUSYBOX, DASH, SHELLS, ask
from tests.required import requires

MISSING = "" if BUSYBOX.exists() and DASH.exists() else "no busybox and dash (Debian)"
pytestmark = requires(MISSING)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_answers_as_is_stored(shell):
    stored = json.loads(ANSWERS.read_text())[shell]
    assert {script: ask(shell, script) for script in stored} == stored
