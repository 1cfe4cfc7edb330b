#!/usr/bin/env python3
"""Checks that includes go along the arrows of ARCHITECTURE.md only, and that CMake's ROOMS say the same.

usage: check_arrows.py [ROOT]      prints one line for each include that points back; exit status 1 if there is any

A public header (include/weir/x.h) belongs to the room that has x.cc (or x_test.cc), or to the one named in PUBLIC below.
"""
import pathlib
import re
import sys

# room -> rooms it may include from. Data flows one way: instrument -> storage ...(format)... collect -> exposition -> http.
ARROWS = {
    "model": set(),
    "format": {"model"},
    "config": {"model", "format"},
    "storage": {"model", "format", "config"},
    "instrument": {"model", "format", "config", "storage"},
    "collect": {"model", "format", "config"},
    "fold": {"model", "format", "config", "collect"},
    "exposition": {"model", "format"},
    "watch": {"model", "format"},
    "redis": {"model"},
    "redis_layout": {"model", "format", "config", "storage", "redis"},
    "redis_ship": {"model", "format", "config", "storage", "instrument", "collect", "redis", "redis_layout"},
    "redis_collect": {"model", "format", "config", "collect", "redis", "redis_layout"},
    "redis_fold": {"model", "format", "config", "storage", "instrument", "collect", "fold", "redis", "redis_layout",
                   "redis_ship", "redis_collect"},
    "redis_storage": {"model", "format", "config", "storage", "instrument", "collect", "fold", "redis", "redis_layout", "redis_ship",
                      "redis_collect"},
    "web_config": {"model", "config"},
    "http": {"model", "format", "exposition", "config", "web_config"},
    "cli": {"model", "format", "config", "collect", "fold", "exposition", "redis", "redis_layout", "redis_collect", "redis_fold",
            "redis_storage", "watch", "http"},
}
# Public headers without a source file of their name.
PUBLIC = {
    "error.h": "model",
    "redis_error.h": "redis",
    "version.h": "model",
    "storage.h": "storage",
    "backend.h": "storage",
    "backends.h": "instrument",
    "timer.h": "instrument",
    "multiprocess.h": "collect",
    "exposition.h": "exposition",
    "exposer.h": "http",
}
# Public headers for programs alone: they include every room's, and no room may include them.
FOR_PROGRAMS = {"weir.h", "redis.h"}
# Libraries from outside that one room hides from all others: header -> rooms.
OUTSIDE = {
    "microhttpd.h": {"http"},
    "libdeflate.h": {"exposition"},
    "zlib.h": {"exposition", "http"},
    "CLI/CLI.hpp": {"cli"},
    "curses.h": {"watch"},
    "curl/curl.h": {"watch"},
    **{f"openssl/{name}.h": {"redis", "redis_layout", "redis_ship", "web_config", "http"} for name in ("bio", "crypto", "err", "evp", "sha", "ssl", "x509v3")},
    **{f"openssl/{name}.h": {"web_config", "http"} for name in ("hmac", "pem", "rand", "x509")},
    "yaml-cpp/yaml.h": {"web_config"},
    "crypt.h": {"web_config"},
    "simdjson.h": {"format", "config", "instrument", "redis_layout", "watch"},
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def owner_of_public(root, name):
    """The room of include/weir/NAME, or None."""
    if name in PUBLIC:
        return PUBLIC[name]
    stem = pathlib.PurePath(name).stem
    for suffix in (".cc", "_test.cc"):
        owners = [room for room in ARROWS if (root / "src" / room / (stem + suffix)).exists()]
        if len(owners) == 1:
            return owners[0]
    return None


def room_of_include(root, folder, target, quoted):
    """The room an include reaches, "" for what is none of ours; raises LookupError when nobody can say."""
    if target.startswith("weir/"):
        if target[len("weir/"):] in FOR_PROGRAMS:
            raise LookupError(f'"{target}" is for programs; a room includes the header it needs')
        owner = owner_of_public(root, target[len("weir/"):])
        if owner is None:
            raise LookupError(f'"{target}" belongs to no room: give it a source file there or a line in PUBLIC of '
                              "scripts/check_arrows.py")
        return owner
    first = target.split("/")[0]
    if "/" in target and first in ARROWS:
        return first
    if quoted and (folder / target).exists():
        return folder.name
    return ""


def check_file(root, path, room):
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        target, quoted = match.group(2), match.group(1) == '"'
        where = f"{path.relative_to(root)}:{text.count(chr(10), 0, match.start()) + 1}"
        if target in OUTSIDE and room not in OUTSIDE[target]:
            yield f"{where}: {room} includes <{target}>, which only {', '.join(sorted(OUTSIDE[target]))} may"
        try:
            other = room_of_include(root, path.parent, target, quoted)
        except LookupError as error:
            yield f"{where}: {error}"
            continue
        if other and other != room and other not in ARROWS[room]:
            allowed = ", ".join(sorted(ARROWS[room])) or "no other room"
            yield f"{where}: {room} includes \"{target}\" of {other}; it may include from {allowed}"


def check_cmake(root, room):
    path = root / "src" / room / "CMakeLists.txt"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    match = re.search(r"weir_room\(\s*\w+\s+ROOMS\s+([a-z_\s]+)", text)
    for other in (match.group(1).split() if match else []):
        if other not in ARROWS[room]:
            yield f"{path.relative_to(root)}: ROOMS has {other}, which is no arrow of {room}"


def check(root):
    """Every violation under ROOT, as lines."""
    root = pathlib.Path(root).resolve()
    violations = []
    for folder in sorted(path for path in (root / "src").iterdir() if path.is_dir()):
        if folder.name not in ARROWS:
            if any(folder.iterdir()):
                violations.append(f"src/{folder.name}: no such room in ARROWS of scripts/check_arrows.py")
            continue
        violations += check_cmake(root, folder.name)
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".h", ".cc"):
                violations += check_file(root, path, folder.name)
    for path in sorted((root / "include" / "weir").glob("*.h")):
        if path.name in FOR_PROGRAMS:
            continue
        owner = owner_of_public(root, path.name)
        if owner is None:
            violations.append(f"include/weir/{path.name}: belongs to no room: give it a source file there or a line in "
                              "PUBLIC of scripts/check_arrows.py")
        else:
            violations += check_file(root, path, owner)
    return violations


def main(arguments):
    root = arguments[0] if arguments else pathlib.Path(__file__).parent.parent
    violations = check(root)
    for line in violations:
        print(line)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
