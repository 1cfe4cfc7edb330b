"""One directory, at the same time: stock prometheus_client and prometheus_client over Weir count, and both readers see
it all, in both record layouts."""
import subprocess
import threading

import pytest

from prometheus_programs import CURRENT, DEBIAN
from multiprocess_reading import environment, samples, show, stock

OF_LAYOUT = {"0.16": DEBIAN, "current": CURRENT}
ROUNDS, BATCH = 150, 20
WRITER = f"""
import os, sys, time
from prometheus_client import Counter, Gauge, Histogram, Summary
if sys.argv[1] == "weir":
    import weir.prometheus
    weir.prometheus.install()
os.fork()  # each of the two counts
c, h, s = Counter("c", "C", ["who"]), Histogram("h", "H", buckets=[1, 4]), Summary("s", "S")
total, newest = Gauge("total", "T", multiprocess_mode="sum"), Gauge("newest", "N", multiprocess_mode="max")
for i in range({ROUNDS}):
    for _ in range({BATCH}):
        c.labels(sys.argv[1]).inc()
        h.observe(2), s.observe(0.5), total.inc(), newest.set(i)
    time.sleep(0.004)
print("counted", flush=True)
sys.stdin.read()
"""
EACH = ROUNDS * BATCH


def start(python, kind, directory, **more):
    return subprocess.Popen([python, "-c", WRITER, kind], env=environment(directory, **more), text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def wait_for_both(writers):
    """Until both processes of each writer have counted."""
    for writer in writers:
        assert [writer.stdout.readline() for _ in range(2)] == ["counted\n"] * 2


def not_fallen(before, now):
    """True when no series of a counter, histogram or summary went down or away."""
    return all(now.get(series, -1) >= value for series, value in before.items() if series[0] != "newest")


@pytest.mark.parametrize("layout", OF_LAYOUT)
def test_writers_of_both_kinds_count_at_once_and_both_readers_see_all(layout, tmp_path):
    other = CURRENT if layout == "0.16" else DEBIAN
    writers = [start(OF_LAYOUT[layout], "stock", tmp_path), start(OF_LAYOUT[layout], "weir", tmp_path),
               start(other, "weir", tmp_path, WEIR_FILE_LAYOUT=layout)]
    try:
        counting = threading.Thread(target=wait_for_both, args=(writers,), daemon=True)
        counting.start()
        ours, theirs, readings = {}, {}, 0
        while counting.is_alive():
            text, said = show(tmp_path)
            assert said == "" or (not ours and "holds no metrics" in said)
            now, stock_now = samples(text), samples(stock(tmp_path, OF_LAYOUT[layout]))
            assert not_fallen(ours, now) and not_fallen(theirs, stock_now)
            ours, theirs, readings = now, stock_now, readings + 1
            assert readings < 200
        expected = {("c_total", (("who", "stock"),)): 2 * EACH, ("c_total", (("who", "weir"),)): 4 * EACH,
                    ("h_bucket", (("le", "1.0"),)): 0, ("h_bucket", (("le", "4.0"),)): 6 * EACH,
                    ("h_bucket", (("le", "+Inf"),)): 6 * EACH, ("h_count", ()): 6 * EACH, ("h_sum", ()): 12 * EACH,
                    ("s_count", ()): 6 * EACH, ("s_sum", ()): 3 * EACH, ("total", ()): 6 * EACH,
                    ("newest", ()): ROUNDS - 1}
        assert samples(show(tmp_path)[0]) == samples(stock(tmp_path, OF_LAYOUT[layout])) == expected
        assert readings > 1
    finally:
        for writer in writers:
            writer.stdin.close()
            writer.wait(timeout=30)
            writer.stdout.close()


@pytest.mark.parametrize("layout, name", [("0.16", "Debian's 0.16"), ("current", "current")])
def test_the_layout_follows_the_prometheus_client_that_is_there(layout, name, tmp_path):
    writer = subprocess.run([OF_LAYOUT[layout], "-c", "import weir.prometheus; weir.prometheus.install()\n"
                             "from prometheus_client import Counter; Counter('c', 'C').inc(3)"],
                            env=environment(tmp_path), timeout=60)
    assert writer.returncode == 0, name
    assert samples(stock(tmp_path, OF_LAYOUT[layout])) == {("c_total", ()): 3}
