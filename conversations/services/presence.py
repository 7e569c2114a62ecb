"""Telling both sides who is there."""

from collections.abc import Iterable

from auth_signing.models import Agent
from auth_signing.presence import agent_says
from conversations import events


def agent_set_status(agent: Agent, status: str) -> None:
    """`status` is live, away or offline: what the person says."""
    agent_says(agent, status)
    agents_announce([agent])


def agents_announce(agents: Iterable[Agent]) -> None:
    for agent in agents:
        is_anybody_there = Agent.objects.online(agent.business_id).exists()
        events.publish_on_commit(events.presence_changed(agent, is_anybody_there=is_anybody_there))
