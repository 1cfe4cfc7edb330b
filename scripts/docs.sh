# shellcheck shell=bash
# ./run docs: the docs site.
source scripts/setup.sh

docs_usage() {
  cat <<'TXT'
usage: ./run docs

Builds the docs site into build/docs/site (open index.html): the pages of docs/, the examples they link to, and a reference
made from the headers, from the Python packages and from `weir help`. Broken links fail the build.
TXT
}

docs_main() {
  [ $# -eq 0 ] || refuse docs "$1"
  setup_for docs
  build_release OFF
  say "staging"
  /usr/bin/python3 scripts/docs_site.py build/docs/source
  say "building"
  quiet mkdocs build --clean
  say "build/docs/site/index.html"
}
