# shellcheck shell=bash
# ./run fuzz: every target of tests/fuzz for a bounded time.
source scripts/setup.sh

fuzz_usage() {
  cat <<'TXT'
usage: ./run fuzz [--seconds N] [--keep] [TARGET]...

Builds tests/fuzz/TARGET_fuzz.cc with clang, AddressSanitizer and UndefinedBehaviorSanitizer and runs each target from the
seeds in tests/fuzz/corpus/TARGET. What it finds grows in build/fuzz/corpus/TARGET from run to run.

  --seconds N   time for each target (30)
  --keep        afterwards add to tests/fuzz/corpus/TARGET what reaches new code, for a commit
TXT
}

fuzz_main() {
  local seconds=30 keep=no targets=()
  while [ $# -gt 0 ]; do
    case $1 in
      --seconds)
        number_argument fuzz --seconds "${2:-}"
        seconds=$2
        shift
        ;;
      --keep) keep=yes ;;
      -*) refuse fuzz "$1" ;;
      *)
        [ -e "tests/fuzz/$1_fuzz.cc" ] || refuse fuzz "$1"
        targets+=("$1")
        ;;
    esac
    shift
  done
  if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(cd tests/fuzz && find . -maxdepth 1 -name '*_fuzz.cc' -printf '%f\n' | sed 's/_fuzz\.cc$//' | sort)
  fi
  [ ${#targets[@]} -gt 0 ] || die "fuzz: no tests/fuzz/*_fuzz.cc"

  setup_for build fuzz
  say "build"
  build_preset fuzz -- "${targets[@]/%/_fuzz}"
  local target passed=0 failed=0
  for target in "${targets[@]}"; do
    if fuzz_one "$target" "$seconds" "$keep"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  done
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

fuzz_one() {
  local target=$1 seconds=$2 keep=$3
  local program=build/fuzz/bin/${target}_fuzz seeds=tests/fuzz/corpus/$target grown=build/fuzz/corpus/$target
  local crashes=build/fuzz/crashes log=build/fuzz/$target.log dictionary=()
  mkdir -p "$grown" "$crashes" "$seeds"
  [ ! -e "tests/fuzz/$target.dict" ] || dictionary=("-dict=tests/fuzz/$target.dict")
  say "$target: $seconds s"
  if ! "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$crashes/$target-" "${dictionary[@]}" "$grown" "$seeds" >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "FAIL $target: the input stands in $crashes; the whole log in $log"
    return 1
  fi
  grep -E 'number_of_executed_units|new_units_added' "$log" || true
  [ "$keep" = no ] || quiet "$program" -merge=1 "$seeds" "$grown"
  # A target without seeds leaves no empty folder in the tree.
  rmdir --ignore-fail-on-non-empty "$seeds"
}
