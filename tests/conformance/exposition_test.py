"""What Weir exposes is what promtool and Prometheus' Python parsers read: both text formats, every escaping scheme.

The readers are the promtool on the PATH, prometheus_client as this interpreter has it, and the distribution's own.
"""
import json
import math
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", ROOT / "build" / "release"))
DISTRIBUTION_PYTHON = "/usr/bin/python3"
HARD = 'quote " backslash \\ newline \n comma , brace } ü 😀'

TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
LOSSY_SCHEMES = ["underscores", "dots", "values"]

# Runs in the reader's interpreter; NaN and infinities cross as words.
READER = """
import json, sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
read = (openmetrics if sys.argv[1] == "openmetrics" else parser).text_string_to_metric_families
def exemplar(e):
    return e and [e.labels, repr(e.value), e.timestamp and float(e.timestamp)]
json.dump([dict(name=f.name, type=f.type, help=f.documentation, unit=f.unit,
                samples=[[s.name, s.labels, repr(s.value), exemplar(s.exemplar)] for s in f.samples])
           for f in read(sys.stdin.buffer.read().decode())], sys.stdout)
"""


def exposed(accept):
    result = subprocess.run([BUILD / "bin" / "exposition_samples", accept], capture_output=True, timeout=60, check=True)
    return result.stdout


def families(body, reader, python):
    result = subprocess.run([python, "-c", READER, reader], input=body, capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr.decode() + body.decode()
    return {family["name"]: family for family in json.loads(result.stdout)}


def reads_quoted_names(python):
    probe = "import prometheus_client.validation"
    return subprocess.run([python, "-c", probe], capture_output=True, timeout=60).returncode == 0


PYTHONS = sorted({sys.executable, DISTRIBUTION_PYTHON})


def value(family, name, **labels):
    found = [float(s[2]) for s in family["samples"] if s[0] == name and s[1] == labels]
    assert len(found) == 1, (name, labels, family["samples"])
    return found[0]


def promtool(body):
    """(parsed, what it says). Status 3 is a remark about style only."""
    result = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=60)
    return result.returncode in (0, 3), result.stderr.decode()


@pytest.mark.parametrize("scheme", LOSSY_SCHEMES)
def test_promtool_reads_text_under_every_scheme(scheme):
    parsed, remarks = promtool(exposed(f"{TEXT};escaping={scheme}"))
    assert parsed, remarks


def test_promtool_would_refuse_a_repeated_header():
    body = exposed(TEXT)
    assert not promtool(body + b"# TYPE jobs_total counter\n")[0]


@pytest.mark.parametrize("python", PYTHONS)
def test_python_reads_text(python):
    read = families(exposed(TEXT), "text", python)
    assert read["jobs"]["type"] == "counter"
    assert read["jobs"]["help"] == "Jobs done: " + HARD
    assert value(read["jobs"], "jobs_total", queue=HARD) == 3
    assert value(read["jobs"], "jobs_total", queue="") == 0
    assert value(read["latency_seconds"], "latency_seconds_bucket", le="0.5") == 1
    assert read["build_info"]["type"] == "gauge"
    assert read["odd"]["type"] == "unknown"
    check_numbers(read)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("scheme", LOSSY_SCHEMES)
def test_python_reads_openmetrics_under_every_scheme(python, scheme):
    read = families(exposed(f"{OPENMETRICS};escaping={scheme}"), "openmetrics", python)
    assert read["jobs"]["help"] == "Jobs done: " + HARD
    assert value(read["jobs"], "jobs_total", queue=HARD) == 3
    assert read["bare"]["type"] == "unknown"
    assert read["latency_seconds"]["unit"] == "seconds"
    assert read["size_bytes"]["unit"] == "bytes"
    types = [read[name]["type"] for name in ("build", "state", "odd", "empty")]
    assert types == ["info", "stateset", "unknown", "counter"]
    check_numbers(read)


@pytest.mark.parametrize("python", PYTHONS)
def test_python_reads_exemplars(python):
    read = families(exposed(OPENMETRICS), "openmetrics", python)
    exemplars = {(s[0], s[1].get("le")): s[3] for name in ("jobs", "latency_seconds") for s in read[name]["samples"]
                 if s[3]}
    assert exemplars == {("jobs_total", None): [{"trace_id": "backslash \\ ü"}, "2.5", 1520879607.789],
                         ("latency_seconds_bucket", "+Inf"): [{}, "7.25", None]}


@pytest.mark.parametrize("python", [python for python in PYTHONS if reads_quoted_names(python)])
@pytest.mark.parametrize("accept, reader", [("text/plain;version=1.0.0", "text"), (OPENMETRICS, "openmetrics")])
def test_a_reader_of_utf8_names_gets_them_whole(python, accept, reader):
    read = families(exposed(f"{accept};escaping=allow-utf-8"), reader, python)
    assert value(read["http.requests"], "http.requests_total", **{"http.status": "200", "größe": "x"}) == 5
    assert value(read["wait.time"], "wait.time_bucket", le="+Inf") == 1
    assert value(read["wait time"], "wait time") == 4


def test_names_that_become_one_stand_under_one_header():
    read = families(exposed(f"{TEXT};escaping=underscores"), "text", DISTRIBUTION_PYTHON)
    assert read["wait_time"]["type"] == "unknown"
    assert value(read["wait_time"], "wait_time") == 4


def check_numbers(read):
    values = [value(read["numbers"], "numbers", i=str(i)) for i in range(10)]
    assert values[:7] == [0, 0, 0.1 + 0.2, 1e6, 1e21, 5e-324, 123456789012345678.0]
    assert values[7:9] == [math.inf, -math.inf]
    assert math.isnan(values[9])
