"""What conversations refuse."""

from pingback.errors import Refusal


class ConversationClosed(Refusal):
    code = "CONVERSATION_CLOSED"
    status = 409
    detail = "This conversation is closed."


class StoreUnavailable(Refusal):
    code = "STORE_UNAVAILABLE"
    status = 503
    detail = "The database can't be reached. Nothing was stored; try again in a moment."
