"""Waiting in tests for what happens soon."""
import time


def wait_until(condition, what, seconds=30):
    """Asks until the condition holds, and gives what it gave."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        time.sleep(0.02)
    return found
