"""The command line: `kerasish fit|evaluate|predict|check|summary|show|schema|info`."""
