"""Runs random programs over prometheus_client, with or without Weir, and tells what a scrape shows.

    prometheus_random_runner.py stock|weir < programs > results        one JSON value a line each

A program is {"directory": D, "generations": [OPERATIONS...]}; each generation is a process that starts when the one
before has ended. Its last operation is a scrape. Every process lives until it is told to end: then it is marked dead,
as supervisors do. The result is a list, one item a scrape or a get: pids stand there as p0, p1, ... in order of birth.
"""
import json
import os
import sys
import traceback

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
MODES = ("all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum", "mostrecent", "livemostrecent")
# name: (class, label names, more); made in each process tree when an operation first names it.
METRICS = {
    "c0": ("Counter", [], {}), "c1_total": ("Counter", ["a"], {}), "c2": ("Counter", ["b", "a"], {"unit": "seconds"}),
    "s0": ("Summary", [], {}), "s1": ("Summary", ["a"], {}),
    "h0": ("Histogram", [], {"buckets": [0.5, 2, 1e6]}), "h1": ("Histogram", ["a"], {"buckets": ["0", "0.25", "inf"]}),
    "i0": ("Info", [], {}), "e0": ("Enum", [], {"states": ["on", "off"]}),
    **{f"g0_{mode}": ("Gauge", [], {"multiprocess_mode": mode}) for mode in MODES},
    **{f"g1_{mode}": ("Gauge", ["a"], {"multiprocess_mode": mode}) for mode in MODES},
}
HELP = 'Help of {}: "quoted" \\ back\nline ü 🐍'


class Tree:
    """One generation: a process and those it forks."""

    def __init__(self, pids):
        self.pids = pids          # of every process so far, in order of birth
        self.metrics = {}
        self.children = []        # [(pid, the pipe's end that ends it when closed)], alive

    def metric(self, name, labels):
        import prometheus_client
        if name not in self.metrics:
            kind, label_names, more = METRICS[name]
            self.metrics[name] = getattr(prometheus_client, kind)(name, HELP.format(name), label_names, **more)
        return self.metrics[name].labels(*labels) if labels else self.metrics[name]

    def run(self, operations):
        """What the operations say, in order."""
        said = []
        for verb, *arguments in operations:
            said += getattr(self, verb)(*arguments) or []
        return said

    def call(self, name, labels, verb, *arguments):
        getattr(self.metric(name, labels), verb)(*arguments)

    def remove(self, name, labels):
        if self.metric(name, labels) is not None:
            self.metrics[name].remove(*labels)

    def get(self, name, labels):
        metric = self.metric(name, labels)
        return [[name, labels, (metric._value if hasattr(metric, "_value") else metric._sum).get()]]

    def fork(self, operations):
        """The child's answers come through a pipe; it and its children live until the other pipe closes."""
        answers, answer = os.pipe()
        ending, end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(end)
            for _, other in self.children:
                os.close(other)
            self.children = []
            self.pids = [*self.pids, os.getpid()]
            with os.fdopen(answer, "w") as out:
                try:
                    said = self.run(operations)
                except BaseException:
                    said = [traceback.format_exc()]
                out.write(json.dumps([self.pids, said]) + "\n")
            os.read(ending, 1)
            self.end_all()
            os._exit(0)
        os.close(answer), os.close(ending)
        with os.fdopen(answers) as incoming:
            self.pids, said = json.loads(incoming.readline())  # not to the end: its children hold the pipe, too
        self.children.append((child, end))
        return said

    def end(self, index):
        """Ends a child and marks it dead."""
        from prometheus_client.multiprocess import mark_process_dead
        if not self.children:
            return
        child, end = self.children.pop(index % len(self.children))
        os.close(end)
        assert os.waitpid(child, 0)[1] == 0
        mark_process_dead(child)

    def end_all(self):
        while self.children:
            self.end(0)

    def scrape(self):
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess
        from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
        registry = CollectorRegistry()
        collector = multiprocess.MultiProcessCollector(registry)
        collected = [[m.name, m.type, m.documentation, [[s.name, s.labels, s.value] for s in m.samples]]
                     for m in collector.collect()]
        return [{"text": generate_latest(registry).decode(), "openmetrics": openmetrics(registry).decode(),
                 "collected": collected, "pids": [str(pid) for pid in self.pids]}]


def in_child(work):
    """What `work()` gives, computed in a forked child."""
    incoming, outgoing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(outgoing, "w") as out:
            try:
                json.dump(work(), out)
            except BaseException:
                out.write(traceback.format_exc())
                out.flush()
                os._exit(1)
        os._exit(0)
    os.close(outgoing)
    with os.fdopen(incoming) as answers:
        text = answers.read()
    assert os.waitpid(child, 0)[1] == 0, text
    return child, json.loads(text)


def run(program):
    from prometheus_client.multiprocess import mark_process_dead
    os.environ[DIRECTORY] = program["directory"]
    pids, said = [], []
    for operations in program["generations"]:
        def generation():
            tree = Tree([*pids, os.getpid()])
            answers = tree.run(operations)
            tree.end_all()
            return [tree.pids, answers]
        root, (pids, answers) = in_child(generation)
        mark_process_dead(root)
        said += answers
    return said


def main():
    os.environ[DIRECTORY] = "/nonexistent"  # prometheus_client chooses its value class by this name when it is imported
    import prometheus_client.multiprocess  # noqa: F401
    if sys.argv[1] == "weir":
        import weir.prometheus
        weir.prometheus.install()
    for line in sys.stdin:
        try:
            result = run(json.loads(line))
        except Exception:
            result = {"error": traceback.format_exc()}
        print(json.dumps(result), flush=True)


main()
