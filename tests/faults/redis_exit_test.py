"""I7: a process that calls exit() in a signal handler, in the middle of whatever its thread was doing, ends."""
import contextlib
import random
import signal
import subprocess
import time

import pytest

from multiprocess_reading import CLEAN, FULL, program
from redis_servers import RedisServer

AT_ONCE = 8


def end_by_handler(environment):
    """Processes that register children all the time, and are told to exit; gives how they ended."""
    with contextlib.ExitStack() as stack:
        started = []
        for _ in range(AT_ONCE):
            process = stack.enter_context(subprocess.Popen([program("faults_redis_exit_writer")],
                                                           stdout=subprocess.PIPE, env={**CLEAN, **environment}))
            stack.callback(process.kill)
            started.append(process)
        for process in started:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(random.uniform(0, 0.02))
            process.send_signal(signal.SIGUSR1)
        return [process.wait(timeout=20) for process in started]


@pytest.mark.parametrize("durability", ["buffered", "spooled", "through"])
def test_exit_in_a_handler_that_interrupts_a_registration_ends_the_process(durability, memory_directory):
    with RedisServer() as redis:
        environment = redis.environment(WEIR_FLUSH_INTERVAL="0.02", WEIR_REDIS_DURABILITY=durability,
                                        WEIR_SPOOL_DIR=str(memory_directory))
        for _ in range(20 if FULL else 2):
            assert end_by_handler(environment) == [7] * AT_ONCE
