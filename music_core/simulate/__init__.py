"""The two simulators: who plays the user and who plays the assistant."""
