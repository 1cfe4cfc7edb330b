from gunicorn_prometheus_exporter.hooks import default_when_ready

worker_class = "gunicorn_prometheus_exporter.PrometheusWorker"
workers = 4
when_ready = default_when_ready
