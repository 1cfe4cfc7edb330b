#!/usr/bin/env python3
"""An exhaustive model of how one process's counter stays exact in Redis: claim, fence, fold, tombstone, walk.

    tests/models/redis_fence.py                     exact: 96384 states
    tests/models/redis_fence.py --without fence     VIOLATION, and the shortest steps that lead to it

What it models: one writer that counts and ships absolute values under its claim, requests whose reply is lost or that
arrive late, a folder, replication, and one failover to a replica that lacks the newest writes. Every interleaving of
these is visited. A pause of the writer is any row of steps without one of its own. A lease may run out at any moment,
so there is none here: the folder may fold any claimed identity at any moment, also again after a failover undid the
fold.

What it checks, in every state:
  settled    when all calms down (late requests arrive, the writer goes on until it is clean) the total is what was
             counted;
  never more the total never exceeds what was counted;
  no fall    no step but the failover lowers the total.
What it leaves out: time (the tombstone's 24 h, the reader's wait after a failover), several samples (a ship is one
script, so they move together), and foreign claims. The rules are those of src/redis_ship; each of RULES can be taken
away.
"""
import argparse
import collections
import sys
import typing

RULES = {
    "fence": "a ship is applied only under a claim, which a fold takes away",
    "sequence": "a ship is applied only if its sequence is newer than the last",
    "tombstone": "the fold leaves its value; the writer goes on from that, not from what was acknowledged",
    "walk": "after a failover the writer looks at all its identities again, not only at its present one",
    "reply": "a value is clean when it was acknowledged, not when it was sent",
}
INCREMENTS, IDENTITIES, IN_FLIGHT = 2, 3, 2


class Server(typing.NamedTuple):
    """What Redis holds: a tuple has an element an identity."""
    claimed: tuple
    values: tuple      # None: no key
    sequences: tuple
    tombs: tuple       # None: no tombstone
    retired: int       # what was folded

    def total(self):
        return self.retired + sum(value for value in self.values if value is not None)


class Writer(typing.NamedTuple):
    counted: int
    identity: int
    folded: tuple      # under each earlier identity
    owns: bool         # believes that its claim stands
    looks: bool        # wants to look at its identities: its claim was refused or is gone
    acknowledged: int  # the value Redis is known to hold, -1: unknown
    sequence: int
    epoch: int         # of the connection
    waits: tuple       # the request whose reply it waits for, or ()

    def value(self):
        return self.counted - sum(self.folded)


class World(typing.NamedTuple):
    server: Server
    replica: Server    # some earlier state of the server
    epoch: int         # failovers so far
    writer: Writer
    network: tuple     # requests that were sent and not executed: (verb, identity, value, sequence)


START = Server((False,) * IDENTITIES, (None,) * IDENTITIES, (0,) * IDENTITIES, (None,) * IDENTITIES, 0)


def _with(row, i, value):
    return row[:i] + (value,) + row[i + 1:]


def execute(server, request, rules):
    """The scripts: (the server afterwards, the first word of the reply)."""
    verb, i, value, sequence = request
    claimed, values, sequences, tombs, retired = server
    if verb == "claim":
        if tombs[i] is not None:
            return server, "TAKEN"
        return Server(_with(claimed, i, True), values, sequences, tombs, retired), "OWNED"
    if "fence" in rules and not claimed[i]:
        return server, "LOST"
    if "sequence" in rules and sequence <= sequences[i]:
        return server, "OLD"
    return Server(claimed, _with(values, i, value), _with(sequences, i, sequence), tombs, retired), "OK"


def fold(server, i):
    """The folder's script."""
    claimed, values, sequences, tombs, retired = server
    value = values[i] or 0
    return Server(_with(claimed, i, False), _with(values, i, None), _with(sequences, i, 0), _with(tombs, i, value),
                  retired + value)


def look(writer, server, epoch, rules):
    """The writer asks for its identities: the first without a tombstone is the one that counts. None: out of
    identities."""
    identity, folded, acknowledged = 0, (), writer.acknowledged
    if "walk" not in rules:
        identity, folded = writer.identity, writer.folded
    while identity < IDENTITIES and server.tombs[identity] is not None:
        if "tombstone" in rules:
            value = server.tombs[identity]
        else:
            value = writer.folded[identity] if identity < len(writer.folded) else max(acknowledged, 0)
        identity, folded = identity + 1, folded + (value,)
    if identity == IDENTITIES:
        return None
    return writer._replace(identity=identity, folded=folded, owns=server.claimed[identity], looks=False,
                           acknowledged=-1, epoch=epoch)


def want(writer):
    """The next request of a writer that waits for nothing: () when it is clean."""
    if not writer.owns:
        return ("claim", writer.identity, 0, 0)
    if writer.acknowledged == writer.value():
        return ()
    return ("ship", writer.identity, writer.value(), writer.sequence + 1)


