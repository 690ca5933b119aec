"""The file that Streamlit runs, alone in its folder."""
