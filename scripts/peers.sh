# shellcheck shell=bash
# ./run peers: the test suites of client_python and pytheus, over Weir.
source scripts/setup.sh

peers_usage() {
  cat <<'TXT'
usage: ./run peers DIR

Runs the test suites of client_python and pytheus without Weir and over Weir, in each storage, from checkouts in DIR (or
unpacked source distributions: `pip download --no-binary :all: prometheus_client pytheus`), and shows what passes. Fails
when a test passes without Weir and fails over it, unless docs/peers.md says why.
TXT
}

peers_main() {
  [ $# -ge 1 ] || die "peers: which directory holds the checkouts? ./run peers DIR"
  [ $# -eq 1 ] || refuse peers "$2"
  [ -d "$1" ] || die "peers: $1 is no directory; it must hold checkouts of client_python and pytheus"
  local checkouts
  checkouts=$(cd "$1" && pwd)
  setup_for build test
  scratch
  build_release OFF
  build/venv/bin/python scripts/peers.py "$checkouts" "$WEIR_ROOT/build/python"
}
