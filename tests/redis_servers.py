"""Real Redis servers for tests, on free loopback ports and in directories of their own, gone after their with
statement.

    with RedisServer("maxmemory 10mb", password="secret", appendonly=True) as redis:
        run([program("interop_writer")], directory, **redis.environment())
        assert redis.cli("HGET", key, "value") == "3"
        redis.kill(), redis.restart(keep_data=True), redis.pause(), redis.resume()

Sentinels and a Cluster stand in redis_groups.py, a proxy that spoils connections in fault_proxy.py.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.parse

from waiting import wait_until


def free_port():
    """A loopback port nobody has. Below the ports that outgoing connections take, so that a server can come back on
    it."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def _quoted(argument):
    """An argument as redis.conf and redis-cli's standard input read it."""
    return '"' + "".join(f"\\x{b:02x}" if b < 32 or b > 126 or b in b'"\\' else chr(b)
                         for b in str(argument).encode()) + '"'


class Process:
    """A server process with its directory, its redis.conf and its log. The file is written once: servers rewrite it."""

    program = "redis-server"

    def __init__(self, lines):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-redis-", dir="/dev/shm"))
        self.port = free_port()
        self.configuration = self.directory / "redis.conf"
        self.log = self.directory / "log"
        self._lines = [f'dir "{self.directory}"', f'logfile "{self.log}"', *lines]
        self.process = None

    pid = property(lambda self: self.process.pid)

    def __enter__(self):
        try:
            for attempt in range(5):
                self.configuration.write_text("\n".join([*self.port_lines(), *self._lines, ""]))
                if self.start():
                    return self
                self.port = free_port()  # somebody was faster
            raise AssertionError(f"{self.program} does not start:\n{self._output()}")
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def port_lines(self):
        return [f"port {self.port}", "bind 127.0.0.1"]

    def start(self):
        """Starts it; True once it answers, False when it ended instead."""
        # A session of its own, so that kill() also reaches the children that save or send the data. It dies with the
        # thread that starts it: tests that are killed leave nothing running.
        command = ["setpriv", "--pdeathsig", "KILL", self.program, str(self.configuration)]
        with open(self.directory / "output", "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            start_new_session=True)
        wait_until(lambda: self.process.poll() is not None or self.answers(), f"{self.program} answers")
        return self.process.poll() is None

    def answers(self):
        return self.cli("PING", check=False) == "PONG"

    def cli(self, *arguments, check=True, timeout=30):
        """What redis-cli prints for a command, without the last line end; an error reply fails, unless check=False."""
        command = ["redis-cli", *(["-e"] if check else []), *self.cli_options(), *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, timeout=timeout, env=self.cli_environment())
        said = (result.stdout + result.stderr).decode(errors="surrogateescape").removesuffix("\n")
        assert not check or result.returncode == 0, f"redis-cli {arguments}: {said}"
        return said

    def cli_many(self, commands, check=True, timeout=120):
        """Replies to many commands by one redis-cli, as JSON gives them; an error fails, or with check=False is left
        out."""
        script = "".join(" ".join(map(_quoted, command)) + "\n" for command in commands)
        result = subprocess.run(["redis-cli", "--json", *self.cli_options()], input=script.encode(),
                                capture_output=True, timeout=timeout, env=self.cli_environment())
        assert result.returncode == 0, f"redis-cli: {result.stderr.decode()}"
        replies = []
        for line in filter(None, result.stdout.decode().splitlines()):
            try:
                replies.append(json.loads(line))
            except json.JSONDecodeError:
                assert not check, f"redis-cli: {line}"
        return replies

    def cli_options(self):
        return ["-h", "127.0.0.1", "-p", str(self.port)]

    def cli_environment(self):
        return {name: value for name, value in os.environ.items() if name != "REDISCLI_AUTH"}

    def info(self, field):
        """One field of INFO."""
        return dict(line.split(":", 1) for line in self.cli("INFO", "everything").splitlines()
                    if ":" in line)[field].strip()

    def pause(self):
        """It answers no more, and its connections stay."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """SIGKILL, if it runs."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def _output(self):
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in (self.directory / "output", self.log)
                         if path.exists())


