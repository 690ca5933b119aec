"""Many people at once: clients of Streamlit's own protocol, without a browser each."""
