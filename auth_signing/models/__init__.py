"""WHO is calling: people, businesses, their keys, and the visitors of their sites."""

from auth_signing.models.keys import AuditEntry, IdentitySettings, SignedWrite, SigningKey
from auth_signing.models.people import (
    INVITED_ROLES,
    TEAM_ROLES,
    Agent,
    Business,
    Invitation,
    Presence,
    User,
    UserManager,
)
from auth_signing.models.visitors import (
    Company,
    Contact,
    ContactType,
    IdentityMark,
    Segment,
    VisitorSession,
    visitor_name,
)

__all__ = [
    "INVITED_ROLES",
    "TEAM_ROLES",
    "Agent",
    "AuditEntry",
    "Business",
    "Company",
    "Contact",
    "ContactType",
    "IdentityMark",
    "IdentitySettings",
    "Invitation",
    "Presence",
    "Segment",
    "SignedWrite",
    "SigningKey",
    "User",
    "UserManager",
    "VisitorSession",
    "visitor_name",
]
