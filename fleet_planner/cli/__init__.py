"""The command line: parse, call, show progress on stderr, print. Heavy imports wait in the commands."""
