#!/usr/bin/env python3
"""An exhaustive model of folding a large writer in Redis in parts, while another is folded and somebody reads (protocol
P9).

    tests/models/redis_fold.py                      exact, and how many states that took
    tests/models/redis_fold.py --without compare    VIOLATION, and the shortest steps that lead to it

What it models: a writer of two values that is sealed and then moved value by value, and that may ship late, come back
and go on as another at any moment; a second dead writer that is folded by one script; two folders, each killed
anywhere, that read first and commit later; a reader that reads the retired writer, then the others. Every interleaving
is visited.

What it checks: no step lowers a total, none exceeds what was counted, a scrape shows no less than stood when it began,
and when all calms down the totals are what was counted.
What it leaves out: leases and time (anybody may be folded at any moment), failover (redis_fence.py), sums in several
parts. Each of RULES can be taken away, and then some interleaving is wrong.
"""
import argparse
import collections
import sys
import typing

RULES = {
    "compare": "values are moved only if the count of folds is what it was before they were read",
    "sequence": "a claim is sealed only if its sequence is what it was before the tombstone's values were read",
    "seal": "values are moved part by part only under a claim nobody has the token of",
    "tombstone": "the whole tombstone comes into its place with the seal",
    "counter": "a reader begins again if the count of folds has changed",
}
INCREMENTS = 2
VALUES = (0, 1)


class Server(typing.NamedTuple):
    claim: str = "own"          # of the large writer; then sealed, then gone
    sequence: int = 1
    values: tuple = (1, 1)      # of the large writer; None: moved
    tomb: typing.Optional[tuple] = None
    other: typing.Optional[int] = 1   # the second writer's, of the first value
    retired: tuple = (0, 0)
    folds: int = 0
    successor: tuple = (0, 0)   # what the large writer ships as another, once it was folded

    def total(self, i):
        return (self.values[i] or 0) + (self.other or 0) * (i == 0) + self.retired[i] + self.successor[i]


class Writer(typing.NamedTuple):
    counted: int = 1            # in each of its values
    shipped: int = 1
    base: typing.Optional[tuple] = None  # what was folded: it is another now
    sequence: int = 1
    waits: tuple = ()           # (value, sequence) it sent


class Folder(typing.NamedTuple):
    step: str = "idle"
    seen: tuple = ()            # the claim, its sequence, and the count of folds, before all else
    read: tuple = ()            # values a commit is made from


class Reader(typing.NamedTuple):
    step: str = "idle"
    folds: int = 0
    floor: tuple = ()           # what stood when it began
    retired: tuple = ()


class World(typing.NamedTuple):
    server: Server = Server()
    writer: Writer = Writer()
    late: tuple = ()            # a request nobody waits for any more
    folders: tuple = (Folder(), Folder())
    begun: int = 0
    reader: Reader = Reader()


def ship(server, request):
    """The script: (the server afterwards, whether it was applied)."""
    value, sequence = request
    if server.claim != "own" or sequence <= server.sequence:
        return server, False
    return server._replace(values=(value, value), sequence=sequence), True


def come_back(writer, server):
    """The writer was refused: with a tombstone it goes on as another; without one it waits."""
    return writer if server.tomb is None else writer._replace(base=tuple(value or 0 for value in server.tomb))


def ship_as_another(server, writer):
    return server._replace(successor=tuple(writer.counted - value for value in writer.base))


def writer_steps(world):
    server, writer = world.server, world.writer
    if writer.counted < INCREMENTS:
        yield "counts", world._replace(writer=writer._replace(counted=writer.counted + 1))
    if writer.base is not None:
        after = ship_as_another(server, writer)
        if after != server:
            yield "ships as another", world._replace(server=after)
    elif writer.waits:
        after, applied = ship(server, writer.waits)
        answered = writer._replace(waits=())
        heard = answered._replace(shipped=writer.waits[0]) if applied else come_back(answered, server)
        yield f"hears {applied}", world._replace(server=after, writer=heard)
        if not world.late:
            yield "hears nothing", world._replace(writer=writer._replace(waits=()), late=writer.waits)
    elif writer.shipped != writer.counted and writer.sequence < 3:
        request = (writer.counted, writer.sequence + 1)
        yield "sends", world._replace(writer=writer._replace(waits=request, sequence=request[1]))
    if world.late:
        yield "a late request arrives", world._replace(server=ship(server, world.late)[0], late=())


def commit(server, i, read, folder, rules):
    """The script that moves the large writer's value `i`; None where it answers CHANGED."""
    own, retired = read
    claim, sequence, folds = folder.seen
    if server.claim != claim or server.sequence != sequence or ("compare" in rules and server.folds != folds):
        return None
    values = tuple(None if k == i else value for k, value in enumerate(server.values))
    tomb = server.tomb
    if "tombstone" not in rules:
        tomb = tuple(own if k == i else value for k, value in enumerate(tomb or (None, None)))
    return server._replace(values=values,
                           retired=tuple(retired + own if k == i else value for k, value in enumerate(server.retired)),
                           tomb=tomb, folds=server.folds + 1, claim="gone" if values == (None, None) else claim)