class RedisServer(Process):
    """One server. `lines` are further lines of redis.conf; `acl` is {user: rules}; `tls` an Identity
    (certificates.py)."""

    def __init__(self, *lines, tls=None, client_certificate=None, unix_socket=False, password=None, acl=None,
                 appendonly=False):
        super().__init__([])
        self.tls, self.client_certificate = tls, client_certificate
        self.unix_socket, self.password = unix_socket, password
        self.appendonly = appendonly
        self.socket_path = self.directory / "socket"
        self._lines += ['save ""', "repl-diskless-sync-delay 0", f"appendonly {'yes' if appendonly else 'no'}"]
        self._lines += [f"requirepass {_quoted(password)}"] if password else []
        self._lines += [f"user {user} {rules}" for user, rules in (acl or {}).items()]
        self._lines += lines

    def port_lines(self):
        if self.unix_socket:
            return ["port 0", f'unixsocket "{self.socket_path}"']
        if not self.tls:
            return super().port_lines()
        return ["port 0", f"tls-port {self.port}", "bind 127.0.0.1", f'tls-cert-file "{self.tls.certificate}"',
                f'tls-key-file "{self.tls.key}"', "tls-replication yes",
                f'tls-ca-cert-file "{(self.client_certificate or self.tls).authority}"',
                f"tls-auth-clients {'yes' if self.client_certificate else 'no'}"]

    @property
    def url(self):
        """Where it is, without its password."""
        return self._url("")

    @property
    def url_with_password(self):
        return self._url(f":{urllib.parse.quote(self.password, safe='')}@" if self.password else "")

    def _url(self, user):
        if self.unix_socket:
            return f"redis+unix://{user}{self.socket_path}"
        return f"redis{'s' if self.tls else ''}://{user}127.0.0.1:{self.port}/0"

    def environment(self, **more):
        """What makes a program count into this server."""
        files = {"REDIS_CA_FILE": str(self.tls.authority)} if self.tls else {}
        if self.client_certificate:
            files.update(REDIS_CERT_FILE=str(self.client_certificate.certificate),
                         REDIS_KEY_FILE=str(self.client_certificate.key))
        return {"REDIS_ENABLED": "true", "PROMETHEUS_REDIS_URL": self.url_with_password, **files, **more}

    def cli_options(self):
        if self.unix_socket:
            return ["-s", str(self.socket_path)]
        if not self.tls:
            return super().cli_options()
        own = self.client_certificate
        # --insecure: the wrong host and the expired certificate are for the tested program to refuse.
        return [*super().cli_options(), "--tls", "--insecure", "--cacert", str(self.tls.authority),
                *(["--cert", str(own.certificate), "--key", str(own.key)] if own else [])]

    def cli_environment(self):
        return {**super().cli_environment(), **({"REDISCLI_AUTH": self.password} if self.password else {})}

    def keys(self, pattern="*"):
        return sorted(self.cli("--scan", "--pattern", pattern).splitlines())

    def stop(self):
        """The orderly end, by SIGTERM."""
        if self.is_running():
            self.resume()
            self.process.terminate()
            self.process.wait(timeout=30)

    def restart(self, keep_data=True):
        """On the same port, after SIGTERM or whatever ended it. keep_data without appendonly saves first, if it still
        runs."""
        if keep_data and not self.appendonly and self.is_running():
            self.resume()
            self.cli("SAVE")
        self.stop()
        if not keep_data:
            (self.directory / "dump.rdb").unlink(missing_ok=True)
            shutil.rmtree(self.directory / "appendonlydir", ignore_errors=True)
        assert self.start(), f"it does not come back:\n{self._output()}"
