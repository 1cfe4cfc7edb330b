"""Runs the scripts of script.h with the values of gunicorn_prometheus_exporter, in the Redis of REDIS_HOST and
REDIS_PORT."""
import os
import pathlib
import runpy

import prometheus_client.values
import redis
from gunicorn_prometheus_exporter.backend.core import get_redis_value_class

client = redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))
prometheus_client.values.ValueClass = get_redis_value_class(client, os.environ.get("REDIS_KEY_PREFIX", "gunicorn"))
runpy.run_path(str(pathlib.Path(__file__).with_name("stock_writer.py")))
