"""Pages that belong to no app: errors, the demo shop, the API's docs."""

from csp.decorators import csp_exempt
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from pingback import demo
from pingback.api import is_api, refusal_response
from pingback.errors import BadRequest, NotFound, ServerFault


@csrf_exempt
def api_not_found(request: HttpRequest, rest: str) -> HttpResponse:
    return refusal_response(NotFound())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own refusals, such as a host that is not ours."""
    return refusal_response(BadRequest()) if is_api(request) else render(request, "400.html", status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal_response(NotFound()) if is_api(request) else render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return refusal_response(ServerFault()) if is_api(request) else render(request, "500.html", status=500)


@csp_exempt()  # a customer's page, not ours: it loads the widget from PUBLIC_URL as a shop would
def demo_shop(request: HttpRequest) -> HttpResponse:
    """The page of an imaginary customer. Open it on `localhost`: the widget then comes from another origin."""
    widget = demo.demo_widget()
    if widget is None:
        raise Http404
    context = {"widget_id": widget.pk, "widget_origin": settings.PUBLIC_URL, "inbox_url": reverse("inbox")}
    return render(request, "demo/shop.html", context)


def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api_docs.html")
