"""What `kerasish doctor` looks for."""
