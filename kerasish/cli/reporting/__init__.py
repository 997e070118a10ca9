"""What a report of a run says, a file per subject."""
