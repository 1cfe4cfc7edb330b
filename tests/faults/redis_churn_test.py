"""The past costs nothing in Redis either: totals exact, as few keys after the last writer as after the first (I2, I8;
P9)."""
import re
import subprocess
import time

from churn import Page, Referee, assert_totals, churn, number_of_writers, running
from exporters import exporter
from multiprocess_reading import CLEAN, WEIR, program
from redis_servers import RedisServer

KILLED = 20  # one in so many


class Database:
    of, columns = "keys", ("keys at rest", "tombstones", "bytes used")

    def __init__(self, redis):
        self._redis = redis

    def many(self):
        time.sleep(0.05)  # the processors are for the writers
        return int(self._redis.cli("DBSIZE"))

    def tidy(self):
        writers = self._redis.cli("SMEMBERS", "gunicorn:weir:writers").split()
        return writers != [] and all(writer.startswith("retired") for writer in writers)

    def at_rest(self):
        """Tombstones apart: killed writers leave one for a day, those who said goodbye none. Not by DBSIZE, which
        counts the expired until somebody looks."""
        keys = set(self._redis.keys())  # a scan may give a key twice
        tombs = sum(1 for key in keys if key.startswith("gunicorn:weir:tomb:"))
        used = re.search(r"^used_memory_dataset:(\d+)", self._redis.cli("INFO", "memory"), re.M)
        return len(keys) - tombs, tombs, int(used.group(1))

    def fold(self):
        command = [WEIR, "fold", "--redis", self._redis.url]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, env=CLEAN)
        assert result.returncode == 0, result.stderr
        time.sleep(0.4)


def test_a_churn_of_writers_leaves_totals_exact_and_as_few_keys_as_there_were(tmp_path):
    with RedisServer() as redis, Page(tmp_path / "page") as page, \
            exporter("--redis", redis.url, "--fold", "weir") as port:
        writers, place, referee = number_of_writers(full=10_000), Database(redis), Referee(page, port)
        environment = {**CLEAN, **redis.environment(REDIS_TTL_SECONDS="1")}
        with running(place.fold, place.fold):
            record = churn(program("faults_redis_churn_writer"), environment, page, [referee], place, "redis", writers)
        assert_totals(referee.look(), writers)
    assert referee.scrapes > 20
    first_keys = record.steps[0].rest[0]
    record.assert_times_are_flat()
    for step in record.steps:
        keys, tombs, _ = step.rest
        assert keys == first_keys, (record.steps[0], step)
        assert tombs <= (step.writers + KILLED - 1) // KILLED, step
        assert step.most < 40 * record.steps[0].writers, step
