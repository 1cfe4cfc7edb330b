from gunicorn_prometheus_exporter.hooks import default_when_ready

worker_class = "gunicorn_prometheus_exporter.PrometheusThreadWorker"
workers, threads = 4, 2
when_ready = default_when_ready
