"""The command line: verbs, help, exit codes."""
