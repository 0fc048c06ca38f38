"""Ties the life of a child to ours: killed ourselves, we leave nothing behind that holds a port."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def leash(on_death: signal.Signals) -> Callable[[], None] | None:
    """Return a `preexec_fn`: the kernel sends the child `on_death` when we die, however hard.

    Nothing where that cannot be had: only Linux does it, and it watches the *thread* that started
    the child, so a thread that may end before the process would take the child with it.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(on_death), 0, 0, 0)
        if os.getppid() != parent:  # we died before the child could ask
            os.kill(os.getpid(), signal.SIGKILL)

    return tie
