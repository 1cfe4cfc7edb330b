# shellcheck shell=bash
# ./run test: every runner, one sum.
source scripts/setup.sh

test_usage() {
  cat <<'TXT'
usage: ./run test [--full] [--only STAGE]...

Builds the release and runs its unit tests, the tests that cross rooms (pytest), the goldens where they stand beside this tree, an install with programs
built against it, then unit tests under AddressSanitizer and UndefinedBehaviorSanitizer and, for what is concurrent, under
ThreadSanitizer. The last line sums all of them.

  --full         the long forms too, and the rooms of Redis and the Python module under the sanitizers
  --only STAGE   only this stage (repeatable): unit, scripts, conformance, interop, faults, e2e, python, golden,
                 consumer, asan-ubsan, python-asan, tsan, package
TXT
}

test_stages=(unit scripts conformance interop faults e2e python golden consumer asan-ubsan python-asan tsan package)
# The rooms whose unit tests run under AddressSanitizer, and of those what is concurrent under ThreadSanitizer. Those of
# Redis join with --full: they alone take longer to compile than a run of this may.
checked_rooms=(model format config storage instrument collect fold exposition web_config http)
concurrent_rooms=(storage instrument collect fold web_config http)
# Files and Redis keys written by real Python programs with what is true of them, where they stand beside this tree.
golden_check=../shared/golden/check.py
golden_redis_check=../shared/golden-redis/check.py
test_summary=()
test_passed=0
test_failed=0
test_skipped=0

test_main() {
  local only=() stage
  while [ $# -gt 0 ]; do
    case $1 in
      --full)
        export WEIR_TEST_FULL=1
        checked_rooms+=(redis redis_layout redis_ship redis_collect redis_fold redis_storage watch)
        concurrent_rooms+=(redis redis_ship redis_fold redis_storage watch)
        ;;
      --only)
        [[ " ${test_stages[*]} " == *" ${2:-} "* ]] || refuse test "--only ${2:-}"
        only+=("$2")
        shift
        ;;
      *) refuse test "$1" ;;
    esac
    shift
  done
  setup_for build test
  scratch
  export WEIR_BUILD_DIR=$WEIR_ROOT/build/release PYTHONDONTWRITEBYTECODE=1
  export UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=die_after_fork=0
  export HYPOTHESIS_STORAGE_DIRECTORY=$WEIR_SCRATCH/hypothesis

  local began=$SECONDS
  say "build"
  if ! build_release ON; then
    echo "the release does not build: nothing else was run"
    echo "0 passed, 1 failed"
    return 1
  fi
  test_summary+=("$(printf '%-12s %4d s' build $((SECONDS - began)))")

  for stage in "${test_stages[@]}"; do
    [ ${#only[@]} -eq 0 ] || [[ " ${only[*]} " == *" $stage "* ]] || continue
    stage_exists "$stage" || continue
    test_stage "$stage"
  done
  say "summary, $((SECONDS - began)) s"
  printf '%s\n' "${test_summary[@]}"
  local skipped=""
  [ "$test_skipped" -eq 0 ] || skipped=", $test_skipped skipped"
  echo "$test_passed passed, $test_failed failed$skipped"
  [ "$test_failed" -eq 0 ]
}

# stage_exists NAME: false where its folder has no tests; a folder that has some must run one at least. python-asan
# compiles for minutes, and so does package, which also downloads a Debian: they run with --full, or when named.
stage_exists() {
  case $1 in
    python-asan | package) [ "${WEIR_TEST_FULL:-}" = 1 ] || [[ " ${only[*]} " == *" $1 "* ]] ;;
    unit | asan-ubsan | tsan | scripts) true ;;
    golden) [ -e $golden_check ] || ! echo "== golden: left out, there is no $golden_check" ;;
    *) compgen -G "tests/$1/*_test.py" >/dev/null || compgen -G "tests/$1/test_*.py" >/dev/null ;;
  esac
}

