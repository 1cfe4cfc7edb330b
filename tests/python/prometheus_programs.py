"""Small programs over prometheus_client, in processes of their own: with Debian's version (0.16), and the current."""
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from multiprocess_reading import CLEAN, CURRENT, DEBIAN  # noqa: E402

both_versions = pytest.mark.parametrize("python", [DEBIAN, CURRENT], ids=["debian", "current"])
EXPOSE = textwrap.dedent("""
    def expose():
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry).decode()

    def counted(text):
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}

    def scraped():
        return counted(expose())
""")


def run(python, program, directory=None, **environment):
    """Runs `program` (with expose(), counted() and scraped() at hand) and gives what it prints; its assertions are the
    test's."""
    variables = {**CLEAN, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    if directory is not None:
        variables["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
        os.makedirs(directory, exist_ok=True)
    done = subprocess.run([python, "-c", EXPOSE + textwrap.dedent(program)], env=variables, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
