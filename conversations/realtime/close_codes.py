"""Why a socket ended. What a client does about each: `docs/realtime.md`."""


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
