"""Caller: what every door (bearer, signature, cookie, visitor token, sockets) hands to the services."""

from dataclasses import dataclass
from uuid import UUID

from auth_signing.errors import BusinessRequired
from auth_signing.models import Agent, IdentityMark, SigningKey, User, VisitorSession
from auth_signing.roles import ROLE_TABLE, Permission, Role
from pingback.errors import AccountInactive, Forbidden


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, for which business. A newcomer is a visitor without a session: the first message makes it one."""

    business_id: UUID
    role: Role
    name: str = ""
    agent_id: UUID | None = None
    session_id: UUID | None = None
    contact_id: UUID | None = None
    key_id: UUID | None = None
    mark: str = IdentityMark.ANONYMOUS  # of a visitor
    is_blocked: bool = False
    sees_history: bool = False  # of its contact, in conversations of the same mark

    @property
    def is_visitor(self) -> bool:
        return self.role == Role.VISITOR

    @property
    def is_newcomer(self) -> bool:
        return self.is_visitor and self.session_id is None

    @property
    def sender_key(self) -> UUID | None:
        """What a `client_id` is unique under."""
        return self.agent_id or self.session_id or self.key_id

    def may(self, permission: Permission) -> bool:
        return permission in ROLE_TABLE[self.role]

    def require(self, permission: Permission) -> None:
        if not self.may(permission):
            raise Forbidden


def caller_for_agent(agent: Agent) -> Caller:
    """`agent` with its user and business loaded."""
    if not agent.business.is_active:
        raise AccountInactive
    return Caller(business_id=agent.business_id, role=Role(agent.role), name=agent.user.full_name, agent_id=agent.pk)


def caller_for_user(user: User) -> Caller:
    agent = Agent.objects.with_account().filter(user=user).first()
    if agent is None:
        raise BusinessRequired
    return caller_for_agent(agent)


def caller_for_key(key: SigningKey) -> Caller:
    """`key` with its business loaded: it has an owner's rights."""
    if not key.business.is_active:
        raise AccountInactive
    return Caller(business_id=key.business_id, role=Role.OWNER, name=str(key), key_id=key.pk)


def caller_for_visitor(session: VisitorSession) -> Caller:
    """`session` with its contact loaded."""
    return Caller(
        business_id=session.business_id,
        role=Role.VISITOR,
        name=session.contact.display_name,
        session_id=session.pk,
        contact_id=session.contact_id,
        mark=session.mark,
        is_blocked=session.contact.blocked_at is not None,
        sees_history=session.sees_history,
    )


def newcomer(business_id: UUID) -> Caller:
    return Caller(business_id=business_id, role=Role.VISITOR)
