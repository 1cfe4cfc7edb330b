"""Writers of one directory, Weir's and stock Python's, run by the same scripts."""
import pathlib
import subprocess

from multiprocess_reading import CURRENT, DEBIAN, environment, program

_STOCK_WRITER = str(pathlib.Path(__file__).with_name("stock_writer.py"))
COMMANDS = {"weir": [program("interop_writer")], "weir-0.16": [program("interop_writer")],
            "python": [CURRENT, _STOCK_WRITER], "python-0.16": [DEBIAN, _STOCK_WRITER]}


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

    def __init__(self, kind, directory, **popen):
        layout = {"WEIR_FILE_LAYOUT": "0.16"} if kind == "weir-0.16" else {}
        self.process = subprocess.Popen(COMMANDS[kind], env=environment(directory, **layout), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, **popen)
        self.pid = self.process.pid

    def start(self, script):
        self.process.stdin.write("\n".join([*script, ".", ""]))
        self.process.stdin.flush()

    def finish(self):
        assert self.process.stdout.readline() == "done\n"

    def run(self, script):
        self.start(script)
        self.finish()

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

    def add(self, kind, directory, **popen):
        self.append(Writer(kind, directory, **popen))
        return self[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for writer in self:
            writer.kill()
