"""A Redis for a test file, emptied before each test, and programs that run with it in processes of their own."""
import pytest

from multiprocess_reading import CURRENT
from prometheus_programs import run
from redis_servers import RedisServer


@pytest.fixture(scope="module")
def server():
    with RedisServer() as running:
        yield running


@pytest.fixture
def redis(server):
    server.cli("FLUSHALL")
    return server


def parts(redis, **more):
    """The environment as the documents set it: host, port and database apart."""
    return {"REDIS_ENABLED": "true", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port), "REDIS_DB": "0", **more}


def run_with(redis, program, directory=None, **more):
    """Runs `program` with that Redis in its environment; gives what it prints."""
    return run(CURRENT, program, directory, **parts(redis, **more))
