"""The exit codes of all commands. 128 + n is a shell's code for a program that signal n ended."""

FAILED = 1  # some input failed; the others are done
REFUSED = 2  # the call cannot work; nothing was started
INTERRUPTED = 130  # Ctrl-C (SIGINT)
CLOSED_PIPE = 141  # whatever read our output has closed it (SIGPIPE)
TERMINATED = 143  # SIGTERM
