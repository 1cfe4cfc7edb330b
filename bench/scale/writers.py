"""A fleet on one machine: writers.py PROCESSES SERIES DIRTY ROUNDS. Forks the processes, which count in step.

Prints `ready` when every process has shipped all its series once, `counted N` after the rounds (N series changed), then
waits idle for its standard input to end.
"""
import os
import sys

import weir

processes, series, rounds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[4])
changed = max(1, round(series * float(sys.argv[3])))


def write(orders, answers):
    family = weir.Counter("requests", "Requests served.", ["path"])
    children = [family.labels(f"/items/{i:05}") for i in range(series)]
    for child in children:
        child.inc()
    os.write(answers, b"y" if weir.flush(120) else b"n")
    at = 0
    while os.read(orders, 1):
        for _ in range(changed):
            children[at % series].inc()
            at += 1
        os.write(answers, b"y" if weir.flush(120) else b"n")


def main():
    workers = []
    for _ in range(processes):
        order, answer = os.pipe(), os.pipe()
        if os.fork() == 0:
            for orders, answers in workers:
                os.close(orders), os.close(answers)
            os.close(order[1]), os.close(answer[0])
            write(order[0], answer[1])
            os._exit(0)
        os.close(order[0]), os.close(answer[1])
        workers.append((order[1], answer[0]))
        if len(workers) % 16 == 0:  # not all at once: making series costs the server most
            assert all_say_yes(workers[-16:]), "a process could not ship"
    assert all_say_yes(workers[len(workers) - len(workers) % 16:]), "a process could not ship"
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(rounds):
        for orders, _ in workers:
            os.write(orders, b"g")
        assert all_say_yes(workers), "a flush failed"
    print(f"counted {processes * changed * rounds}", flush=True)
    sys.stdin.read()


def all_say_yes(workers):
    return all(os.read(answers, 1) == b"y" for _, answers in workers)


main()
