"""`weir serve` with TLS and passwords, and curl as its client."""
import dataclasses
import pathlib
import re
import signal
import ssl
import subprocess
import sys

from conftest import CLEAN, Server

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from certificates import certificates  # noqa: E402,F401
from waiting import wait_until  # noqa: E402,F401

# bcrypt of "secret" at cost 4, which is computed in a millisecond, of "other", and of "secret" at cost 10.
CHEAP = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
CHEAP_OTHER = "$2b$04$zyxwvutsrqponmlkjihgfeoEG75ieRiMxivbt62jo80oWmRUDHZ.e"
USUAL = "$2y$10$weirtestsaltweirtests.WEPGcVjqKBnaOM.PdRFwM2WVzbKeFCq"


def tls_section(identity, **settings):
    """tls_server_config of an identity of certificates.py, in YAML's flow style."""
    pairs = {"cert_file": identity.certificate, "key_file": identity.key, **settings}
    return "tls_server_config: {" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}\n"


@dataclasses.dataclass
class Answer:
    exit_code: int  # curl's
    status: int
    body: str
    errors: str


class SecureServer(Server):
    """Serves `directory` by the web configuration `config`, a text."""

    def __init__(self, folder, directory, config, *arguments, env=None):
        self.config = folder / "web.yml"
        self.config.write_text(config)
        super().__init__("--dir", directory, "--listen", "127.0.0.1:0", "--web.config.file", self.config, *arguments,
                         env=env)

    def curl(self, target, *arguments, authority=None, host="localhost", client=None):
        authority = authority or certificates().authority
        shown = ["--cert", client.certificate, "--key", client.key] if client else []
        result = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "20", "--noproxy", "*", "--cacert", authority,
             "--resolve", f"{host}:{self.port}:127.0.0.1", "--write-out", "\n%{http_code}",
             *map(str, (*shown, *arguments)), f"https://{host}:{self.port}{target}"], capture_output=True, text=True,
             timeout=30, env=CLEAN)
        body, _, status = result.stdout.rpartition("\n")
        return Answer(result.returncode, int(status), body, result.stderr)

    def tls(self, **settings):
        """A connection by Python's ssl: its context's attributes as given."""
        context = ssl.create_default_context(cafile=certificates().authority)
        for name, value in settings.items():
            setattr(context, name, value)
        return context.wrap_socket(self.connect(), server_hostname="localhost")

    def rejected(self, reason, *arguments, **how):
        """How often /backend says that something was turned away for `reason`."""
        backend = self.curl("/backend", *arguments, **how).body
        found = re.search(r'weir_http_rejected_total\{reason="%s"\} (\d+)' % reason, backend)
        return int(found.group(1)) if found else 0

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
