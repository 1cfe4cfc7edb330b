"""The dashboard of an application under Gunicorn, by the names of gunicorn_prometheus_exporter."""
from grafana import dashboard, graph, heatmap, stat

_JOB = '{job=~"$job"}'


def _rate(metric, by=""):
    return f"sum{f' by ({by}) ' if by else ''}(rate({metric}{_JOB}[$__rate_interval]))"


def _quantiles(histogram):
    return {name: f"histogram_quantile({q}, {_rate(histogram + '_bucket', 'le')})"
            for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))}


_FAILED = _rate("gunicorn_worker_failed_requests_total")

TEXT = dashboard(
    "weir-gunicorn", "Gunicorn", "Requests, latency, sizes, failures and workers of an application under Gunicorn.",
    "gunicorn_worker_requests_total", [
        stat("Requests a second", _rate("gunicorn_worker_requests_total"), "reqps"),
        stat("Failed", f"({_FAILED} or vector(0)) / {_rate('gunicorn_worker_requests_total')}", "percentunit", red_above=0.01,
             text="Share of the requests that ended in an exception."),
        stat("p99", f"histogram_quantile(0.99, {_rate('gunicorn_worker_request_duration_seconds_bucket', 'le')})", "s"),
        stat("In flight", f"sum(gunicorn_worker_requests_in_progress{_JOB})"),
        stat("Workers", f"count(gunicorn_worker_uptime_seconds{_JOB})", red_below=1),
        stat("Workers' memory", f"sum(gunicorn_worker_memory_bytes{_JOB})", "bytes"),
        graph("Requests, by worker", {"{{worker_id}}": _rate("gunicorn_worker_requests_total", "worker_id")}, "reqps", stacked=True),
        graph("In flight, by worker", {"{{worker_id}}": f"sum by (worker_id) (gunicorn_worker_requests_in_progress{_JOB})"}),
        heatmap("Duration", _rate("gunicorn_worker_request_duration_seconds_bucket", "le")),
        graph("Duration", _quantiles("gunicorn_worker_request_duration_seconds"), "s"),
        graph("Failures, by type", {"{{error_type}} {{method}}":
                                    f"{_rate('gunicorn_worker_failed_requests_total', 'error_type, method')} or vector(0)"}, "reqps"),
        graph("Errors the worker answered itself", {
            "{{error_type}}": f"{_rate('gunicorn_worker_error_handling_total', 'error_type')} or vector(0)"}, "reqps"),
        graph("Size of answers", _quantiles("gunicorn_worker_response_size_bytes"), "bytes"),
        graph("Size of requests", _quantiles("gunicorn_worker_request_size_bytes"), "bytes",
              text="Of requests that announce a body."),
        graph("CPU, by worker", {"{{worker_id}}": f"sum by (worker_id) (gunicorn_worker_cpu_percent{_JOB})"}, "percent"),
        graph("Memory, by worker", {"{{worker_id}}": f"sum by (worker_id) (gunicorn_worker_memory_bytes{_JOB})"}, "bytes"),
        graph("Ends of workers, as the master saw them", {
            "{{reason}}": f"sum by (reason) (increase(gunicorn_master_worker_restart_count_total{_JOB}[$__rate_interval])) or vector(0)"}),
        graph("Signals the master handled", {
            "{{reason}}": f"sum by (reason) (increase(gunicorn_master_worker_restart_total{_JOB}[$__rate_interval])) or vector(0)"}),
        graph("State, by worker", {"{{state}}": f"sum by (state) (gunicorn_worker_state{_JOB})"}, width=24, stacked=True),
    ])
