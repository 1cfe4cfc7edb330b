"""What `weir show --url` and `weir top --url` say of an exporter they cannot read: the next step, each by a real server."""
import re

import pytest

from secure_server import CHEAP, SecureServer, certificates, tls_section


@pytest.fixture
def secure(tmp_path, directory):
    servers = []

    def start(identity, more="", **settings):
        web = tmp_path / "web"
        web.mkdir()
        servers.append(SecureServer(web, directory, tls_section(identity, **settings) + more))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def fault(weir, tmp_path):
    """What is said of a URL."""

    def ask(url, command="show", **variables):
        result = weir(command, "--url", url, env={"HOME": str(tmp_path), "no_proxy": "*", "SSL_CERT_FILE": "", **variables})
        assert result.returncode == 1, result.stderr
        return result.stderr

    return ask


@pytest.mark.parametrize("command", ["show", "top"])
def test_a_password_is_written_where_it_is_read_from(secure, fault, weir, tmp_path, command):
    known = certificates()
    url = f"https://localhost:{secure(known.server, f'basic_auth_users: {{prom: {CHEAP}}}').port}/metrics"
    said = fault(url, command, SSL_CERT_FILE=str(known.authority))
    assert "answered 401, not 200; it asks for a user and a password" in said
    (tmp_path / ".netrc").write_text("machine localhost login prom password wrong\n")
    assert "or correct what stands there" in fault(url, command, SSL_CERT_FILE=str(known.authority))
    line = said.split("`")[1].replace("USER", "prom").replace("PASSWORD", "secret")
    (tmp_path / ".netrc").write_text(line + "\n")
    shown = weir(command, "--url", url, env={"HOME": str(tmp_path), "no_proxy": "*", "SSL_CERT_FILE": str(known.authority)})
    assert (shown.returncode, shown.stderr) == (0, "")


def test_each_fault_of_a_certificate_has_its_own_next_step(secure, fault):
    known = certificates()
    server = secure(known.server)
    url = f"https://localhost:{server.port}/metrics"
    assert "set SSL_CERT_FILE to a PEM file with the authority" in fault(url)
    wrong = fault(url, SSL_CERT_FILE=str(known.other_authority))
    assert f'set SSL_CERT_FILE (it is "{known.other_authority}")' in wrong
    assert 'SSL_CERT_FILE is "/nonexistent"; it must be a readable file' in fault(url, SSL_CERT_FILE="/nonexistent")


@pytest.mark.parametrize("identity, said", [("wrong_host", "write a name into the URL"), ("expired", "have its certificate renewed")])
def test_a_certificate_of_another_name_and_one_that_ended(secure, fault, identity, said):
    server = secure(getattr(certificates(), identity))
    assert said in fault(f"https://localhost:{server.port}/metrics", SSL_CERT_FILE=str(certificates().authority))


def test_a_client_certificate_cannot_be_shown(secure, fault):
    known = certificates()
    server = secure(known.server, client_auth_type="RequireAndVerifyClientCert", client_ca_file=known.authority)
    said = fault(f"https://localhost:{server.port}/metrics", SSL_CERT_FILE=str(known.authority))
    assert "asks clients for a certificate, and weir has none" in said and "--dir" in said


def test_the_other_scheme_is_told(secure, serve, fault, directory):
    assert "it speaks TLS there: write https://" in fault(f"http://localhost:{secure(certificates().server).port}/metrics")
    plain = serve(directory)
    said = fault(f"https://localhost:{plain.port}/metrics")
    assert re.search("without TLS there[:,] write http://", said), said
    assert "answered 404, not 200; write the path of its metrics" in fault(f"http://localhost:{plain.port}/absent")
    page = fault(f"http://localhost:{plain.port}/")
    assert "answered a web page, not metrics; write the path of its metrics, mostly /metrics" in page
    assert "cannot read number" not in page, "no line of HTML is taken for a sample"
