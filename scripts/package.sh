# shellcheck shell=bash
# ./run package: Debian packages of the tree as it is.
source scripts/setup.sh

package_usage() {
  cat <<'TXT'
usage: ./run package

Builds the Debian packages into build/packages: libweir0.1 (shared libraries), libweir-dev (headers, CMake and pkg-config
files), weir-exporter (`weir` and its systemd service) and python3-weir. Debian's own tools make them
(packaging/debian), with its hardening flags; lintian looks at them at the end.

`./run test --only package` installs, uses and purges them in a clean Debian.
TXT
}

package_main() {
  [ $# -eq 0 ] || refuse package "$1"
  setup_for package
  scratch
  say "building: some minutes the first time"
  build_packages || die "package: no packages were made"
  say "lintian"
  lintian --fail-on error,warning --suppress-tags no-changelog,initial-upload-closes-no-bugs build/packages/*.deb
  say "build/packages"
  (cd build/packages && ls -- *.deb)
}

# build_packages: build/package (the tree with shared libraries), then build/packages/*.deb.
build_packages() {
  eval "$(DEB_BUILD_MAINT_OPTIONS=hardening=+all dpkg-buildflags --export=sh)"
  # CMake knows no CPPFLAGS, where -D_FORTIFY_SOURCE stands; and CXXFLAGS only in a new folder.
  build_preset package "-DCMAKE_CXX_FLAGS=$CXXFLAGS $CPPFLAGS" -- all man || return
  local version folder
  version=$(sed -n 's/^project(weir VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
  folder=$WEIR_SCRATCH/weir-$version
  mkdir "$folder"
  cp -r packaging/debian "$folder/debian"
  cp -r python contrib LICENSE CHANGELOG.md "$folder"
  # The version stands in CMakeLists.txt alone; Debian wants it in a changelog.
  printf 'weir (%s) unstable; urgency=medium\n\n  * %s\n\n -- %s  %s\n' "$version" "See CHANGELOG.md." \
    "Weir maintainers <maintainers@weir.invalid>" "$(date -Ru -d "@$(package_epoch)")" >"$folder/debian/changelog"
  (cd "$folder" && WEIR_BUILD=$WEIR_ROOT/build/package SOURCE_DATE_EPOCH=$(package_epoch) \
    quiet dpkg-buildpackage --build=binary --no-sign --no-check-builddeps) || return
  rm -rf build/packages
  mkdir -p build/packages
  mv "$WEIR_SCRATCH"/*.deb build/packages/
}

# package_epoch: the time of the last commit, or of the changelog outside a repository: the same tree, the same packages.
package_epoch() {
  git -C "$WEIR_ROOT" log -1 --format=%ct 2>/dev/null || stat -c %Y "$WEIR_ROOT/CHANGELOG.md"
}
