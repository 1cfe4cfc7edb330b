"""What goes wrong between a process and its Redis, and trying again.

Thread safety: functions and classes without state.
"""
import time
from typing import Callable, TypeVar

from weir._weir import RedisAuthenticationError, RedisConnectionError, RedisError, RedisReplyError, RedisTimeoutError

__all__ = ["RedisAuthenticationError", "RedisConnectionError", "RedisError", "RedisReplyError", "RedisTimeoutError",
           "with_retry"]


T = TypeVar("T")


def with_retry(func: Callable[[], T], max_retries: int = 3, delay: float = 1) -> T:
    """What `func()` gives. After a failure of connection or time it is called again, up to `max_retries` calls in all,
    with pauses of `delay`, 2 `delay`, 4 `delay`… seconds; the last failure is raised, every other error at once.

    Not for `RedisValue.inc`: what it counted stays counted when it raises.
    """
    if max_retries < 1:
        raise ValueError(f"with_retry(max_retries={max_retries}): must be at least 1")
    for attempt in range(max_retries - 1):
        try:
            return func()
        except (RedisConnectionError, RedisTimeoutError):
            time.sleep(delay * 2 ** attempt)
    return func()
