"""The role table: what each kind of caller may do. Nothing else in the product decides by role."""

from enum import StrEnum


class Role(StrEnum):
    VISITOR = "visitor"
    AGENT = "agent"
    ADMIN = "admin"
    OWNER = "owner"


class Permission(StrEnum):
    CONVERSATIONS_START = "conversations.start"
    CONVERSATIONS_ANSWER = "conversations.answer"
    CONVERSATIONS_MANAGE = "conversations.manage"  # resolve, assign, tag, snooze
    CONTACTS_MANAGE = "contacts.manage"  # change, block, save segments
    CONTACTS_DELETE = "contacts.delete"  # and export
    WIDGETS_MANAGE = "widgets.manage"
    TEAM_MANAGE = "team.manage"
    BUSINESS_MANAGE = "business.manage"
    KEYS_MANAGE = "keys.manage"


AGENT = frozenset(
    {
        Permission.CONVERSATIONS_START,
        Permission.CONVERSATIONS_ANSWER,
        Permission.CONVERSATIONS_MANAGE,
        Permission.CONTACTS_MANAGE,
    }
)
ADMIN = AGENT | {Permission.CONTACTS_DELETE, Permission.WIDGETS_MANAGE, Permission.TEAM_MANAGE}
OWNER = ADMIN | {Permission.BUSINESS_MANAGE, Permission.KEYS_MANAGE}

ROLE_TABLE: dict[Role, frozenset[Permission]] = {
    Role.VISITOR: frozenset({Permission.CONVERSATIONS_START, Permission.CONVERSATIONS_ANSWER}),
    Role.AGENT: AGENT,
    Role.ADMIN: ADMIN,
    Role.OWNER: OWNER,
}
