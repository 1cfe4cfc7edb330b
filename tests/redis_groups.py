"""Redis servers that belong together: a master with replicas and Sentinels, a Cluster. See redis_servers.py.

    with SentinelSetup() as setup:             # 1 master, 2 replicas, 3 sentinels
        setup.master().kill(), setup.wait_for_master(other_than=old)
    with Cluster(masters=3, replicas=1) as cluster:
        cluster.kill_master(0), cluster.migrate_slots(range(100), source=1, target=2)
"""
import contextlib

from redis_servers import Process, RedisServer, free_port, wait_until

SLOTS = 16384


class _Sentinel(Process):
    program = "redis-sentinel"

    def __init__(self, master, quorum):
        super().__init__([f"sentinel monitor {SentinelSetup.NAME} 127.0.0.1 {master.port} {quorum}",
                          f"sentinel down-after-milliseconds {SentinelSetup.NAME} 500",
                          f"sentinel failover-timeout {SentinelSetup.NAME} 3000"])

    def master_state(self):
        """SENTINEL MASTER's answer."""
        words = self.cli("SENTINEL", "MASTER", SentinelSetup.NAME).splitlines()
        return dict(zip(words[::2], words[1::2]))


class SentinelSetup(contextlib.ExitStack):
    """A master, its replicas, and Sentinels that call it `mymaster`."""

    NAME = "mymaster"

    def __init__(self, replicas=2, sentinels=3, lines=()):
        super().__init__()
        self._replicas, self._sentinels, self._lines = replicas, sentinels, lines
        self.servers, self.sentinels = [], []

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(RedisServer(*self._lines))
            self.servers = [first] + [stack.enter_context(RedisServer(*self._lines,
                                                                      f"replicaof 127.0.0.1 {first.port}"))
                                      for _ in range(self._replicas)]
            wait_until(lambda: first.cli("INFO", "replication").count("state=online") == self._replicas,
                       "replicas follow")
            self.sentinels = [stack.enter_context(_Sentinel(first, self._sentinels // 2 + 1))
                              for _ in range(self._sentinels)]
            wait_until(self._know_each_other, "sentinels know each other")
            self.push(stack.pop_all())
        return self

    def _know_each_other(self):
        states = [sentinel.master_state() for sentinel in self.sentinels]
        return all(int(state["num-slaves"]) == self._replicas
                   and int(state["num-other-sentinels"]) == self._sentinels - 1
                   for state in states)

    @property
    def url(self):
        return f"redis+sentinel://{','.join(f'127.0.0.1:{sentinel.port}' for sentinel in self.sentinels)}/{self.NAME}/0"

    def environment(self, **more):
        return {"REDIS_ENABLED": "true", "PROMETHEUS_REDIS_URL": self.url, **more}

    def master(self):
        """The server all running sentinels call the master; nothing while they differ."""
        ports = {sentinel.master_state()["port"] for sentinel in self.sentinels if sentinel.is_running()}
        return next((s for s in self.servers if {str(s.port)} == ports), None)

    def replicas(self):
        return [server for server in self.servers if server is not self.master()]

    def wait_for_master(self, other_than=None, seconds=60):
        """The master, once it says itself that it is one."""
        def found():
            server = self.master()
            good = server is not None and server is not other_than and server.is_running()
            return server if good and "role:master" in server.cli("INFO", "replication") else None
        return wait_until(found, "a master", seconds)

    def failover(self):
        """Makes a replica the master while the old one lives; gives the new one."""
        old = self.wait_for_master()
        # A Sentinel may refuse (no replica seems good just now) or be undone by one that has not heard: asked again.
        for _ in range(5):
            self.sentinels[0].cli("SENTINEL", "FAILOVER", self.NAME, check=False)
            with contextlib.suppress(AssertionError):
                return self.wait_for_master(other_than=old, seconds=10)
        return self.wait_for_master(other_than=old)


class _ClusterNode(RedisServer):
    def __init__(self, *lines):
        super().__init__("cluster-enabled yes", "cluster-node-timeout 1000", "cluster-replica-validity-factor 0",
                         *lines)

    def port_lines(self):
        self.bus_port = free_port()
        return [*super().port_lines(), f"cluster-port {self.bus_port}"]

    @property
    def identity(self):
        return self.cli("CLUSTER", "MYID")

    def state(self):
        return dict(line.strip().split(":", 1) for line in self.cli("CLUSTER", "INFO").splitlines())


class Cluster(contextlib.ExitStack):
    """`masters` masters with equal shares of the slots, each with `replicas` replicas. `lines` are of redis.conf."""

    def __init__(self, masters=3, replicas=0, lines=()):
        super().__init__()
        self._sizes, self._lines = (masters, replicas), lines
        self.nodes = []

    def __enter__(self):
        masters, replicas = self._sizes
        with contextlib.ExitStack() as stack:
            self.nodes = [stack.enter_context(_ClusterNode(*self._lines)) for _ in range(masters * (1 + replicas))]
            for i, node in enumerate(self.nodes):
                node.cli("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
                if i < masters:
                    node.cli("CLUSTER", "ADDSLOTSRANGE", SLOTS * i // masters, SLOTS * (i + 1) // masters - 1)
            for node in self.nodes:
                for other in self.nodes:
                    node.cli("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus_port)
            wait_until(lambda: all(n.state()["cluster_known_nodes"] == str(len(self.nodes)) for n in self.nodes),
                       "nodes met")
            for i, node in enumerate(self.nodes[masters:]):
                master = self.nodes[i % masters].identity
                wait_until(lambda: node.cli("CLUSTER", "REPLICATE", master, check=False) == "OK", "a replica")
                wait_until(lambda: node.info("master_link_status") == "up", "the replica has its master's data")
            self.wait_until_ok()
            self.push(stack.pop_all())
        return self

    @property
    def url(self):
        return f"redis+cluster://{','.join(f'127.0.0.1:{node.port}' for node in self.nodes)}"

    def environment(self, **more):
        return {"REDIS_ENABLED": "true", "PROMETHEUS_REDIS_URL": self.url, **more}

    def wait_until_ok(self, seconds=60):
        """Until every node that runs says that all slots are served, and by nodes that run: after a failover, too."""
        def good():
            running = [node for node in self.nodes if node.is_running()]
            served = sum(slots for node, slots in self._serving() if node in running)
            return served == SLOTS and all(node.state()["cluster_state"] == "ok" for node in running)
        wait_until(good, "all slots served", seconds)

    def _serving(self):
        """(master, how many slots it serves), in the order of the slots, by what the first running node says."""
        told = next(node for node in self.nodes if node.is_running()).cli("CLUSTER", "NODES").splitlines()
        found = []
        for row in (line.split() for line in told):
            ranges = [[int(slot) for slot in part.split("-")] for part in row[8:] if not part.startswith("[")]
            if "master" in row[2] and ranges:
                port = int(row[1].split("@")[0].rsplit(":", 1)[1])
                node = next(node for node in self.nodes if node.port == port)
                found.append((ranges[0][0], node, sum(r[-1] - r[0] + 1 for r in ranges)))
        return [(node, slots) for _, node, slots in sorted(found, key=lambda entry: entry[0])]

    def masters(self):
        """The running masters that serve slots, in the order of their slots."""
        return [node for node, _ in self._serving() if node.is_running()]

    def kill_master(self, i):
        """Kills the i-th node made, a master until a failover; gives the node."""
        self.nodes[i].kill()
        return self.nodes[i]

    def keys(self, pattern="*"):
        return sorted(key for node in self.masters() for key in node.keys(pattern))

    def cli(self, *arguments):
        """One command, sent to the node that serves its key."""
        return self.masters()[0].cli("-c", *arguments)

    @contextlib.contextmanager
    def migrating(self, slots, source, target):
        """Slots on their way from nodes[source] to nodes[target]: their keys are there already, the source answers
        ASK."""
        slots, sender, receiver = list(slots), self.nodes[source], self.nodes[target]
        to, by = receiver.identity, sender.identity
        receiver.cli_many(["CLUSTER", "SETSLOT", slot, "IMPORTING", by] for slot in slots)
        sender.cli_many(["CLUSTER", "SETSLOT", slot, "MIGRATING", to] for slot in slots)
        self._move_keys(slots, sender, receiver)
        yield
        self._move_keys(slots, sender, receiver)
        receiver.cli_many(["CLUSTER", "SETSLOT", slot, "NODE", to] for slot in slots)
        # The others hear it from the receiver. Told by SETSLOT before they hear it, a node of Redis 7.0 (mended in 7.2)
        # takes a packet from before for the receiver giving the slot up; when the slot is its own again, the next
        # packet from before takes it away, and its keys are deleted.
        wait_until(lambda: all(self._gives(node, receiver, slots) for node in self.masters()), "all know who has them")
        sender.cli_many(["CLUSTER", "SETSLOT", slot, "STABLE"] for slot in slots)

    @staticmethod
    def _gives(node, owner, slots):
        """Whether a node knows the owner of slots as such."""
        line = next(line for line in node.cli("CLUSTER", "NODES").splitlines() if line.startswith(owner.identity))
        ranges = [[int(slot) for slot in part.split("-")] for part in line.split()[8:] if not part.startswith("[")]
        return all(any(r[0] <= slot <= r[-1] for r in ranges) for slot in slots)

    @staticmethod
    def _move_keys(slots, sender, receiver):
        found = sender.cli_many(["CLUSTER", "GETKEYSINSLOT", slot, 100000] for slot in slots)
        sender.cli_many(["MIGRATE", "127.0.0.1", receiver.port, "", 0, 5000, "KEYS", *keys] for keys in found if keys)

    def migrate_slots(self, slots, source, target):
        """Brings slots from nodes[source] to nodes[target] while both serve."""
        with self.migrating(slots, source, target):
            pass
