"""A Django application that counts with prometheus_client, as it would without Weir.

    pip install django prometheus_client gunicorn         # or Debian's python3-django python3-gunicorn
    PROMETHEUS_MULTIPROC_DIR=/run/shop/metrics gunicorn -c gunicorn.conf.py shop:application
    curl http://127.0.0.1:9091/metrics

One file for the reader's sake. In a project Requests stands in a module of its own, named in the settings' MIDDLEWARE.
"""
import time

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST
from prometheus_client import Counter, Histogram

ARTICLES = {"apple", "pear"}
orders = Counter("shop_orders_total", "Orders taken.", ["article"])
requests = Counter("shop_requests_total", "Requests answered.", ["route", "status"])
duration = Histogram("shop_request_duration_seconds", "Time to answer.", ["route"])


class Requests:
    """Counts and times every request under the route that took it: paths are the client's, and no label values."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        began = time.perf_counter()
        response = self.get_response(request)
        route = f"/{request.resolver_match.route}" if request.resolver_match else "other"
        duration.labels(route).observe(time.perf_counter() - began)
        requests.labels(route, response.status_code).inc()
        return response


def front(request):
    return HttpResponse("the shop is open\n")


@require_POST
def order(request, article):
    if article not in ARTICLES:  # what a client sends is no label value
        return HttpResponse("no such article\n", status=404)
    orders.labels(article).inc()
    return HttpResponse(f"one {article}\n", status=201)


urlpatterns = [path("", front), path("orders/<article>", order)]

settings.configure(ROOT_URLCONF=__name__, MIDDLEWARE=[f"{__name__}.Requests"], ALLOWED_HOSTS=["127.0.0.1", "localhost"])
application = get_wsgi_application()
