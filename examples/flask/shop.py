"""A Flask application that counts with prometheus_client, as it would without Weir.

    pip install flask prometheus_client gunicorn          # or Debian's python3-flask python3-gunicorn
    PROMETHEUS_MULTIPROC_DIR=/run/shop/metrics gunicorn -c gunicorn.conf.py shop:app
    curl http://127.0.0.1:9091/metrics
"""
from flask import Flask
from prometheus_client import Counter

app = Flask(__name__)
orders = Counter("shop_orders_total", "Orders taken.", ["article"])
ARTICLES = {"apple", "pear"}


@app.get("/")
def front():
    return "the shop is open\n"


@app.post("/orders/<article>")
def order(article):
    if article not in ARTICLES:  # what a client sends is no label value
        return "no such article\n", 404
    orders.labels(article).inc()
    return f"one {article}\n", 201
