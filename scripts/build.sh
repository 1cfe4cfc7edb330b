# shellcheck shell=bash
# ./run build: the release.
source scripts/setup.sh

build_usage() {
  cat <<'TXT'
usage: ./run build

Builds the release with its examples and Python packages. Leaves build/bin/weir, build/python (importable by
/usr/bin/python3), and the build itself in build/release.
TXT
}

build_main() {
  [ $# -eq 0 ] || refuse build "$1"
  setup_for build
  say "building: some minutes the first time"
  build_release OFF
  say "build/bin/weir, build/python"
}
