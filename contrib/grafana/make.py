#!/usr/bin/env python3
"""Writes the dashboards' JSON beside this file; with --check only says whether what stands there is what would be written."""
import pathlib
import sys

import gunicorn_dashboard
import storage_dashboard

FOLDER = pathlib.Path(__file__).parent
DASHBOARDS = {"weir-storage.json": storage_dashboard.TEXT, "weir-gunicorn.json": gunicorn_dashboard.TEXT}


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(f"make.py: unknown argument {arguments[0]!r}; there is only --check", file=sys.stderr)
        return 2
    stale = [name for name, text in DASHBOARDS.items()
             if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text]
    if arguments:
        for name in stale:
            print(f"{name} is not what make.py writes; run contrib/grafana/make.py", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).write_text(DASHBOARDS[name], encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
