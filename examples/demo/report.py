"""The demo's verdict: what was counted, scraped and stored, side by side."""


def _number(value):
    if value is None:
        return "missing"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}"


def _counted(least, most):
    return _number(least) if least == most else f"{_number(least)} to +{most - least:g}"


def _rows(truth, served, stored):
    """(series, counted, served, stored, verdict), also of series that nobody counted."""
    for series in sorted(truth.keys() | served.keys() | stored.keys()):
        least, most = truth.get(series, (None, None))
        here, there = served.get(series), stored.get(series)
        good = None not in (least, here, there) and least <= here <= most and here == there
        counted = "nobody" if least is None else _counted(least, most)
        yield series, counted, _number(here), _number(there), "ok" if good else "DIFFERS"


def compare(truth, served, stored, resets):
    """Prints the table; True when everything agrees."""
    rows = list(_rows(truth, served, stored))
    table = [("series", "counted", "weir serve", "Prometheus", ""), *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        print(f"{row[0]:<{widths[0]}}  " + "  ".join(f"{row[i]:>{widths[i]}}" for i in range(1, 4)), "", row[4])
    print('\n"to +9": killed between two instructions; each thread had at most one round under way, counted or not.')
    print(f"Falls of a counter that Prometheus saw: {resets}")
    differing = sum(row[4] != "ok" for row in rows)
    if differing or resets != 0:
        print(f"DIFFERENT: {differing} of {len(rows)} series, {resets} falls of a counter")
        return False
    print(f"EXACT: {len(rows)} series, the same in all three places")
    return True
