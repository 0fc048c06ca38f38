"""The root of the project's errors. A refusal of the domain is a value, not an error."""


class EvenhandError(Exception):
    """Something that an operator can act on; the message says how."""


class Retryable(EvenhandError):  # noqa: N818 - reads as the outcome it is
    """A part is away for a moment; the same call may succeed later."""


class Rejected(EvenhandError):  # noqa: N818 - reads as the outcome it is
    """The input is wrong and will be wrong again; the message names what."""


def describe(error: BaseException) -> str:
    """Say what kind of error it was and where it arose; its text may hold personal data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
