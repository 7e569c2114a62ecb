"""The log of what matters for safety."""

from auth_signing.callers import Caller
from auth_signing.models import AuditEntry


def audit(caller: Caller, act: AuditEntry.Act, subject: str) -> None:
    """In the transaction of the act. `subject`: what it was done to."""
    AuditEntry.objects.create(
        business_id=caller.business_id, act=act, subject=subject, agent_id=caller.agent_id, agent_name=caller.name
    )
