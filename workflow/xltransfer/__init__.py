import signal
import sys

# A stage takes seconds to import what it computes with, and listens to signals only then
# (`runtime/interruption.py`). Until then Ctrl-C ends it as SIGTERM does: at once, without Python's
# traceback. While Python looks for the module of `python -m`, the first argument is "-m".
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
