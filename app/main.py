"""The workbench in the browser: `streamlit run app/main.py`, or `music app`. Only navigation and what every page shares."""

from pathlib import Path

import streamlit as st

from app import people
from app.components import links
from app.pages import label_page, pair_page, pairs_page

_HERE = Path(__file__).parent

st.set_page_config(page_title="MUSIC Workbench", page_icon=str(_HERE / "icon.png"), layout="wide")
st.html(_HERE / "style.css")

# No icons on pages: Streamlit would fetch a page's icon from the network to show it on the browser's tab.
page = st.navigation(
    [
        st.Page(pairs_page.page, title="Pairs", url_path="pairs", default=True),
        st.Page(label_page.page, title="Label", url_path="label"),
        st.Page(pair_page.page, title="Pair", url_path="pair", visibility="hidden"),
    ],
    position="top",
)
with st.container(key="mw-shell"):
    links.show()
    people.restore()
page.run()
