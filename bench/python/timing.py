"""Nanoseconds a call, in a loop Python compiles: the loop's own cost is measured beside it and taken away.

`call` is Python source over `names`, so that no function of ours stands between the loop and the call.
"""

import time

CALLS = 200_000
LOOP = """
def loop(n, clock{names}):
    began = clock()
    for _ in range(n):
        {call}
    return clock() - began
"""


def compiled(call, names):
    scope = {}
    exec(LOOP.format(names="".join(f", {name}" for name in names), call=call), scope)
    return lambda calls: scope["loop"](calls, time.thread_time_ns, **names)


def ns_a_call(call, calls=CALLS, **names):
    """Of `calls` calls, best of three: whatever else runs only adds."""
    timed, empty = compiled(call, names), compiled("pass", names)
    return max(min(timed(calls) for _ in range(3)) - min(empty(calls) for _ in range(3)), 0) / calls
