# shellcheck shell=bash
# ./run soak: what happens at random instants, given more instants.
source scripts/setup.sh

soak_usage() {
  cat <<'TXT'
usage: ./run soak [--minutes N]

Runs the fault and end-to-end tests in their long form again and again until N minutes (60) are over or one fails.
TXT
}

soak_main() {
  local minutes=60 round=0 end
  while [ $# -gt 0 ]; do
    case $1 in
      --minutes)
        number_argument soak --minutes "${2:-}"
        minutes=$2
        shift
        ;;
      *) refuse soak "$1" ;;
    esac
    shift
  done
  setup_for build soak
  scratch
  build_release ON
  end=$((SECONDS + 60 * minutes))
  while [ $SECONDS -lt $end ]; do
    round=$((round + 1))
    say "round $round, $(((end - SECONDS) / 60)) minutes left"
    WEIR_TEST_FULL=1 WEIR_BUILD_DIR=$WEIR_ROOT/build/release PYTHONDONTWRITEBYTECODE=1 \
      build/venv/bin/python -m pytest -q -x -p no:cacheprovider tests/faults tests/e2e
  done
  say "$round rounds, all passed"
}
