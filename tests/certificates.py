"""Certificates for tests, made once a session by the openssl program: `certificates().server`, `.client`, `.expired`,
…"""
import atexit
import dataclasses
import functools
import pathlib
import shutil
import subprocess
import tempfile

LOOPBACK = "DNS:localhost,IP:127.0.0.1,IP:::1"


@dataclasses.dataclass(frozen=True)
class Identity:
    """PEM files: a certificate, its key, and the authority that those who talk to it should trust."""
    certificate: pathlib.Path
    key: pathlib.Path
    authority: pathlib.Path


class Certificates:
    """One authority and what it signed; `stranger` is signed by another one."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.authority = self._authority("authority")
        self.server = self._issue("server", LOOPBACK)
        self.client = self._issue("client", "DNS:client.example.org")
        self.expired = self._issue("expired", LOOPBACK, days=-1)
        self.wrong_host = self._issue("wrong-host", "DNS:elsewhere.example.org")
        self.other_authority = self._authority("other-authority")
        self.stranger = self._issue("stranger", LOOPBACK, "other-authority")

    def _path(self, name):
        return self.directory / name

    def _authority(self, name):
        _openssl("req", "-x509", "-days", "2", "-subj", f"/CN=Weir test {name}", "-addext",
                 "keyUsage=critical,keyCertSign,cRLSign", *self._new_key(name), "-out", self._path(f"{name}.crt"))
        return self._path(f"{name}.crt")

    def _issue(self, name, hosts, authority="authority", days=2):
        request = self._path(f"{name}.csr")
        _openssl("req", "-subj", f"/CN={name}", "-addext", f"subjectAltName={hosts}", *self._new_key(name), "-out",
                 request)
        _openssl("x509", "-req", "-in", request, "-copy_extensions", "copy", "-CA", self._path(f"{authority}.crt"),
                 "-CAkey", self._path(f"{authority}.key"), "-CAcreateserial", "-days", str(days), "-out",
                 self._path(f"{name}.crt"))
        return Identity(self._path(f"{name}.crt"), self._path(f"{name}.key"), self._path(f"{authority}.crt"))

    def _new_key(self, name):
        key = self._path(f"{name}.key")
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key


def _openssl(*arguments):
    result = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, f"openssl {arguments[0]}: {result.stderr}"


@functools.cache
def certificates():
    """The session's; their directory goes with the process."""
    directory = tempfile.mkdtemp(prefix="weir-certificates-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return Certificates(directory)