# test_stage NAME: runs one stage and adds what its report says. A stage whose program failed, or that ran no test,
# counts one failure at least (scripts/tally.py).
test_stage() {
  local name=$1 began=$SECONDS status=0 counts passed failed skipped
  local report=$WEIR_SCRATCH/$name.xml
  say "$name"
  case $name in
    unit) test_ctest release "$report" "" || status=$? ;;
    golden) test_golden "$report" || status=$? ;;
    asan-ubsan) test_sanitizer asan-ubsan "$report" "${checked_rooms[@]}" || status=$? ;;
    python-asan) test_python_asan "$report" || status=$? ;;
    tsan) test_sanitizer tsan "$report" "${concurrent_rooms[@]}" || status=$? ;;
    package) test_package "$report" || status=$? ;;
    scripts) test_pytest scripts "$report" || status=$? ;;
    python) PYTHONPATH=$WEIR_ROOT/build/python test_pytest tests/python "$report" -n 4 || status=$? ;; # they wait for servers
    faults | e2e) test_pytest "tests/$name" "$report" -n 4 || status=$? ;; # they wait for failovers, time-outs and pages
    conformance | interop) test_pytest "tests/$name" "$report" -n 2 || status=$? ;; # they count and compare
    *) test_pytest "tests/$name" "$report" || status=$? ;;
  esac
  counts=$(/usr/bin/python3 scripts/tally.py "$report" "$status")
  read -r passed failed skipped <<<"$counts"
  test_passed=$((test_passed + passed))
  test_failed=$((test_failed + failed))
  test_skipped=$((test_skipped + skipped))
  test_summary+=("$(printf '%-12s %4d s  %5d passed %3d failed %3d skipped' "$name" $((SECONDS - began)) \
    "$passed" "$failed" "$skipped")")
}

# test_ctest PRESET REPORT LABELS [WRAPPER...]: tests whose label matches; all, when LABELS is empty.
test_ctest() {
  local preset=$1 report=$2 labels=$3
  shift 3
  "$@" ctest --preset "$preset" ${labels:+-L "$labels"} -j "$(($(nproc) + 1))" --output-junit "$report" >"$WEIR_SCRATCH/$preset.log" 2>&1 || {
    local status=$?
    grep -vE '^ *[0-9]+/[0-9]+ Test .* Passed|^ *Start +[0-9]+:' "$WEIR_SCRATCH/$preset.log" | tail -n 300
    return $status
  }
  tail -n 3 "$WEIR_SCRATCH/$preset.log"
}

# test_pytest FOLDER REPORT [ARGUMENT...]
test_pytest() {
  local folder=$1 report=$2
  shift 2
  build/venv/bin/python -m pytest -q -p no:cacheprovider --basetemp="$WEIR_SCRATCH/pytest" \
    --junitxml="$report" "$@" "$folder"
}

# test_package REPORT: the packages made of this tree, then what a clean Debian makes of them.
test_package() {
  bash ./run package && test_pytest tests/package "$1"
}

# test_golden REPORT
test_golden() {
  local status=0
  /usr/bin/python3 $golden_check -- build/bin/weir show --dir {} >"$WEIR_SCRATCH/golden.log" 2>&1 || status=$?
  if [ -e $golden_redis_check ]; then
    /usr/bin/python3 $golden_redis_check -- build/bin/weir show --redis {} >>"$WEIR_SCRATCH/golden.log" 2>&1 || status=$?
  fi
  cat "$WEIR_SCRATCH/golden.log"
  /usr/bin/python3 scripts/tally.py --from-lines "$1" <"$WEIR_SCRATCH/golden.log"
  return $status
}

# test_sanitizer PRESET REPORT ROOM...: the unit tests of these rooms.
test_sanitizer() {
  local preset=$1 report=$2 targets=() wrapper=() labels
  shift 2
  targets=("${@/#/weir_}")
  build_preset "$preset" -- "${targets[@]/%/_test}" || return
  labels=$(IFS='|' && echo "^($*)\$")
  # ThreadSanitizer of g++ 12 and clang 16 cannot place its shadow when mappings are spread over more than 28 bits.
  if [ "$preset" = tsan ] && [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)" -gt 28 ]; then
    wrapper=(setarch -R)
  fi
  test_ctest "$preset" "$report" "$labels" "${wrapper[@]}"
}

# test_python_asan REPORT: the tests of the native module alone over one with AddressSanitizer and
# UndefinedBehaviorSanitizer. Python has neither, so their runtime is loaded first, and libstdc++ with it, whose throw it
# watches. Python's own allocator would hide its objects; what CPython leaves at its end is no leak of ours; the
# quarantine is small enough for tests that measure resident memory. Left out: what runs mypy and pip, and little of the
# module.
test_python_asan() {
  build_preset asan-ubsan -DWEIR_BUILD_PYTHON=ON -- weir_python || return
  LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so.6)" \
    ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16:thread_local_quarantine_size_kb=64 \
    PYTHONMALLOC=malloc PYTHONPATH=$WEIR_ROOT/build/asan-ubsan/python \
    test_pytest tests/python/value_test.py "$1" tests/python/{gunicorn_calls,own_backend}_test.py \
    tests/python/native_{collect,documentation,instruments,log,process,safety,serving,timing}_test.py
}
