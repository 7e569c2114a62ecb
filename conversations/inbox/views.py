"""The agents' inbox. htmx is given the part of the page it asks for, everybody else the whole page."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from auth_signing.callers import Caller, caller_for_agent
from auth_signing.models import Agent, Presence
from conversations import events
from conversations.files import file_response
from conversations.inbox.listings import LISTINGS, OPEN, Listing
from conversations.models import Attachment, Conversation
from conversations.services import (
    agent_set_status,
    conversation_assign,
    conversation_reopen,
    conversation_resolve,
    message_post_file,
)
from pingback.api import refusal_response
from pingback.errors import BadRequest, NotFound, Refusal

LIST_STEP = 50
LIST_LONGEST = 500
THREAD_LENGTH = 100
NO_TEAM = "Your account does not belong to a team yet. Ask an owner to add you."

P = ParamSpec("P")


class InboxRequest(HttpRequest):
    htmx: HtmxDetails
    agent: Agent
    caller: Caller


def for_agents(
    view: Callable[Concatenate[InboxRequest, P], HttpResponse],
) -> Callable[Concatenate[InboxRequest, P], HttpResponse]:
    """Only for people of an active business. htmx gets a 401 instead of a redirect, so that the page stays."""

    def guarded(request: InboxRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            back_to = request.get_full_path() if request.method == "GET" else reverse("inbox")
            return HttpResponse(status=401) if request.htmx else redirect_to_login(back_to)
        agent = Agent.objects.with_account().filter(user=request.user).first()
        if agent is None:
            raise PermissionDenied(NO_TEAM)
        if request.htmx and request.headers.get("X-Agent-Id", str(agent.pk)) != str(agent.pk):
            return HttpResponse(status=401)  # the page is still somebody else's
        try:
            request.agent, request.caller = agent, caller_for_agent(agent)
            return view(request, *args, **kwargs)
        except NotFound as refusal:
            raise Http404(refusal.detail) from refusal
        except Refusal as refusal:
            raise PermissionDenied(refusal.detail) from refusal

    @wraps(view)
    def fresh(request: InboxRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = guarded(request, *args, **kwargs)
        if not response.has_header("Cache-Control"):  # files say themselves how long they may be kept
            add_never_cache_headers(response)
        return response

    return fresh


class SignOut(LogoutView):
    """Also ends the sockets of the person: a socket would outlive its session."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        agent = Agent.objects.filter(user=request.user).first() if request.user.is_authenticated else None
        answer = super().post(request, *args, **kwargs)
        if agent:
            events.publish_on_commit(events.agent_signed_out(agent.pk))
        return answer

    def get_default_redirect_url(self) -> str:
        return f"{reverse('sign_in')}?signed-out"


@require_safe
@for_agents
def inbox(request: InboxRequest, listing: Listing = OPEN) -> HttpResponse:
    if request.htmx.target == "list":
        return render(request, "inbox/_listing_changed.html", _rows(request, listing))
    if request.htmx:
        return render(request, "inbox/_thread_left.html", {"listing": listing})
    return _page(request, listing)


@require_safe
@for_agents
def inbox_list(request: InboxRequest, listing: Listing = OPEN) -> HttpResponse:
    return render(request, "inbox/_rows.html", _rows(request, listing))


@require_safe
@for_agents
def inbox_thread(request: InboxRequest, conversation_id: int, listing: Listing = OPEN) -> HttpResponse:
    conversation = _conversation(request, conversation_id)
    thread = {"messages": conversation.messages.newest(THREAD_LENGTH), **_head(request, conversation)}
    if request.htmx:
        return render(request, "inbox/_thread.html", {"listing": listing, **thread})
    return _page(request, listing, open_id=conversation.pk, **thread)


@require_safe
@for_agents
def inbox_messages(request: InboxRequest, conversation_id: int) -> HttpResponse:
    """The page before the message whose seq is `?before=`."""
    before = request.GET.get("before", "")
    if not re.fullmatch("[0-9]{1,9}", before):
        raise Http404
    conversation = _conversation(request, conversation_id)
    messages = conversation.messages.filter(seq__lt=int(before)).newest(THREAD_LENGTH)
    return render(request, "inbox/_messages.html", {"conversation": conversation, "messages": messages})