def hear(writer, request, word):
    """The writer afterwards: its reply came."""
    writer = writer._replace(waits=())
    if word == "OWNED":
        return writer._replace(owns=True)
    if word == "OK":
        return writer._replace(acknowledged=request[2])
    return writer._replace(looks=True, owns=False)


def send(writer, request, rules):
    verb, _, value, sequence = request
    writer = writer._replace(waits=request)
    if verb == "ship":
        writer = writer._replace(sequence=sequence)
        if "reply" not in rules:
            writer = writer._replace(acknowledged=value)
    return writer


def give_up(writer, rules):
    """No reply came in time."""
    return writer._replace(waits=(), acknowledged=-1 if "reply" in rules else writer.acknowledged)


def writer_steps(world, rules, ships):
    server, _, epoch, writer, network = world
    if writer.counted < INCREMENTS:
        yield "inc", world._replace(writer=writer._replace(counted=writer.counted + 1))
    if writer.waits:
        yield "no reply in time", world._replace(writer=give_up(writer, rules))
    elif writer.looks or writer.epoch != epoch:
        found = look(writer, server, epoch, rules)
        if found is not None:
            yield "look", world._replace(writer=found)
    elif (request := want(writer)) and writer.sequence < ships and len(network) < IN_FLIGHT:
        yield f"send {request[0]}", world._replace(writer=send(writer, request, rules), network=network + (request,))


def network_steps(world, rules):
    server, _, _, writer, network = world
    for k, request in enumerate(network):
        rest = network[:k] + network[k + 1:]
        after, word = execute(server, request, rules)
        yield f"{request[0]}, {word} is lost", world._replace(server=after, network=rest)
        if writer.waits == request:
            yield f"{request[0]}, {word}", world._replace(server=after, network=rest,
                                                          writer=hear(writer, request, word))


def server_steps(world):
    server, replica, epoch, _, _ = world
    for i, claimed in enumerate(server.claimed):
        if claimed:
            yield f"fold {i}", world._replace(server=fold(server, i))
    if replica != server:
        yield "replicate", world._replace(replica=server)
    if not epoch:
        # What is on its way goes to a server that is no master any more.
        yield "failover", world._replace(server=replica, epoch=epoch + 1, network=())


def settle(world, rules):
    """The total when all has calmed down; None where the model's identities do not suffice."""
    server, _, epoch, writer, network = world
    for request in network:
        server, _ = execute(server, request, rules)
    if writer.waits:
        writer = give_up(writer, rules)
    while True:
        if writer.looks or writer.epoch != epoch:
            writer = look(writer, server, epoch, rules)
            if writer is None:
                return None
        request = want(writer)
        if not request:
            return server.total()
        server, word = execute(server, request, rules)
        writer = hear(send(writer, request, rules), request, word)


def faults(before, label, world, rules):
    """What is wrong with a state that was just reached."""
    total, counted = world.server.total(), world.writer.counted
    if total > counted:
        return f"the total is {total}, counted were {counted}"
    if before is not None and label != "failover" and total < before.server.total():
        return f"the total fell from {before.server.total()} to {total}"
    settled = settle(world, rules)
    if settled is not None and settled != counted:
        return f"the total settles at {settled}, counted were {counted}"
    return None


class Verdict(typing.NamedTuple):
    states: int
    violation: str  # empty: exact
    steps: list     # that lead to it


def explore(rules=frozenset(RULES), ships=3):
    """Visits every state in which the writer has sent `ships` ships at most, nearest first, until one is wrong."""
    first = World(START, START, 0, Writer(0, 0, (), False, False, -1, 0, 0, ()), ())
    came_from = {first: None}
    queue = collections.deque([first])
    while queue:
        world = queue.popleft()
        for steps in (writer_steps(world, rules, ships), network_steps(world, rules), server_steps(world)):
            for label, after in steps:
                if after in came_from:
                    continue
                came_from[after] = (world, label)
                if wrong := faults(world, label, after, rules):
                    return Verdict(len(came_from), wrong, _path(came_from, after))
                queue.append(after)
    return Verdict(len(came_from), "", [])


def _path(came_from, world):
    steps = []
    while came_from[world] is not None:
        world, label = came_from[world]
        steps.append(label)
    return steps[::-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--without", choices=RULES, help="take this rule away")
    parser.add_argument("--ships", type=int, default=3, help="how many ships the writer may send at most (%(default)s)")
    arguments = parser.parse_args()
    verdict = explore(frozenset(RULES) - {arguments.without}, arguments.ships)
    if verdict.violation:
        print(f"VIOLATION: {verdict.violation}\n  " + "\n  ".join(verdict.steps))
        sys.exit(1)
    print(f"exact: {verdict.states} states")


if __name__ == "__main__":
    main()
