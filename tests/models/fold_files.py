#!/usr/bin/env python3
"""An exhaustive model of folding files while others fold and scrape (protocol P6).

    tests/models/fold_files.py                       exact, and how many states that took
    tests/models/fold_files.py --without names       VIOLATION, and the shortest steps that lead to it

What it models: two files, each worth 1, whose writers may be found dead one after the other or at once; two folders
that may be killed at any step; a reader that lists the directory entry by entry, opens what it met, and reads. Every
interleaving is visited. An open file stays what it was when it was opened: dead writers' files never change, and an
archive is replaced, never written to.

What it checks: whatever a scrape shows is 2, and when no folder works the directory holds 2.
What it leaves out: kinds (each has its own archive), live writers (they are no sources), damage. Each of RULES can be
taken away, and then some interleaving shows another number.
"""
import argparse
import collections
import sys
import typing

RULES = {
    "lock": "one folder at a time",
    "commit first": "sources are unlinked after the archive that holds them is in place",
    "names": "an archive names the files it holds, and readers leave those out",
    "leftovers": "a folder removes, and does not fold again, what the archive names",
    "archives first": "a reader opens the archive before the sources",
    "by name": "a reader opens the archive by its name, whether or not the listing has it",
    "again": "a reader whose file has gone before it was opened starts over",
}
SOURCES = ("a", "b")
WORTH = len(SOURCES)
FOLDS = 3  # at most, killed ones included


class Archive(typing.NamedTuple):
    worth: int
    names: frozenset


class Folder(typing.NamedTuple):
    step: str = "idle"
    seen: tuple = ()       # the archive it read, the sources it folds, the leftovers it removes
    to_unlink: tuple = ()


class Reader(typing.NamedTuple):
    step: str = "list"
    order: tuple = ()      # entries it has yet to meet or to open
    met: frozenset = frozenset()
    opened: tuple = ()     # sources
    archive: typing.Optional[Archive] = None


class World(typing.NamedTuple):
    files: frozenset
    archive: typing.Optional[Archive]
    locked: bool
    folds: int
    folders: tuple
    reader: Reader


START = World(frozenset(SOURCES), None, False, 0, (Folder(), Folder()), Reader(order=("a", "b")))


def total(world, rules):
    worth = world.archive.worth if world.archive else 0
    named = world.archive.names if world.archive and "names" in rules else frozenset()
    return worth + len(world.files - named)


def _folder(world, i, **changes):
    folders = list(world.folders)
    folders[i] = folders[i]._replace(**changes)
    return tuple(folders)


def fold_steps(world, i, rules):
    """(what happens, the world afterwards) of one folder."""
    folder = world.folders[i]
    if folder.step == "idle":
        if world.folds < FOLDS and not (world.locked and "lock" in rules):
            yield "locks", world._replace(locked=True, folds=world.folds + 1, folders=_folder(world, i, step="look"))
        return
    dead = world._replace(locked=False, folders=_folder(world, i, step="idle", seen=(), to_unlink=()))
    yield "is killed", dead
    if folder.step == "look":
        named = world.archive.names if world.archive and "leftovers" in rules else frozenset()
        leftovers = tuple(sorted(world.files & named))
        there = sorted(world.files - named)
        for sources in [there, *([name] for name in there if len(there) > 1)]:
            unlink = leftovers + (() if "commit first" in rules else tuple(sources))
            yield f"finds {' and '.join(sources) or 'nobody'} dead", world._replace(
                folders=_folder(world, i, step="tidy", seen=(world.archive, tuple(sources)), to_unlink=unlink))
    elif folder.step in ("tidy", "clean") and folder.to_unlink:
        name, *rest = folder.to_unlink
        yield f"unlinks {name}", world._replace(files=world.files - {name},
                                                folders=_folder(world, i, to_unlink=tuple(rest)))
    elif folder.step == "tidy":
        archive, sources = folder.seen
        if sources:
            new = Archive((archive.worth if archive else 0) + len(sources),
                          frozenset(sources) if "names" in rules else frozenset())
            yield "commits", world._replace(archive=new,
                                            folders=_folder(world, i, step="clean", to_unlink=tuple(sorted(sources))))
        else:
            yield "has nothing to do", dead
    elif folder.step == "clean":
        yield "is done", dead


def read_steps(world, rules):
    """(what happens, the world afterwards, what is shown or None)."""
    reader = world.reader
    again = Reader(order=reader.order)

    def then(**changes):
        return world._replace(reader=reader._replace(**changes))

    if reader.step == "list":
        for name in [*SOURCES, "archive"]:  # a directory gives its entries in any order, each as it is at that moment
            if ("looked", name) not in reader.opened:
                there = name in world.files or (name == "archive" and world.archive)
                looked = reader.opened + (("looked", name),)
                met = reader.met | {name} if there else reader.met
                if len(looked) == len(SOURCES) + 1:
                    step = "archive" if "archives first" in rules else "sources"
                    yield f"lists {name}", then(step=step, met=met, opened=(),
                                                order=tuple(sorted(met - {"archive"}))), None
                else:
                    yield f"lists {name}", then(met=met, opened=looked), None
    elif reader.step == "archive":
        archive = world.archive if "by name" in rules or "archive" in reader.met else None
        step = "sources" if "archives first" in rules else "show"
        yield "opens the archive", then(step=step, archive=archive), None
    elif reader.step == "sources" and reader.order:
        name, *rest = reader.order
        if name in world.files:
            yield f"opens {name}", then(order=tuple(rest), opened=reader.opened + (name,)), None
        elif "again" in rules:
            yield f"misses {name}, starts over", world._replace(reader=again._replace(order=())), None
        else:
            yield f"misses {name}", then(order=tuple(rest)), None
    elif reader.step == "sources":
        yield "has opened all", then(step="show" if "archives first" in rules else "archive"), None
    elif reader.step == "show":
        named = reader.archive.names if reader.archive and "names" in rules else frozenset()
        shown = (reader.archive.worth if reader.archive else 0) + len(set(reader.opened) - named)
        yield f"shows {shown}", world._replace(reader=Reader(order=())), shown


class Verdict(typing.NamedTuple):
    states: int
    steps: tuple  # to the first violation; empty: none


def explore(rules=frozenset(RULES)):
    """Every state, breadth first: the shortest way to a violation comes first."""
    came_from = {START: None}
    queue = collections.deque([START])
    while queue:
        world = queue.popleft()
        moves = [(f"folder {i} {what}", after, None) for i in range(2) for what, after in fold_steps(world, i, rules)]
        moves += [(f"the reader {what}", after, shown) for what, after, shown in read_steps(world, rules)]
        for what, after, shown in moves:
            wrong = shown is not None and shown != WORTH
            wrong = wrong or (all(folder.step == "idle" for folder in after.folders) and total(after, rules) != WORTH)
            if after not in came_from or wrong:
                came_from.setdefault(after, (world, what))
                queue.append(after)
            if wrong:
                steps, at = [what], world
                while came_from[at] is not None:
                    at, said = came_from[at]
                    steps.append(said)
                return Verdict(len(came_from), tuple(reversed(steps)))
    return Verdict(len(came_from), ())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", choices=sorted(RULES), action="append", default=[], metavar="RULE",
                        help=", ".join(RULES))
    verdict = explore(frozenset(RULES) - set(parser.parse_args().without))
    if not verdict.steps:
        print(f"exact: {verdict.states} states")
        return 0
    print("VIOLATION", *verdict.steps, sep="\n  ")
    return 1


if __name__ == "__main__":
    sys.exit(main())