def fold_steps(world, number, rules, folds):
    server, folder = world.server, world.folders[number]

    def then(server=server, **changes):
        folders = list(world.folders)
        folders[number] = folder._replace(**changes)
        return world._replace(server=server, folders=tuple(folders))

    if folder.step == "idle":
        if world.begun < folds and (server.claim != "gone" or server.other is not None):
            yield "looks", then(step="look", seen=(server.claim, server.sequence, server.folds),
                                read=())._replace(begun=world.begun + 1)
        return
    yield "is killed", then(step="idle", seen=(), read=())
    if folder.step == "look":
        if server.other is not None:
            yield "reads the small writer", then(step="small", read=(server.other, server.retired[0]))
        if folder.seen[0] == "own" and "seal" in rules:
            yield "prepares a tombstone", then(step="seal", read=server.values)
        elif folder.seen[0] != "gone":
            there = [i for i in VALUES if server.values[i] is not None]
            for i in there[:1]:
                yield f"reads value {i}", then(step=f"move {i}", read=(server.values[i], server.retired[i]))
    elif folder.step == "small":
        own, retired = folder.read
        if server.other is not None and ("compare" not in rules or server.folds == folder.seen[2]):
            moved = server._replace(other=None, retired=(retired + own, server.retired[1]), folds=server.folds + 1)
            yield "moves the small writer", then(moved, step="idle", seen=(), read=())
    elif folder.step == "seal":
        if server.claim == "own" and ("sequence" not in rules or server.sequence == folder.seen[1]):
            sealed = server._replace(claim="sealed", tomb=folder.read if "tombstone" in rules else (None, None))
            yield "seals", then(sealed, step="look", seen=("sealed", server.sequence, folder.seen[2]), read=())
    else:
        moved = commit(server, int(folder.step[-1]), folder.read, folder, rules)
        if moved is not None:
            done = moved.claim == "gone"
            yield f"moves value {folder.step[-1]}", then(
                moved, step="idle" if done else "look", seen=() if done else (*folder.seen[:2], moved.folds), read=())


def read_steps(world, rules):
    """(what happens, the world afterwards, what is shown or None)."""
    server, reader = world.server, world.reader
    if reader.step == "idle":
        floor = tuple(server.total(i) for i in VALUES)
        yield "begins", world._replace(reader=Reader("retired", server.folds, floor)), None
    elif reader.step == "retired":
        yield "reads the retired", world._replace(reader=reader._replace(step="others", retired=server.retired)), None
    else:
        again = "counter" in rules and server.folds != reader.folds
        shown = None if again else tuple(reader.retired[i] + server.total(i) - server.retired[i] for i in VALUES)
        yield "begins again" if again else f"shows {shown}", world._replace(reader=Reader()), (shown, reader.floor)


def settle(world):
    """The totals when all has calmed down."""
    server, writer = world.server, world.writer
    for request in (world.late, writer.waits):
        if request:
            server, _ = ship(server, request)
    if writer.base is None:
        if server.claim == "own":
            server, _ = ship(server, (writer.counted, writer.sequence + 1))
            return tuple(server.total(i) for i in VALUES)
        writer = come_back(writer, server)
    return tuple(ship_as_another(server, writer).total(i) for i in VALUES)


def fault(world, after, shown):
    """What is wrong with a step; nothing: all is right."""
    truth = tuple(after.writer.counted + (i == 0) for i in VALUES)
    before, now = (tuple(w.server.total(i) for i in VALUES) for w in (world, after))
    if any(value > true for value, true in zip(now, truth)):
        return f"totals are {now}, counted were {truth}"
    if any(value < old for value, old in zip(now, before)):
        return f"totals fell from {before} to {now}"
    is_shown = shown is not None and shown[0] is not None
    if is_shown and not all(f <= s <= t for f, s, t in zip(shown[1], shown[0], truth)):
        return f"{shown[0]} is shown where {shown[1]} stood and {truth} were counted"
    if (settled := settle(after)) != truth:
        return f"totals settle at {settled}, counted were {truth}"
    return ""


class Verdict(typing.NamedTuple):
    states: int
    violation: str  # empty: exact
    steps: tuple    # that lead to it


def explore(rules=frozenset(RULES), folds=2):
    """Every state of so many folds, breadth first: the shortest way to a violation comes first."""
    came_from = {World(): None}
    queue = collections.deque(came_from)
    while queue:
        world = queue.popleft()
        moves = [(f"the writer {what}", after, None) for what, after in writer_steps(world)]
        moves += [(f"folder {n} {what}", after, None) for n in (0, 1)
                  for what, after in fold_steps(world, n, rules, folds)]
        moves += [(f"the reader {what}", after, shown) for what, after, shown in read_steps(world, rules)]
        for what, after, shown in moves:
            if wrong := fault(world, after, shown):
                steps, at = [what], world
                while came_from[at] is not None:
                    at, said = came_from[at]
                    steps.append(said)
                return Verdict(len(came_from), wrong, tuple(reversed(steps)))
            if after not in came_from:
                came_from[after] = (world, what)
                queue.append(after)
    return Verdict(len(came_from), "", ())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", choices=RULES, help="take this rule away")
    parser.add_argument("--folds", type=int, default=2,
                        help="how many folds may begin, those that are killed included (%(default)s)")
    arguments = parser.parse_args()
    verdict = explore(frozenset(RULES) - {arguments.without}, arguments.folds)
    if verdict.violation:
        print(f"VIOLATION: {verdict.violation}", *verdict.steps, sep="\n  ")
        return 1
    print(f"exact: {verdict.states} states")
    return 0


if __name__ == "__main__":
    sys.exit(main())