@require_POST
@for_agents
def inbox_resolve(request: InboxRequest, conversation_id: int) -> HttpResponse:
    found = _conversation(request, conversation_id)
    conversation, _ = conversation_resolve(conversation_id=found.pk, caller=request.caller)
    return _status_changed(request, conversation)


@require_POST
@for_agents
def inbox_reopen(request: InboxRequest, conversation_id: int) -> HttpResponse:
    found = _conversation(request, conversation_id)
    conversation, _ = conversation_reopen(conversation_id=found.pk, caller=request.caller)
    return _status_changed(request, conversation)


@require_POST
@for_agents
def inbox_assign(request: InboxRequest, conversation_id: int) -> HttpResponse:
    """`agent_id` in the form: whose it is from now on; empty for nobody."""
    found = _conversation(request, conversation_id)
    try:
        agent_id = UUID(chosen) if (chosen := request.POST.get("agent_id")) else None
    except ValueError:
        raise Http404 from None
    conversation, _ = conversation_assign(conversation_id=found.pk, agent_id=agent_id, caller=request.caller)
    if request.htmx:
        return render(request, "inbox/_head.html", _head(request, conversation))
    return redirect("inbox_thread", conversation.pk)


@require_safe
@for_agents
def inbox_file(request: InboxRequest, file_id: UUID) -> HttpResponse:
    return file_response(get_object_or_404(Attachment.objects.visible_to(request.caller), pk=file_id))


@require_safe
@for_agents
def inbox_unread(request: InboxRequest) -> JsonResponse:
    """How many conversations wait unread in each list that waits for anybody."""
    return JsonResponse(Conversation.objects.visible_to(request.caller).open().count_unread(request.agent.pk))


@require_POST
@for_agents
def inbox_upload(request: InboxRequest, conversation_id: int) -> HttpResponse:
    """A form with `file` and `client_id`. The message comes by the socket; a refusal is answered as the API does."""
    found = _conversation(request, conversation_id)
    try:
        message_post_file(
            caller=request.caller,
            address=request.META["REMOTE_ADDR"],
            conversation_id=found.pk,
            file=request.FILES["file"],
            content="",
            client_id=UUID(request.POST.get("client_id", "")),
        )
    except (KeyError, ValueError):
        return refusal_response(BadRequest())
    except Refusal as refusal:
        return refusal_response(refusal)
    return HttpResponse(status=204)


@require_safe
@for_agents
def inbox_team(request: InboxRequest) -> HttpResponse:
    return render(request, "inbox/_team.html", _team(request))


@require_POST
@for_agents
def inbox_presence(request: InboxRequest) -> HttpResponse:
    """`status` in the form: live or away."""
    status = request.POST.get("status")
    if status not in {Presence.LIVE, Presence.AWAY}:
        raise Http404
    agent_set_status(request.agent, status)
    return HttpResponse(status=204) if request.htmx else redirect("inbox")


def _conversation(request: InboxRequest, conversation_id: int) -> Conversation:
    return get_object_or_404(Conversation.objects.visible_to(request.caller).with_people(), pk=conversation_id)


def _page(request: InboxRequest, listing: Listing, **thread: Any) -> HttpResponse:
    return render(request, "inbox/page.html", {**_team(request), **_rows(request, listing), **thread})


def _rows(request: InboxRequest, listing: Listing) -> dict[str, Any]:
    """The newest `?rows=`, a step at least: a list that was scrolled down keeps its length."""
    asked = request.GET.get("rows", "")
    length = min(max(LIST_STEP, int(asked)), LIST_LONGEST) if re.fullmatch("[0-9]{1,9}", asked) else LIST_STEP
    conversations = listing.select(Conversation.objects.visible_to(request.caller), request.caller).newest_first()
    return {
        "listing": listing,
        "listings": LISTINGS.values(),
        "conversations": conversations[:length],
        "list_length": length,
        "list_longer": min(length + LIST_STEP, LIST_LONGEST),
    }


def _head(request: InboxRequest, conversation: Conversation) -> dict[str, Any]:
    return {"conversation": conversation, **_team(request)}


def _team(request: InboxRequest) -> dict[str, Any]:
    return {"agent": request.agent, "team": Agent.objects.team(request.agent.business_id)}


def _status_changed(request: InboxRequest, conversation: Conversation) -> HttpResponse:
    if request.htmx:
        return render(request, "inbox/_status_changed.html", _head(request, conversation))
    return redirect("inbox_thread", conversation.pk)
