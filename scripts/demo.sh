# shellcheck shell=bash
# ./run demo: the main job on real programs.
source scripts/setup.sh

demo_usage() {
  cat <<'TXT'
usage: ./run demo [--stay] [OPTIONS OF examples/demo/demo.py]

C++ workers and stock Python workers count into one directory, some are killed and replaced, `weir serve` exposes the
sum and a real Prometheus scrapes it. Prints what was counted, scraped and stored; exits non-zero when they differ.

  --stay   keep serving afterwards, for a look
TXT
}

demo_main() {
  setup_for build demo
  build_release OFF
  WEIR_BUILD_DIR=$WEIR_ROOT/build/release exec /usr/bin/python3 examples/demo/demo.py "$@"
}
