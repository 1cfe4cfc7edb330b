"""The dashboard of the metrics' own storage: is what people look at complete, fresh, and cheap to read?

What only some set-ups have (Redis, refusals, a fold) falls back to what is true without it, so that an empty panel always means
that nothing scrapes `/backend`.
"""
from grafana import dashboard, graph, heatmap, stat

_JOB = '{job=~"$job"}'


def _sum(metric, by=""):
    return f"sum{f' by ({by}) ' if by else ''}({metric}{_JOB})"


def _rate(metric, by=""):
    return f"sum{f' by ({by}) ' if by else ''}(rate({metric}{_JOB}[$__rate_interval]))"


def _or_nothing(query):
    return f"{query} or vector(0)"


TEXT = dashboard(
    "weir-storage", "Weir: storage health",
    "Writers, collections, folding and Redis, as `weir serve` tells them on /backend.", "weir_build_info", [
        stat("Exporters up", f"sum(up{_JOB})", red_below=1, text="Exporters whose /backend answers."),
        stat("Live writers", _sum("weir_writer_files_live"), text="Files (of a Redis: writers) whose process lives."),
        stat("Dead, not folded", _sum("weir_writer_files_dead"), red_above=1000,
             text="Files of processes that ended. They cost every scrape until they are folded."),
        stat("Not readable", _sum("weir_collect_problems"), red_above=1,
             text="What the last collection left out. `weir check` names each with its reason."),
        stat("Redis", f"min(weir_redis_up{_JOB}) or vector(1)", red_below=1,
             text="1 while the server answers, or where there is none."),
        stat("Slowest process", _or_nothing(f"max(weir_redis_flush_lag_seconds{_JOB})"), "s", red_above=15,
             text="Longest time since a live process had shipped all it counted. Above a lease (15 s) something is wrong."),
        graph("Writers", {"live": _sum("weir_writer_files_live"), "dead": _sum("weir_writer_files_dead"),
                          "other clients": _sum("weir_writer_files_other")},
              text="Dead ones that only grow: nobody folds. See docs/operations.md."),
        graph("Series and records read", {"series": _sum("weir_collect_series"), "records": f"sum(weir_collect_entries{_JOB} or weir_redis_collect_values{_JOB})"},
              text="Records are what a scrape reads (of a Redis: values), series what it shows."),
        heatmap("Time of a collection", _rate("weir_collect_duration_seconds_bucket", "le"),
                text="Reading and merging, without the answer to the client."),
        graph("Time of a collection", {
            "p50": f"histogram_quantile(0.5, {_rate('weir_collect_duration_seconds_bucket', 'le')})",
            "p99": f"histogram_quantile(0.99, {_rate('weir_collect_duration_seconds_bucket', 'le')})"}, "s"),
        graph("Left out, by reason", {"{{reason}}": _or_nothing(_rate("weir_collect_errors_total", "reason"))},
              text="Reasons are listed in docs/operations.md."),
        graph("Answers, by path and code", {"{{path}} {{code}}": _rate("weir_http_requests_total", "path, code")}, "reqps"),
        graph("Refused connections and requests", {"{{reason}}": _or_nothing(_rate("weir_http_rejected_total", "reason"))}, "reqps"),
        graph("Folding", {"sources a second": _rate("weir_fold_sources_total"), "failures a second": _rate("weir_fold_failures_total"),
                          "seconds of the last": f"max(weir_fold_last_seconds{_JOB})"}),
        graph("Redis: shipping", {
            "flush lag, s": _or_nothing(f"max(weir_redis_flush_lag_seconds{_JOB})"),
            "values refused": _or_nothing(_sum("weir_redis_writers_refused")),
            "leases lost": _or_nothing(_sum("weir_redis_writers_lost_leases"))},
              text="Of the live processes together, as they tell at each third of their lease."),
        graph("Redis: failures, by reason", {"{{reason}}": _or_nothing(_rate("weir_redis_failures_total", "reason"))}),
        graph("Redis: memory", {"used": _or_nothing(_sum("weir_redis_memory_used_bytes")),
                                "limit": _or_nothing(_sum("weir_redis_memory_max_bytes"))}, "bytes"),
        graph("The exporter itself", {"resident memory": f"sum(process_resident_memory_bytes{_JOB})"}, "bytes"),
    ])
