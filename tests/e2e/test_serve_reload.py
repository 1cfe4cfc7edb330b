"""What the web configuration says changes under `weir serve`: in force at once, or the old one stays and everybody is told."""
import re
import ssl
import threading

import pytest

from secure_server import SecureServer, certificates, tls_section, wait_until


@pytest.fixture
def own(tmp_path, directory):
    """A server over copies of a certificate and its key, to be replaced."""
    known = certificates()
    certificate, key = tmp_path / "own.crt", tmp_path / "own.key"
    certificate.write_bytes(known.server.certificate.read_bytes())
    key.write_bytes(known.server.key.read_bytes())
    server = SecureServer(tmp_path, directory, "tls_server_config: {cert_file: own.crt, key_file: own.key}\n")
    yield server, certificate, key
    server.close()


def serial(server):
    with server.tls(check_hostname=False) as connection:
        return connection.getpeercert()["serialNumber"]


def replace(path, source):
    """As deployments do: a new file takes the old one's name."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(source.read_bytes())
    fresh.rename(path)


def backend(server):
    return server.curl("/backend", "--insecure").body


def test_a_certificate_is_rotated_under_load(own):
    server, certificate, key = own
    before = serial(server)
    stop, failures, done = threading.Event(), [], []

    def scrape():
        while not stop.is_set():
            try:
                with server.tls(check_hostname=False) as connection:
                    connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
                    text = b"".join(iter(lambda: connection.recv(65536), b""))
                assert text.startswith(b"HTTP/1.1 200") and text.endswith(b"temperature 21.5\n")
                done.append(1)
            except (OSError, AssertionError) as error:
                failures.append(error)

    scrapers = [threading.Thread(target=scrape) for _ in range(3)]
    for thread in scrapers:
        thread.start()
    # The certificate first: for a moment it does not fit the key, and the old pair serves.
    replace(certificate, certificates().wrong_host.certificate)
    server.wait_for(rb"is not the key of the certificate")
    replace(key, certificates().wrong_host.key)
    wait_until(lambda: serial(server) != before, "the new certificate is shown")
    count = len(done)
    wait_until(lambda: len(done) > count + 3 or failures, "scrapes go on")
    stop.set()
    for thread in scrapers:
        thread.join(timeout=20)
    assert failures == []


def test_a_fault_is_told_and_what_was_in_force_stays(own):
    server, certificate, _ = own
    good = server.config.read_text()
    server.config.write_text(good + "basic_auth_user: {}\n")
    server.reload()
    server.wait_for(rb"web\.yml\", line 2: the file has the unknown key \"basic_auth_user\".*stays in force")
    shown = backend(server)
    assert re.search(r'weir_web_config_fault_info\{fault="web config file .*unknown key .*"\} 1\n', shown)
    assert "weir_web_config_last_reload_successful 0\n" in shown
    assert 'weir_web_config_reloads_total{result="failed"} 1\n' in shown
    certificate.unlink()
    server.reload()
    server.wait_for(rb"unknown key[^\n]*\n[^\n]*unknown key")
    assert server.curl("/metrics").status == 200  # from memory

    replace(certificate, certificates().server.certificate)
    server.config.write_text(good)
    server.reload()
    wait_until(lambda: "weir_web_config_last_reload_successful 1\n" in backend(server), "the good configuration is in force")
    assert "weir_web_config_fault_info" not in backend(server)


def test_tls_cannot_be_taken_out_while_it_runs(own):
    server, _, _ = own
    server.config.write_text("{}\n")
    server.reload()
    server.wait_for(rb"tls_server_config was taken out; that takes a restart")
    assert server.curl("/metrics").status == 200


def test_connections_that_stand_are_served_on(own):
    server, certificate, key = own
    context = ssl.create_default_context(cafile=certificates().authority)
    with context.wrap_socket(server.connect(), server_hostname="localhost") as standing:
        replace(key, certificates().client.key)
        replace(certificate, certificates().client.certificate)
        wait_until(lambda: server.curl("/healthz").exit_code == 60, "the new name, no longer localhost, is shown")
        standing.sendall(b"GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        assert b"".join(iter(lambda: standing.recv(4096), b"")).endswith(b"ok\n")
