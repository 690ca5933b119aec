"""What the server runs for every session and every change: the page that the address names.

It lies apart from `app/main.py` because of the folder `pages` there. Beside a folder of that name Streamlit takes the first
address opened after a start for one of its older kind of pages, and answers a shared link with "Page not found".
"""

from app.main import run

run()
