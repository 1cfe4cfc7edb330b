"""A FastAPI application that counts with Weir's own metrics; whichever worker is asked shows those of all.

    pip install . fastapi uvicorn                         # Weir from the root of this tree; or Debian's python3-fastapi uvicorn
    PROMETHEUS_MULTIPROC_DIR=/run/shop/metrics uvicorn --workers 4 shop:app
    curl -L http://127.0.0.1:8000/metrics

The directory is on tmpfs and emptied while nothing runs: counts go on from what lies there.
"""
import time

import weir
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse

ARTICLES = {"apple", "pear"}
orders = weir.Counter("shop_orders", "Orders taken.", ["article"])
requests = weir.Counter("shop_requests", "Requests answered.", ["route", "status"])
duration = weir.Histogram("shop_request_duration_seconds", "Time to answer.", ["route"])

app = FastAPI()
everyone = weir.CollectorRegistry()  # of its own: what all processes counted, and not this one's part once more
weir.MultiProcessCollector(everyone)
app.mount("/metrics", weir.make_asgi_app(everyone))


@app.middleware("http")
async def count(request: Request, call_next):
    """Counts and times every request under the route that took it: paths are the client's, and no label values."""
    began = time.perf_counter()
    response = await call_next(request)
    route = getattr(request.scope.get("route"), "path", "other")
    duration.labels(route).observe(time.perf_counter() - began)
    requests.labels(route, str(response.status_code)).inc()
    return response


@app.get("/", response_class=PlainTextResponse)
async def front():
    return "the shop is open\n"


@app.post("/orders/{article}", response_class=PlainTextResponse, status_code=201)
async def order(article: str):
    if article not in ARTICLES:  # what a client sends is no label value
        raise HTTPException(404, "no such article")
    orders.labels(article).inc()
    return f"one {article}\n"
