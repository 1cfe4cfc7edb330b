"""Passwords of `weir serve`: who gets in, and what guessing costs those who do not guess."""
import re
import threading

import pytest

from secure_server import CHEAP, CHEAP_OTHER, USUAL, SecureServer, certificates, tls_section, wait_until

PROM = ("--user", "prom:secret")


@pytest.fixture
def guarded(tmp_path, directory):
    servers = []

    def start(users, *arguments, more=""):
        folder = tmp_path / f"web{len(servers)}"
        folder.mkdir()
        listed = ", ".join(f"{name}: {value}" for name, value in users.items())
        config = tls_section(certificates().server) + f"basic_auth_users: {{{listed}}}\n" + more
        servers.append(SecureServer(folder, directory, config, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def computed(server, user=PROM):
    return int(re.search(r"weir_http_password_checks_total (\d+)", server.curl("/backend", *user).body).group(1))


def test_right_passwords_get_in_and_others_do_not(guarded):
    server = guarded({"prom": CHEAP, "ada": CHEAP_OTHER})
    for user in ("prom:secret", "ada:other"):
        assert server.curl("/metrics", "--user", user).status == 200
    for user in ("prom:Secret", "prom:other", "prom:", "nobody:secret", "nobody:", ":", ":secret", "prom:secret2", "prom" + "x" * 500 + ":y"):
        answer = server.curl("/metrics", "--user", user)
        assert answer.status == 401 and "requests_total" not in answer.body
    for header in ("Authorization: Basic", "Authorization: Basic !!!!", "Authorization: Bearer c2VjcmV0", "X: y"):
        answer = server.curl("/metrics", "--header", header, "--include")
        assert answer.status == 401
        assert 'WWW-Authenticate: Basic realm="weir"' in answer.body
    assert server.rejected("password", *PROM) == 13


def test_every_path_asks_for_the_password(guarded):
    server = guarded({"prom": CHEAP})
    for target in ("/", "/metrics", "/backend", "/healthz", "/readyz", "/api/v1/series", "/nowhere"):
        assert server.curl(target).status == 401, target


def test_health_may_do_without(guarded):
    server = guarded({"prom": CHEAP}, "--health-without-password")
    assert server.curl("/healthz").status == 200
    assert server.curl("/readyz").status == 200
    assert server.curl("/metrics").status == 401
    assert server.curl("/backend").status == 401


def test_each_answer_is_computed_once_whether_the_user_is_there_or_not(guarded):
    server = guarded({"prom": CHEAP})
    for _ in range(3):
        for user in ("prom:secret", "prom:wrong", "nobody:wrong"):
            server.curl("/metrics", "--user", user)
    assert computed(server) == 3


def test_guessing_does_not_keep_scrapers_out(guarded):
    """Twelve clients guess without pause, each guess 50 ms of bcrypt: who was let in once is answered at once, and they
    wait for themselves, nine of an address at most."""
    server = guarded({"prom": USUAL})
    assert server.curl("/metrics", *PROM).status == 200
    stop = threading.Event()
    seen = set()

    def guess(number):
        for attempt in range(200):
            if stop.is_set():
                return
            seen.add(server.curl("/metrics", "--user", f"prom:{number}-{attempt}").status)

    guessers = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in guessers:
        thread.start()
    try:
        answers = [server.curl("/metrics", *PROM).status for _ in range(5)]
        wait_until(lambda: {401, 503} <= seen, "guesses are refused, and too many of them turned away")
    finally:
        stop.set()
        for thread in guessers:
            thread.join(timeout=30)
    assert answers == [200] * 5
    assert seen == {401, 503}
    assert server.rejected("password_checks", *PROM) > 0


def test_changed_users_are_in_force_without_a_restart(guarded):
    server = guarded({"prom": CHEAP})
    assert server.curl("/metrics", *PROM).status == 200
    server.config.write_text(tls_section(certificates().server) + f"basic_auth_users: {{ada: {CHEAP}}}\n")
    server.reload()
    server.wait_for(rb"read again and is in force")
    assert server.curl("/metrics", *PROM).status == 401
    assert server.curl("/metrics", "--user", "ada:secret").status == 200


def test_a_file_that_sets_nothing_is_served_with_a_warning(serve, directory):
    config = directory / "web.yml"
    config.write_text("# basic_auth_users: {prom: …}\n")
    server = serve(directory, "--web.config.file", config)
    server.wait_for(rb"weir: warning: web config file \".*web.yml\" sets nothing: everything is served without TLS and")
    config.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    assert b"sets nothing" not in serve(directory, "--web.config.file", config).log


def test_a_file_cut_off_before_its_users_opens_no_door(guarded):
    server = guarded({"prom": CHEAP})
    server.config.write_text(tls_section(certificates().server))
    server.reload()
    server.wait_for(rb"basic_auth_users was taken out; that takes a restart")
    assert server.curl("/metrics").status == 401


def test_no_secret_reaches_the_log(guarded):
    server = guarded({"prom": CHEAP})
    server.curl("/metrics", "--user", "prom:a-guess")
    server.config.write_text("basic_auth_users: {prom: in-plain-text}\n")
    server.reload()
    server.wait_for(rb"basic_auth_users.prom is no bcrypt hash")
    assert server.stop() == 0
    server.log += server.process.stderr.read()
    for secret in (b"a-guess", b"in-plain-text", CHEAP[7:].encode()):
        assert secret not in server.log
