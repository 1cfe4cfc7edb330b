# shellcheck shell=bash
# ./run bench: the workloads of bench/, peers beside us.
source scripts/setup.sh

bench_usage() {
  cat <<'TXT'
usage: ./run bench [OPTIONS OF bench/run.py]

Builds the benchmarks in build/bench and runs each workload with its floor and its peers, results compared before times.
TXT
}

bench_main() {
  setup_for build bench
  say "build"
  build_preset bench -DWEIR_BUILD_PYTHON=ON
  WEIR_BUILD_DIR=$WEIR_ROOT/build/bench exec build/venv/bin/python bench/run.py "$@"
}
