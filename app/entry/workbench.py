"""`streamlit run app/entry/workbench.py`: the workbench's server. It makes ready what the first page needs while the browser loads."""

from pathlib import Path

from streamlit.starlette import App

from app.warm import warming_up

app = App(Path(__file__).with_name("page.py"), lifespan=warming_up)
