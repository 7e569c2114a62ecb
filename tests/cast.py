"""The cast: Alice owns a business, Bob is her teammate, Charlie owns another one; a visitor of each writes in."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from auth_signing.callers import Caller, caller_for_agent, caller_for_visitor, newcomer
from auth_signing.models import Agent, Business, User, VisitorSession
from auth_signing.roles import Role
from conversations.models import Conversation
from conversations.services import MessageDraft, Posted, message_post
from widgets.models import Widget

PASSWORD = "correct horse battery"


@dataclass
class Cast:
    business: Business
    widget: Widget
    alice: Agent
    bob: Agent
    charlie: Agent
    foreign_widget: Widget

    def caller(self, agent: Agent) -> Caller:
        return caller_for_agent(agent)

    def visitor(self, widget: Widget | None = None) -> Caller:
        """A visitor who has a session, but has not written yet."""
        business = (widget or self.widget).business
        session = VisitorSession(business=business, token_hash=uuid4().hex)
        session.contact = business.contacts.create()
        session.save()
        return caller_for_visitor(session)

    def draft(self, caller: Caller, content: str = "Hello", **where: Any) -> MessageDraft:
        if caller.is_visitor and "conversation_id" not in where:
            own = self.widget if caller.business_id == self.business.pk else self.foreign_widget
            where.setdefault("widget_id", own.pk)
        where.setdefault("client_id", uuid4())
        return MessageDraft(caller=caller, content=content, **where)

    def conversation(self, visitor: Caller | None = None, content: str = "Hello") -> Conversation:
        return self.post(visitor or self.visitor(), content).message.conversation

    def post(self, caller: Caller, content: str = "Hello", **where: Any) -> Posted:
        return message_post(self.draft(caller, content, **where))

    def newcomer(self) -> Caller:
        return newcomer(self.business.pk)


def new_agent(business: Business, name: str, role: Role) -> Agent:
    user = User.objects.create_user(f"{name.lower()}@{business.pk.hex[:8]}.example", PASSWORD, full_name=name)
    return Agent.objects.create(user=user, business=business, role=role)


def new_cast() -> Cast:
    business = Business.objects.create(name="Northwind")
    other = Business.objects.create(name="Elsewhere")
    return Cast(
        business=business,
        widget=Widget.objects.create(business=business, is_default=True),
        alice=new_agent(business, "Alice", Role.OWNER),
        bob=new_agent(business, "Bob", Role.AGENT),
        charlie=new_agent(other, "Charlie", Role.OWNER),
        foreign_widget=Widget.objects.create(business=other, is_default=True),
    )
