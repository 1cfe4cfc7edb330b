# shellcheck shell=bash
# ./run lint: what can be seen without running anything.
source scripts/setup.sh

lint_usage() {
  cat <<'TXT'
usage: ./run lint [--fix] [CHECK]...

CHECK is one of: format (clang-format), arrows (includes and public headers), files (the list in ARCHITECTURE.md),
length (no file past 500 lines), shell (shellcheck), clang (clang 16 with -Wthread-safety -Werror), tidy (clang-tidy, all
of .clang-tidy fatal). None means all.

  --fix   let clang-format and scripts/list_files.py rewrite what they would change
TXT
}

lint_checks=(format arrows files length shell clang tidy)

lint_main() {
  local fix=no chosen=() check passed=0 failed=0
  while [ $# -gt 0 ]; do
    case $1 in
      --fix) fix=yes ;;
      format | arrows | files | length | shell | clang | tidy) chosen+=("$1") ;;
      *) refuse lint "$1" ;;
    esac
    shift
  done
  [ ${#chosen[@]} -gt 0 ] || chosen=("${lint_checks[@]}")
  setup_for build lint
  if [ $fix = yes ]; then
    cpp_sources | xargs -0 -r clang-format-16 -i
    /usr/bin/python3 scripts/list_files.py
  fi
  for check in "${chosen[@]}"; do
    say "$check"
    if "lint_$check"; then
      passed=$((passed + 1))
    else
      echo "FAIL $check"
      failed=$((failed + 1))
    fi
  done
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}

# The C++ of this tree, as git knows it or would add it; names end in NUL.
cpp_sources() { git ls-files -z --cached --others --exclude-standard --deduplicate -- '*.cc' '*.h'; }

lint_format() {
  local log=build/lint-format.log
  cpp_sources | xargs -0 -r clang-format-16 --dry-run --Werror >"$log" 2>&1 && return
  sed -nE 's/^([^:]+):[0-9]+:[0-9]+: error:.*/\1/p' "$log" | sort | uniq -c
  echo "places a file; ./run lint --fix format mends them"
  return 1
}

lint_arrows() { /usr/bin/python3 scripts/check_arrows.py; }

lint_files() { /usr/bin/python3 scripts/list_files.py --check; }

lint_length() {
  local long
  long=$(git ls-files -z --cached --others --exclude-standard --deduplicate -- '*.cc' '*.h' '*.py' '*.sh' '*.cmake' run |
    xargs -0 -r wc -l | awk '$2 != "total" && $1 > 500 {print $2 ": " $1 " lines; split it (500 at most)"}')
  [ -n "$long" ] || return 0
  printf '%s\n' "$long"
  return 1
}

lint_shell() {
  git ls-files -z --cached --others --exclude-standard --deduplicate -- run .ci/run '*.sh' | xargs -0 -r shellcheck -x
}

lint_clang() {
  quiet cmake --preset clang || return
  quiet cmake --build --preset clang -j "$(nproc)" -- -k 0
}

lint_tidy() {
  quiet cmake --preset clang || return
  local log=build/lint-tidy.log
  # Files of this tree that the build compiles, as the compile commands name them. Unit tests are left to the compilers'
  # warnings: GoogleTest's headers alone cost 8 s a file.
  run-clang-tidy-16 -quiet -p build/clang -j "$(nproc)" "^$WEIR_ROOT/(src|tests|bench|examples)/.*(?<!_test)[.]cc$" >"$log" 2>&1 && return
  grep -E -A 3 '(warning|error):' "$log" | grep -v '^--$' || tail -n 40 "$log"
  return 1
}
