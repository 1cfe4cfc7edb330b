"""`weir serve` for a test, on a free port and gone afterwards."""
import contextlib
import os
import re
import subprocess
import tempfile

from multiprocess_reading import CLEAN, WEIR
from redis_servers import wait_until


@contextlib.contextmanager
def exporter(*arguments):
    """Its port."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([WEIR, "serve", *map(str, arguments), "--listen", "127.0.0.1:0"], stderr=log,
                                   env=CLEAN)

        def port():
            assert process.poll() is None, said()
            return re.search(rb"http://127\.0\.0\.1:(\d+)/", said())

        def said():
            return os.pread(log.fileno(), 1 << 16, 0)

        try:
            yield int(wait_until(port, "weir serve listens").group(1))
        finally:
            process.terminate()
            process.wait(timeout=30)
