"""The MUSIC method and everything it stands on: no Streamlit, no job runner."""
