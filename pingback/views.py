"""Pages that belong to no app: errors, the API's docs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

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


def api_docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api_docs.html")
