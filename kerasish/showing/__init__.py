"""What people see: text in place on terminals and in notebooks, progress, drawings."""
