# shellcheck shell=bash
# ./run soak: a long churn of processes; what happens at random instants, given more instants.
source scripts/setup.sh

soak_usage() {
  cat <<'TXT'
usage: ./run soak [--minutes N] [--writers N]

Runs the churn of short-lived processes once with N writers (100000), into files and into Redis, every scrape checked; then
the fault and end-to-end tests in their long form again and again until N minutes (60) are over. Ends at the first that fails.

What the past cost at each thousand writers (scrape times, files, keys, bytes) stands afterwards, and meanwhile, in
build/soak/churn-files.txt and build/soak/churn-redis.txt. In 2026 the churn took 3 and 20 minutes on 2 processors.
TXT
}

soak_main() {
  local minutes=60 writers=100000 round=0 end
  while [ $# -gt 0 ]; do
    case $1 in
      --minutes)
        number_argument soak --minutes "${2:-}"
        minutes=$2
        shift
        ;;
      --writers)
        number_argument soak --writers "${2:-}"
        writers=$2
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
  export WEIR_TEST_FULL=1 WEIR_BUILD_DIR=$WEIR_ROOT/build/release PYTHONDONTWRITEBYTECODE=1
  soak_churn "$writers" files churn_test.py
  soak_churn "$writers" redis redis_churn_test.py
  while [ $SECONDS -lt $end ]; do
    round=$((round + 1))
    say "round $round, $(((end - SECONDS) / 60)) minutes left"
    build/venv/bin/python -m pytest -q -x -p no:cacheprovider --ignore-glob='*churn_test.py' tests/faults tests/e2e
  done
  say "$round rounds, all passed"
}

# soak_churn WRITERS PLACE TEST: the churn, and the first and last lines of what it recorded.
soak_churn() {
  local report=build/soak/churn-$2.txt
  say "$1 short-lived writers into $2, recorded in $report"
  rm -f "$report"
  WEIR_CHURN_WRITERS=$1 WEIR_CHURN_REPORTS=build/soak \
    build/venv/bin/python -m pytest -q -x -p no:cacheprovider "tests/faults/$3"
  head -n 2 "$report"
  tail -n 1 "$report"
}
