# shellcheck shell=bash
# What the subcommands of ./run share. Sourced, from the root of the tree.

say() { printf '== %s\n' "$*"; }

die() {
  printf 'run: %s\n' "$*" >&2
  exit 1
}

# refuse COMMAND ARGUMENT: an argument nobody knows.
refuse() {
  printf "run: %s: unknown argument '%s'; ./run %s --help lists what there is\n" "$1" "$2" "$1" >&2
  exit 2
}

# number_argument COMMAND OPTION VALUE: refuses what is not a positive whole number.
number_argument() {
  case ${3:-} in
    '' | 0 | *[!0-9]*)
      printf "run: %s: %s wants a positive whole number, not '%s'\n" "$1" "$2" "${3:-}" >&2
      exit 2
      ;;
  esac
}

# quiet COMMAND...: its output only when it fails.
quiet() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# build_preset PRESET [CMAKE ARGUMENT]... [-- TARGET...]: configures and builds build/PRESET.
build_preset() {
  local preset=$1 configure=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    configure+=("$1")
    shift
  done
  [ $# -eq 0 ] || shift
  quiet cmake --preset "$preset" "${configure[@]}" || return
  local targets=()
  [ $# -eq 0 ] || targets=(--target "$@")
  # NINJA_STATUS only where a person watches; a log gets what matters.
  if [ -t 1 ]; then
    cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}"
  else
    quiet cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}"
  fi
}

# build_release ON|OFF: the release, with or without its tests, at build/bin and build/python.
build_release() {
  build_preset release "-DWEIR_BUILD_TESTS=$1" -DWEIR_BUILD_PYTHON=ON || return
  ln -sfn release/bin build/bin
  ln -sfn release/python build/python
}

# scratch: makes a folder for everything temporary, exports it as TMPDIR and removes it when the script ends.
scratch() {
  WEIR_SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/weir.XXXXXX")
  export TMPDIR=$WEIR_SCRATCH
  trap 'rm -rf "$WEIR_SCRATCH"' EXIT
}
