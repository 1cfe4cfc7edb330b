"""TLS of `weir serve`: who gets in with real curl and real certificates, and who does not."""
import re
import ssl
import subprocess
import xml.etree.ElementTree

import pytest

from conftest import CLEAN, Server
from secure_server import SecureServer, certificates, tls_section

REFUSED_BY_CLIENT = 60  # curl: the peer's certificate cannot be authenticated


@pytest.fixture
def secure(tmp_path, directory):
    servers = []

    def start(config, *arguments, env=None):
        folder = tmp_path / f"web{len(servers)}"
        folder.mkdir()
        servers.append(SecureServer(folder, directory, config, *arguments, env=env))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_the_right_authority_and_name_get_metrics(secure):
    server = secure(tls_section(certificates().server))
    answer = server.curl("/metrics")
    assert (answer.exit_code, answer.status) == (0, 200)
    assert 'requests_total{code="200"} 7\n' in answer.body
    assert server.curl("/metrics", authority=certificates().other_authority).exit_code == REFUSED_BY_CLIENT
    assert server.curl("/metrics", host="elsewhere.example.org").exit_code == REFUSED_BY_CLIENT


@pytest.mark.parametrize("wrong", ["expired", "wrong_host", "stranger"])
def test_clients_refuse_a_certificate_that_is(secure, wrong):
    server = secure(tls_section(getattr(certificates(), wrong)))
    assert server.curl("/metrics").exit_code == REFUSED_BY_CLIENT
    assert (b"certificate has ended" in server.log) == (wrong == "expired")


def test_tls_before_1_2_is_refused_by_the_server(secure):
    server = secure(tls_section(certificates().server))
    # curl itself is told to allow it: the alert is the server's.
    for version in ("1.0", "1.1"):
        answer = server.curl("/metrics", f"--tlsv{version}", "--tls-max", version, "--ciphers", "DEFAULT@SECLEVEL=0")
        assert answer.exit_code == 35 and "alert protocol version" in answer.errors
    assert server.rejected("tls_version_or_cipher") == 2
    for version in ("1.2", "1.3"):
        assert server.curl("/metrics", f"--tlsv{version}", "--tls-max", version).status == 200


def test_plain_http_on_a_tls_port_is_told_so(secure):
    server = secure(tls_section(certificates().server))
    result = subprocess.run(["curl", "-s", f"http://127.0.0.1:{server.port}/metrics"], capture_output=True, text=True, timeout=20)
    assert "HTTP request to an HTTPS server" in result.stdout


# client_auth_type: what a client without a certificate, with one of the right authority and of another one gets.
MODES = {"NoClientCert": (True, True, True), "RequestClientCert": (True, True, True),
         "RequireAnyClientCert": (False, True, True), "VerifyClientCertIfGiven": (True, True, False),
         "RequireAndVerifyClientCert": (False, True, False)}


@pytest.mark.parametrize("mode", MODES)
def test_client_certificates(secure, mode):
    known = certificates()
    verifies = {"client_ca_file": known.authority} if "Verify" in mode else {}
    server = secure(tls_section(known.server, client_auth_type=mode, **verifies))
    # `stranger` is signed by an authority that the server does not know.
    got_in = tuple(server.curl("/healthz", client=client, authority=known.authority).body == "ok\n"
                   for client in (None, known.client, known.stranger))
    assert got_in == MODES[mode]
    if mode == "RequireAndVerifyClientCert":
        assert server.rejected("tls_client_certificate", client=known.client) == 2
        expired = server.curl("/healthz", client=known.expired)
        assert expired.exit_code != 0 and "ok" not in expired.body


@pytest.mark.parametrize("names, gets_in", [("[client.example.org, 10.0.0.7]", True), ("[example.org]", False)])
def test_only_allowed_names_get_in(secure, names, gets_in):
    known = certificates()
    server = secure(tls_section(known.server, client_auth_type="RequireAndVerifyClientCert", client_ca_file=known.authority,
                                client_allowed_sans=names))
    assert (server.curl("/healthz", client=known.client).body == "ok\n") == gets_in


