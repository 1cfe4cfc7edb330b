"""docs/python.md: each `python run` block runs as a program of its own and prints what the `output` after it shows."""
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
BLOCKS = re.findall(r"^```([^\n]*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
PROGRAMS = [n for n, (kind, _) in enumerate(BLOCKS) if kind == "python run"]


def pattern_of(expected):
    return re.compile("".join(re.escape(line).replace("…", ".*?") + "\n" for line in expected.splitlines()))


def test_every_block_is_a_program_or_its_output():
    kinds = [kind for kind, _ in BLOCKS]
    assert set(kinds) == {"python run", "output"}
    assert all(kinds[n - 1] == "python run" for n, kind in enumerate(kinds) if kind == "output")


@pytest.mark.parametrize("n", PROGRAMS)
def test_the_program_prints_what_the_page_shows(n, tmp_path):
    program = BLOCKS[n][1]
    serves = "start_http_server(8000" in program
    if serves:  # the page's port may be taken here; nothing else of the program is changed
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        program = program.replace("8000", str(port))
        program += ("\nimport urllib.request\n"
                    f"print(urllib.request.urlopen('http://127.0.0.1:{port}/metrics').read().decode(), end='')\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PROMETHEUS", "REDIS"))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, cwd=tmp_path,
                          env={**environment, "TMPDIR": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    shown = BLOCKS[n + 1][1] if n + 1 < len(BLOCKS) and BLOCKS[n + 1][0] == "output" else None
    if serves:
        assert 'requests_total{method="GET"} 1\n' in done.stdout
    else:
        assert pattern_of(shown or "").fullmatch(done.stdout), done.stdout
