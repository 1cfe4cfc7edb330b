# shellcheck shell=bash
# ./run setup: Debian packages and, for tests and benches, a Python environment with pinned peers.
source scripts/common.sh

# packages_of PURPOSE: what it needs beyond an empty Debian 12.
packages_of() {
  case $1 in
    build) echo g++ cmake ninja-build ccache pkg-config libsimdjson-dev libfmt-dev libcli11-dev libdeflate-dev \
      zlib1g-dev libmicrohttpd-dev libsqlite3-dev libssl-dev libyaml-cpp-dev libcrypt-dev libncurses-dev \
      libcurl4-openssl-dev python3-dev pybind11-dev ;;
    demo) echo python3 python3-prometheus-client prometheus ;;
    test | soak) echo libgtest-dev libgmock-dev python3 python3-venv python3-pytest python3-pytest-xdist python3-hypothesis \
      python3-prometheus-client prometheus chromium curl strace util-linux redis-server redis-sentinel redis-tools openssl sslscan faketime \
      python3-gunicorn python3-eventlet python3-flask python3-django python3-fastapi uvicorn uwsgi-core \
      uwsgi-plugin-python3 python3-celery python3-yaml mypy mkdocs mkdocs-material man-db groff zsh fish ;;
    bench) echo libbenchmark-dev python3 python3-venv redis-server redis-tools wrk ;;
    lint) echo clang-16 clang-tidy-16 clang-format-16 libclang-rt-16-dev libbenchmark-dev libgtest-dev libgmock-dev \
      python3 python3-yaml shellcheck ;;
    fuzz) echo clang-16 libclang-rt-16-dev ;;
    docs) echo mkdocs mkdocs-material python3-gunicorn python3-prometheus-client python3-yaml ;;
    package) echo debhelper dh-python dpkg-dev fakeroot lintian mmdebstrap systemd ;;
    *) refuse setup "$1" ;;
  esac
}

setup_usage() {
  cat <<'TXT'
usage: ./run setup [PURPOSE]...

Installs the Debian packages that are missing (as root or by sudo), and for `test` and `bench` makes build/venv with
the pinned Python peers of tests/requirements.txt and bench/requirements.txt. Does nothing when nothing is missing.

PURPOSE is build, demo, test, bench, lint, fuzz, soak, docs or package; none means all but the last three.
TXT
}

setup_main() {
  [ $# -gt 0 ] || set -- build demo test bench lint fuzz
  setup_for "$@"
}

# setup_for PURPOSE...: packages of `build` and of each purpose, and the Python environment where one of them uses it.
setup_for() {
  local purpose packages wanted=()
  for purpose in build "$@"; do
    packages=$(packages_of "$purpose")
    # shellcheck disable=SC2206  # package names have no spaces
    wanted+=($packages)
  done
  mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | sort -u)
  install_missing "${wanted[@]}"
  for purpose in "$@"; do
    case $purpose in
      test | soak) install_peers tests/requirements.txt ;;
      bench) install_peers bench/requirements.txt ;;
    esac
  done
}

install_missing() {
  command -v dpkg-query >/dev/null || die "setup: no dpkg-query here; install by hand what Debian calls: $*"
  local installed missing=() package
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qx -- "$package installed" <<<"$installed" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "setup: installing ${missing[*]}"

  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "setup: neither root nor sudo; as root: apt-get install ${missing[*]}"
    root=(sudo)
  fi
  # A stale or missing list makes install fail with its own message; an unreachable third-party list need not.
  quiet "${root[@]}" apt-get -qq update || true
  install_without_daemons "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y --no-install-recommends install "${missing[@]}" || die "setup: apt-get could not install ${missing[*]}"
  case " ${missing[*]} " in
    *" prometheus "*) quiet "${root[@]}" systemctl disable prometheus.service || true ;;
  esac
}

# install_without_daemons [sudo] COMMAND...: Debian starts what it installs (prometheus here) unless policy-rc.d says
# no. Ours stands only while the command runs, and only where there is none.
install_without_daemons() {
  local policy=/usr/sbin/policy-rc.d root=() status=0
  [ "$1" != sudo ] || root=(sudo)
  if [ -e $policy ]; then
    quiet "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee $policy >/dev/null
  "${root[@]}" chmod 755 $policy
  # shellcheck disable=SC2064  # the words of now, not of then
  trap "${root[*]} rm -f $policy" EXIT
  quiet "$@" || status=$?
  "${root[@]}" rm -f $policy
  trap - EXIT
  return $status
}

# install_peers FILE: what FILE pins, in build/venv, above the distribution's own packages. The file's hash is left
# behind, so that an unchanged list asks no registry.
install_peers() {
  [ -e "$1" ] || return 0
  local mark
  mark=build/venv/.installed-$(sha256sum <"$1" | cut -c1-16)
  [ ! -e "$mark" ] || return 0
  say "setup: $1 into build/venv"
  [ -x build/venv/bin/python ] || quiet /usr/bin/python3 -m venv --system-site-packages build/venv
  quiet build/venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$1" ||
    die "setup: pip could not install $1"
  touch "$mark"
}
