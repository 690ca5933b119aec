"""A person talks with two assistants side by side: the conversation's journal, its replies, its rewards."""
