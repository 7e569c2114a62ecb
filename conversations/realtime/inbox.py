"""`/ws/inbox/`: an agent's socket."""

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie
from django.http.request import split_domain_port, validate_host

from auth_signing.callers import Caller, caller_for_agent
from auth_signing.models import Agent
from conversations import events
from conversations.realtime.frames import AgentHello, AgentSend, Frame, Read, Typing, agent_frames
from conversations.realtime.reads import missed_by_agent
from conversations.realtime.runtime import runtime
from conversations.realtime.socket import Socket
from conversations.realtime.threads import in_thread
from conversations.services import Mark, MessageDraft
from pingback.errors import InvalidToken, OriginRefused


class InboxSocket(Socket[AgentHello]):
    side = "inbox"
    frames = agent_frames
    hello_frame = AgentHello

    async def admit(self, hello: AgentHello) -> None:
        if hello.token is not None:
            raise InvalidToken  # bearer tokens do not exist yet
        if not self._is_our_page():
            raise OriginRefused
        self.caller = await in_thread(caller_for_cookies, self.header(b"cookie"))
        if hello.agent not in {None, self.caller.agent_id}:
            raise InvalidToken("Somebody else has signed in.")
        self.join(events.business_group(self.caller.business_id))
        if self.caller.agent_id:
            self.join(events.agent_group(self.caller.agent_id))
            runtime.presence.arrive(self.caller.agent_id)

    def _is_our_page(self) -> bool:
        """A cookie counts only from our own pages: this very host and port, or those of PUBLIC_URL."""
        host, _ = split_domain_port(self.page_host)
        ours = {self.header(b"host"), urlsplit(settings.PUBLIC_URL).netloc}
        return self.page_host in ours and validate_host(host, settings.ALLOWED_HOSTS)

    def left(self) -> None:
        if hasattr(self, "caller") and self.caller.agent_id:
            runtime.presence.leave(self.caller.agent_id)

    async def resume(self, hello: AgentHello) -> list[str]:
        return await in_thread(missed_by_agent, self.caller, hello.after)

    async def handle(self, frame: Frame) -> None:
        match frame:
            case AgentSend():
                self.submit(
                    MessageDraft(
                        caller=self.caller,
                        content=frame.content,
                        client_id=frame.client_id,
                        conversation_id=frame.conversation_id,
                        origin=self.origin,
                    )
                )
            case Typing():
                await self.announce_typing(frame)
            case Read():
                runtime.marks.add(Mark(self.caller, frame.conversation_id, "read", frame.seq))


def caller_for_cookies(header: str) -> Caller:
    """The agent whose Django session these cookies carry."""
    request = HttpRequest()
    session_key = parse_cookie(header).get(settings.SESSION_COOKIE_NAME)
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    agent = Agent.objects.with_account().filter(user_id=user.pk).first() if user.is_authenticated else None
    if agent is None:
        raise InvalidToken("Your session has ended. Sign in again.")
    return caller_for_agent(agent)


async def inbox_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await runtime.start()
    await InboxSocket(scope, receive, send).run()
