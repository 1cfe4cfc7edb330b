"""Writers of one directory or one Redis, Weir's and the Python peers', run by the same scripts."""
import json
import pathlib
import subprocess

from multiprocess_reading import CLEAN, CURRENT, DEBIAN, environment, program

_INTEROP = pathlib.Path(__file__).with_name("interop")
_STOCK_WRITER = str(_INTEROP / "stock_writer.py")
COMMANDS = {"weir": [program("interop_writer")], "weir-0.16": [program("interop_writer")],
            "python": [CURRENT, _STOCK_WRITER], "python-0.16": [DEBIAN, _STOCK_WRITER],
            "weir-redis": [program("interop_redis_writer")],
            "exporter": [CURRENT, str(_INTEROP / "redis_exporter_writer.py")],
            "pytheus": [CURRENT, str(_INTEROP / "redis_pytheus_writer.py")]}


def _hex(text):
    return text.encode().hex() or "-"


def operation(kind, name, value, labels=None, help_text="Help.", detail="-", verb=None, thread=0):
    """One line of a script (see writer.cc)."""
    verb = verb or {"counter": "inc", "gauge": "set", "info": "info", "enum": "state"}.get(kind, "observe")
    pairs = ",".join(f"{_hex(k)}={_hex(v)}" for k, v in (labels or {}).items()) or "-"
    spelled = _hex(value) if kind == "info" else value if kind == "enum" else repr(float(value))
    return "\t".join([verb, kind, _hex(name), _hex(help_text), detail, pairs, spelled, str(thread)])


class Writer:
    """A process that counts what it is told and lives until it is closed: `live*` gauges are of living processes."""

    def __init__(self, kind, place, **popen):
        """`place` is a directory, or the variables that say where a Redis is."""
        layout = {"WEIR_FILE_LAYOUT": "0.16"} if kind == "weir-0.16" else {}
        variables = {**CLEAN, **place} if isinstance(place, dict) else environment(place, **layout)
        self.process = subprocess.Popen(COMMANDS[kind], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, **popen)
        self.pid = self.process.pid

    def start(self, script):
        self.process.stdin.write("\n".join([*script, ".", ""]))
        self.process.stdin.flush()

    def finish(self):
        assert self.process.stdout.readline() == "done\n"

    def run(self, script):
        self.start(script)
        self.finish()

    def ask(self, word):
        """What interop_redis_writer answers to `flush` or `statistics`."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def flush(self):
        """Ships what was counted; whether all of it was acknowledged."""
        return self.ask("flush")

    def statistics(self):
        """weir::RedisShippingStatistics."""
        return self.ask("statistics")

    def run_in_child(self, script):
        """The script in a forked child, which then ends."""
        self.process.stdin.write("fork\n")
        self.run(script)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Writers(list):
    """Several writers, all ended at the end of a with statement."""

    def add(self, kind, place, **popen):
        self.append(Writer(kind, place, **popen))
        return self[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for writer in self:
            writer.kill()
