"""Files: Keras's formats to the byte, kerasish's own checkpoints, and safe reading of both."""