def test_versions_ciphers_and_curves_are_those_of_the_file(secure):
    known = certificates()
    newest = secure(tls_section(known.server, min_version="TLS13", cipher_suites="[TLS_CHACHA20_POLY1305_SHA256]"))
    assert newest.curl("/healthz", "--tls-max", "1.2").exit_code == 35
    with newest.tls() as connection:
        assert connection.cipher()[0] == "TLS_CHACHA20_POLY1305_SHA256"
    older = secure(tls_section(known.server, max_version="TLS12", curve_preferences="[CurveP384]",
                               cipher_suites="[TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "
                                             "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"))
    with older.tls() as connection:
        assert connection.version() == "TLSv1.2"
        assert connection.cipher()[0] == "ECDHE-ECDSA-CHACHA20-POLY1305"
    shown = subprocess.run(["openssl", "s_client", "-brief", "-connect", f"127.0.0.1:{older.port}"], input="", text=True,
                           capture_output=True, timeout=20, env=CLEAN)
    assert "secp384r1" in shown.stderr
    assert older.curl("/healthz", "--curves", "X25519").exit_code == 35


def test_nothing_is_resumed_that_was_refused_since(secure):
    """No session tickets and no session cache: each connection shows its certificate anew."""
    server = secure(tls_section(certificates().server))
    context = ssl.create_default_context(cafile=certificates().authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with context.wrap_socket(server.connect(), server_hostname="localhost") as first:
        session = first.session
    with context.wrap_socket(server.connect(), server_hostname="localhost", session=session) as second:
        assert not second.session_reused


def test_headers_of_the_file_stand_in_every_answer(secure):
    server = secure(tls_section(certificates().server) +
                    "http_server_config: {headers: {Strict-Transport-Security: max-age=60, X-Frame-Options: deny, "
                    "X-Content-Type-Options: nosniff, Content-Security-Policy: default-src https}}\n")
    for target in ("/metrics", "/healthz", "/nowhere", "/"):
        head = server.curl(target, "--head").body
        assert "Strict-Transport-Security: max-age=60\r\n" in head.replace("\n", "\r\n").replace("\r\r", "\r")
        assert "X-Frame-Options: deny" in head
        assert head.count("X-Content-Type-Options") == 1
        policies = re.findall(r"Content-Security-Policy: (.*)", head)
        assert len(policies) == 1 and (policies[0].strip() == "default-src https") == (target != "/")


def test_a_scanner_finds_nothing(secure):
    """sslscan, of the distribution; what testssl.sh says stands in docs/security.md."""
    server = secure(tls_section(certificates().server))
    report = subprocess.run(["sslscan", "--no-colour", "--xml=-", f"127.0.0.1:{server.port}"], capture_output=True, text=True,
                            timeout=60, check=True).stdout
    scan = xml.etree.ElementTree.fromstring(report[report.index("<?xml"):]).find("ssltest")
    assert {one.get("type") + one.get("version") for one in scan.iter("protocol") if one.get("enabled") == "1"} == {"tls1.2", "tls1.3"}
    ciphers = {one.get("cipher") for one in scan.iter("cipher")}
    assert len(ciphers) == 6 and all("GCM" in cipher or "CHACHA20" in cipher for cipher in ciphers)
    assert all(cipher.startswith(("ECDHE-", "TLS_")) for cipher in ciphers)
    assert scan.find("renegotiation").get("supported") == "0"
    assert [one for one in scan.iter("heartbleed") if one.get("vulnerable") != "0"] == []


@pytest.mark.parametrize("extra, without, with_one", [
    ({}, True, True), ({"PROMETHEUS_SSL_CLIENT_CAFILE": "authority"}, True, True),
    ({"PROMETHEUS_SSL_CLIENT_CAFILE": "authority", "PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED": "true"}, False, True)])
def test_variables_make_tls(tmp_path, directory, extra, without, with_one):
    known = certificates()
    variables = {"PROMETHEUS_SSL_CERTFILE": str(known.server.certificate), "PROMETHEUS_SSL_KEYFILE": str(known.server.key),
                 **{name: str(known.authority) if value == "authority" else value for name, value in extra.items()}}
    server = Server("--dir", directory, "--listen", "127.0.0.1:0", env=variables)
    try:
        assert b" https://127.0.0.1" in server.log
        for client, gets_in in ((None, without), (known.client, with_one)):
            assert (SecureServer.curl(server, "/healthz", client=client).body == "ok\n") == gets_in
    finally:
        server.close()


def test_authorities_in_a_directory_by_hash(tmp_path, directory):
    known = certificates()
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "one.pem").write_bytes(known.authority.read_bytes())
    subprocess.run(["openssl", "rehash", folder], check=True, timeout=20)
    server = Server("--dir", directory, "--listen", "127.0.0.1:0", env={
        "PROMETHEUS_SSL_CERTFILE": str(known.server.certificate), "PROMETHEUS_SSL_KEYFILE": str(known.server.key),
        "PROMETHEUS_SSL_CLIENT_CAPATH": str(folder), "PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED": "1"})
    try:
        assert SecureServer.curl(server, "/healthz", client=known.client).body == "ok\n"
        assert SecureServer.curl(server, "/healthz", client=known.stranger).body == ""
    finally:
        server.close()


