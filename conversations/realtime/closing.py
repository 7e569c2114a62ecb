"""How a socket ends, and why. What a client does about each code: `docs/realtime.md`."""

from pingback.errors import Refusal


class CloseCode:
    ENDED = 4000
    BAD_FRAME = 4400
    UNAUTHENTICATED = 4401
    REFUSED = 4403
    NOT_FOUND = 4404
    HELLO_TIMEOUT = 4408
    FLOOD = 4429
    SLOW_READER = 4508
    FAULT = 1011


CODE_OF_STATUS = {401: CloseCode.UNAUTHENTICATED, 403: CloseCode.REFUSED, 404: CloseCode.NOT_FOUND}


class Closing(Exception):
    """Ends the socket with this code, after the error if there is one."""

    def __init__(self, code: int, refusal: Refusal | None = None) -> None:
        self.code = code
        self.refusal = refusal


class Gone(Exception):
    """The client closed the socket."""
