"""The application the Gunicorn tests serve: it counts its own answers with prometheus_client, as users' do.

/        answers          /fail    raises          /late   raises when the answer has begun
/kill    kills its own process, before it is counted or answered; /last as soon as the answer is sent
/slow    never answers    /stuck   never answers and does not hear SIGABRT either
"""
import os
import signal
import time

import prometheus_client

STARTS = prometheus_client.Counter("app_imports_total", "Times this module was imported.")
ANSWERS = prometheus_client.Counter("app_answers_total", "Answers given.")
STARTS.inc()


def _late():
    yield b"a"
    raise ValueError("late")


class _Last(list):
    def close(self):
        os.kill(os.getpid(), signal.SIGKILL)


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if path in ("/slow", "/stuck"):
        if path == "/stuck":
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGABRT])
        time.sleep(60)
    if path == "/fail":
        raise ValueError("on purpose")
    body = environ["wsgi.input"].read() or str(os.getpid()).encode()
    if path == "/late":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _late()
    ANSWERS.inc()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return _Last([body]) if path == "/last" else [body]
