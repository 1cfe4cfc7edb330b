"""Where `weir serve` listens, and what it tells systemd."""
import os
import re
import signal
import socket
import stat
import subprocess

import pytest

from conftest import CLEAN, WEIR, Server
from secure_server import SecureServer, certificates, tls_section


class PathServer(Server):
    """Listens at a path; what it logs is kept."""

    def __init__(self, *arguments, env=None, log=rb"serving .*\n"):
        self.process = subprocess.Popen([WEIR, "serve", *map(str, arguments)], stderr=subprocess.PIPE, env={**CLEAN, **(env or {})})
        self.log = b""
        self.wait_for(log)


@pytest.fixture
def started():
    servers = []
    yield servers
    for server in servers:
        server.close()


def curl(path, *arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "20", "--unix-socket", path, *map(str, arguments)],
                          capture_output=True, text=True, timeout=30).stdout


def test_a_unix_socket_is_for_its_owner_and_group(started, directory, tmp_path):
    path = tmp_path / "weir.sock"
    started.append(PathServer("--dir", directory, "--listen", f"unix:{path}"))
    assert f"on unix:{path}".encode() in started[0].log
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert 'requests_total{code="200"} 7\n' in curl(path, "http://weir/metrics")
    assert started[0].stop() == 0
    assert not path.exists()


def test_a_unix_socket_speaks_tls_too(started, directory, tmp_path):
    path = tmp_path / "weir.sock"
    (tmp_path / "web.yml").write_text(tls_section(certificates().server))
    started.append(PathServer("--dir", directory, "--listen", f"unix:{path}", "--web.config.file", tmp_path / "web.yml"))
    assert "temperature 21.5\n" in curl(path, "--cacert", certificates().authority, "https://localhost/metrics")


def test_a_path_left_by_a_killed_process_is_replaced_and_a_used_one_is_not(started, directory, tmp_path, weir):
    path = tmp_path / "weir.sock"
    started.append(PathServer("--dir", directory, "--listen", f"unix:{path}"))
    started[0].stop(signal.SIGKILL)
    assert path.exists()
    started.append(PathServer("--dir", directory, "--listen", f"unix:{path}"))
    result = weir("serve", "--dir", directory, "--listen", f"unix:{path}")
    assert result.returncode == 1 and "another process listens there" in result.stderr
    assert curl(path, "http://weir/healthz") == "ok\n"
    (tmp_path / "file").write_text("precious")
    result = weir("serve", "--dir", directory, "--listen", f"unix:{tmp_path / 'file'}")
    assert result.returncode == 1 and "no socket" in result.stderr
    assert (tmp_path / "file").read_text() == "precious"


def test_a_path_taken_over_is_left_to_who_has_it(started, directory, tmp_path):
    """As when one starts while the other ends: the one that ends refuses connections, and its file is replaced."""
    path = tmp_path / "weir.sock"
    started.append(PathServer("--dir", directory, "--listen", f"unix:{path}"))
    path.unlink()
    started.append(PathServer("--dir", directory, "--listen", f"unix:{path}"))
    assert started[0].stop() == 0
    assert curl(path, "http://weir/healthz") == "ok\n"
    assert started[1].stop() == 0
    assert not path.exists()


@pytest.mark.parametrize("listen, said", [("unix:relative", "the path must begin with /"), ("unix:", "must begin with /"),
                                          ("unix:/" + "x" * 200, "may have 107"),
                                          ("unix:/nonexistent/s", "make the socket's directory first"),
                                          ("fd:1000", "no listening stream socket"), ("fd:x", "not a whole number")])
def test_places_that_are_none_are_named(weir, directory, listen, said):
    result = weir("serve", "--dir", directory, "--listen", listen)
    assert result.returncode in (1, 2) and said in result.stderr and listen[:5] in result.stderr


def handed_over(listener, *arguments, count="1", env=None):
    """`weir serve` as systemd starts it: the socket is descriptor 3, and the variables say so."""
    script = f'exec 3<&{listener.fileno()}; export LISTEN_PID=$$ LISTEN_FDS={count}; exec "$@"'
    return subprocess.Popen(["bash", "-c", script, "bash", WEIR, "serve", *map(str, arguments)], stderr=subprocess.PIPE,
                            pass_fds=[listener.fileno()], env={**CLEAN, **(env or {})})


class ActivatedServer(Server):
    def __init__(self, listener, *arguments, env=None):
        self.process = handed_over(listener, *arguments, env=env)
        self.log = b""
        self.port = int(self.wait_for(rb"on https?://\S*:(\d+)/metrics").group(1))


def test_systemds_socket_is_taken(started, directory, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started.append(ActivatedServer(listener, "--dir", directory))
        assert started[0].port == listener.getsockname()[1]
        assert f"on http://127.0.0.1:{started[0].port}/metrics".encode() in started[0].log, "where systemd bound it"
        assert 'requests_total{code="200"} 7\n' in started[0].text("/metrics")
        assert started[0].stop() == 0
        # The socket outlives the service: who connects meanwhile is served by the next one.
        with socket.create_connection(listener.getsockname(), timeout=20) as early:
            early.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            (tmp_path / "web.yml").write_text(tls_section(certificates().server))
            started.append(ActivatedServer(listener, "--dir", directory))
            assert early.recv(4096).startswith(b"HTTP/1.1 200")
            assert started[1].stop() == 0
        started.append(ActivatedServer(listener, "--dir", directory, "--web.config.file", tmp_path / "web.yml"))
        assert SecureServer.curl(started[2], "/healthz").body == "ok\n"


def test_one_socket_is_taken_and_a_flag_wins(started, directory):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        two = handed_over(listener, "--dir", directory, count="2")
        _, said = two.communicate(timeout=20)
        assert two.returncode == 2 and b"systemd hands over 2 sockets" in said
        started.append(ActivatedServer(listener, "--dir", directory, "--listen", "127.0.0.1:0"))
        assert started[0].port != listener.getsockname()[1]


def test_systemd_hears_when_it_is_ready_and_when_it_ends(started, directory, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(20)
        started.append(Server("--dir", directory, "--listen", "127.0.0.1:0", env={"NOTIFY_SOCKET": str(tmp_path / "notify")}))
        assert ear.recv(100) == b"READY=1"
        assert started[0].text("/healthz") == "ok\n"
        assert started[0].stop() == 0
        assert ear.recv(100) == b"STOPPING=1"


def test_a_credential_of_systemd_is_the_web_configuration(started, directory, tmp_path):
    known = certificates()
    for name, source in (("server.crt", known.server.certificate), ("server.key", known.server.key)):
        (tmp_path / name).write_bytes(source.read_bytes())
    (tmp_path / "web-config.yml").write_text("tls_server_config: {cert_file: server.crt, key_file: server.key}\n")
    started.append(Server("--dir", directory, "--listen", "127.0.0.1:0", env={"CREDENTIALS_DIRECTORY": str(tmp_path)}))
    assert SecureServer.curl(started[0], "/healthz").body == "ok\n"


def test_it_listens_on_loopback_unless_told_otherwise(directory, weir):
    with socket.create_server(("127.0.0.1", 9091), reuse_port=False) if port_is_free(9091) else open(os.devnull):
        result = weir("serve", "--dir", directory)  # taken: it ends, and says where it would have listened
    assert result.returncode == 1
    assert re.search(r"cannot listen on 127\.0\.0\.1:9091", result.stderr)


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
