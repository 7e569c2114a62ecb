"""`/ws/inbox/`: an agent's socket."""

import asyncio
import logging
import random
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie
from django.http.request import split_domain_port, validate_host

from auth_signing.callers import Caller, caller_for_user
from auth_signing.models import User
from auth_signing.tokens import token_find
from conversations import events
from conversations.realtime.closing import CloseCode
from conversations.realtime.frames import AgentHello, AgentSend, Frame, Read, Typing, agent_frames
from conversations.realtime.reads import missed_by_agent
from conversations.realtime.runtime import runtime
from conversations.realtime.socket import Socket
from conversations.realtime.threads import in_thread
from conversations.services import Mark, MessageDraft
from pingback.errors import InvalidToken, OriginRefused, Refusal

logger = logging.getLogger(__name__)


class InboxSocket(Socket[AgentHello]):
    side = "inbox"
    frames = agent_frames
    hello_frame = AgentHello
    _who: Callable[[], Caller]
    _checking: asyncio.Task[None] | None = None

    async def admit(self, hello: AgentHello) -> None:
        if hello.token is not None:
            self._who = partial(caller_for_token, hello.token)
        elif self._is_our_page():
            self._who = partial(caller_for_cookies, self.header(b"cookie"))
        else:
            raise OriginRefused
        caller = await in_thread(self._who)
        if hello.agent not in {None, caller.agent_id}:
            raise InvalidToken("Somebody else has signed in.")
        self.caller = caller
        self._checking = asyncio.create_task(self._keep_checking())
        self.join(events.business_group(self.caller.business_id))
        if self.caller.agent_id:
            self.join(events.agent_group(self.caller.agent_id))
            runtime.presence.arrive(self.caller.agent_id)

    def _is_our_page(self) -> bool:
        """A cookie counts only from our own pages: this very host and port, or those of PUBLIC_URL."""
        host, _ = split_domain_port(self.page_host)
        ours = {self.header(b"host"), urlsplit(settings.PUBLIC_URL).netloc}
        return self.page_host in ours and validate_host(host, settings.ALLOWED_HOSTS)

    async def _keep_checking(self) -> None:
        """A socket must not outlive the token, session, place in the team or account that opened it."""
        while True:
            await asyncio.sleep(settings.SOCKET_CHECK_SECONDS * random.uniform(0.8, 1.2))
            try:
                caller = await in_thread(self._who)
            except Refusal:
                return self.end(CloseCode.UNAUTHENTICATED)
            except Exception:
                logger.exception("credentials could not be checked")
            else:
                if caller.agent_id != self.caller.agent_id:
                    return self.end(CloseCode.UNAUTHENTICATED)
                self.caller = caller

    def left(self) -> None:
        if self._checking:
            self._checking.cancel()
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
    if not isinstance(user, User):
        raise InvalidToken("Your session has ended. Sign in again.")
    return caller_for_user(user)


def caller_for_token(token: str) -> Caller:
    """The agent whose bearer token this is."""
    return caller_for_user(token_find(token).user)


async def inbox_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await runtime.start()
    await InboxSocket(scope, receive, send).run()