@pytest.mark.parametrize("config, said", [
    ("tls_server_config:\n  cert_file: gone.crt\n  key_file: gone.key\n", r'cert_file ".*/gone.crt" cannot be read: No such file'),
    (lambda known: tls_section(known.server, key_file=known.client.key), r"is not the key of the certificate"),
    (lambda known: tls_section(known.server, cert_file=known.server.key), r"holds no certificate in PEM"),
    (lambda known: tls_section(known.server, min_version="TLS11"), r'line 1: .*min_version is "TLS11"; it must be TLS12'),
    ("basic_auth_users: {prom: secret}\n", r"line 1: basic_auth_users.prom is no bcrypt hash"),
    ("tls_server: {}\n", r'unknown key "tls_server"; there are tls_server_config, http_server_config, basic_auth_users'),
])
def test_what_cannot_be_used_ends_the_start(weir, tmp_path, directory, config, said):
    (tmp_path / "web.yml").write_text(config if isinstance(config, str) else config(certificates()))
    result = weir("serve", "--dir", directory, "--listen", "127.0.0.1:0", "--web.config.file", tmp_path / "web.yml")
    assert result.returncode == 2
    assert re.search(said, result.stderr) and "PRIVATE KEY" not in result.stderr, result.stderr


@pytest.mark.parametrize("variables, said", [
    ({"PROMETHEUS_SSL_CERTFILE": "/c"}, "PROMETHEUS_SSL_KEYFILE is not set"),
    ({"PROMETHEUS_SSL_CERTFILE": "/c", "PROMETHEUS_SSL_KEYFILE": "/k", "PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED": "1"},
     "without PROMETHEUS_SSL_CLIENT_CAFILE"),
    ({"PROMETHEUS_SSL_CERTFILE": "/c", "PROMETHEUS_SSL_KEYFILE": "/k", "PROMETHEUS_SSL_CLIENT_CAPATH": "/none",
      "PROMETHEUS_SSL_CLIENT_AUTH_REQUIRED": "1"}, 'PROMETHEUS_SSL_CLIENT_CAPATH="/none": it is no directory'),
    ({"PROMETHEUS_SSL_CERTFILE": "/none", "PROMETHEUS_SSL_KEYFILE": "/none"}, 'PROMETHEUS_SSL_CERTFILE "/none" cannot be read'),
])
def test_variables_that_cannot_be_used_are_named(weir, directory, variables, said):
    result = weir("serve", "--dir", directory, "--listen", "127.0.0.1:0", env=variables)
    assert result.returncode == 2 and said in result.stderr


def test_the_toolkit_takes_the_same_files(tmp_path):
    """promtool reads the web configuration by the toolkit itself: what weir takes, it takes.
    (client_allowed_sans is younger than Debian's promtool.)"""
    known = certificates()
    (tmp_path / "web.yml").write_text(
        tls_section(known.server, client_auth_type="RequireAndVerifyClientCert", client_ca_file=known.authority,
                    min_version="TLS12", max_version="TLS13",
                    cipher_suites="[TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]", curve_preferences="[CurveP256, X25519]",
                    prefer_server_cipher_suites="true") +
        "http_server_config: {http2: true, headers: {X-Frame-Options: deny}}\n"
        "basic_auth_users: {prom: $2y$10$weirtestsaltweirtests.WEPGcVjqKBnaOM.PdRFwM2WVzbKeFCq}\n")
    result = subprocess.run(["promtool", "check", "web-config", tmp_path / "web.yml"], capture_output=True, text=True, timeout=20)
    assert result.returncode == 0, result.stdout + result.stderr
