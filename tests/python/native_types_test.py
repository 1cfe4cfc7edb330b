"""The package's types: the stubs say what the native module has, and programs are checked by them (mypy)."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("weir", "gunicorn_prometheus_exporter")
# What has no types of its own: its classes are bases of ours.
SETTINGS = """
[mypy]
strict = True

[mypy-gunicorn.*]
ignore_missing_imports = True

[mypy-gunicorn_prometheus_exporter.*]
disallow_subclassing_any = False
"""

# Right uses, and wrong ones that mypy must find: --strict also complains of a `type: ignore` that hides nothing.
PROGRAM = '''
from typing import Awaitable, Callable, List

import weir

registry = weir.CollectorRegistry(storage=weir.memory_storage())
requests = weir.Counter("requests", "R.", ["method"], registry=registry)
child: weir.Counter = requests.labels(method="GET")
child.inc(1, exemplar={"trace_id": "a"})
latency = weir.Histogram("latency", "L.", buckets=(1, 2.5), registry=registry)
depth = weir.Gauge("depth", "D.", multiprocess_mode="livesum")
depth.set_function(lambda: 3.0)


@latency.time()
@depth.track_inprogress()
@requests.labels("x").count_exceptions(KeyError)
def work(n: int) -> str:
    return str(n)


@latency.time()
async def task(n: int) -> str:
    return str(n)


made: Callable[[int], str] = work
later: Callable[[int], Awaitable[str]] = task
with latency.time() as timer:
    timer.labels("x")
body: bytes = weir.generate_latest(registry)
names: List[str] = [sample.name for metric in registry.collect() for sample in metric.samples]
with weir.start_http_server(0, "127.0.0.1", registry) as server:
    port: int = server.port
try:
    weir.MultiProcessCollector(registry, "/nowhere")
except weir.ConfigError as error:
    text = str(error)
caught: ValueError = weir.ConfigError()

work("3")  # type: ignore[arg-type]
child.inc("1")  # type: ignore[arg-type]
requests.set(3)  # type: ignore[attr-defined]
depth.set()  # type: ignore[call-arg]
weir.Histogram("x", "X.", buckets="1")  # type: ignore[arg-type]
weir.Enum("x", "X.", states=3)  # type: ignore[arg-type]
'''

# stubtest's objections that say nothing of our types: pybind11's metaclass, and object's own __init__.
ALLOWED = r"""
weir\._weir\.(Source|DirectorySource|SourceRegistry|Exposer|Folding|Storage|BackendMetric)
weir\._weir\.(MergedRedis|RedisClient|RedisSource|RedisStorageDict|RedisStorageManager|RedisValue)
weir\._weir\.(Source|Storage|BackendMetric)\.__init__
"""


def run(tmp_path, *arguments):
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python"), "MYPY_CACHE_DIR": str(tmp_path / "cache")}
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, timeout=120,
                          env=environment, cwd=tmp_path)


def test_programs_are_checked_and_the_packages_are_strictly_typed(tmp_path):
    program, settings = tmp_path / "program.py", tmp_path / "mypy.ini"
    program.write_text(PROGRAM)
    settings.write_text(SETTINGS)
    files = [str(path) for package in PACKAGES for path in sorted((ROOT / "python" / package).rglob("*.py"))]
    assert len(files) > 50
    done = run(tmp_path, "mypy", "--config-file", str(settings), "--follow-imports=silent", *files, str(program))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_say_what_the_native_module_has(tmp_path):
    allowed = tmp_path / "allowed"
    allowed.write_text(ALLOWED)
    done = run(tmp_path, "mypy.stubtest", "weir._weir", "--allowlist", str(allowed))
    assert done.returncode == 0, done.stdout + done.stderr
