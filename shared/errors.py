"""The root of the project's errors. A refusal of the domain is a value, not an error."""


class EvenhandError(Exception):
    """Something that an operator can act on; the message says how."""


class Retryable(EvenhandError):  # noqa: N818 - reads as the outcome it is
    """A part is away for a moment; the same call may succeed later."""


class Rejected(EvenhandError):  # noqa: N818 - reads as the outcome it is
    """The input is wrong and will be wrong again; the message names what."""
