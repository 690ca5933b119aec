"""One person's browser as the server sees it: Streamlit's protocol over a websocket, nothing drawn.

The protocol is that of the installed Streamlit (`streamlit/proto`): a `BackMsg` asks for a run of the script with the state of
some widgets, `ForwardMsg`s bring what the run drew, and one of them says that it has ended.
"""

import asyncio
import time
from dataclasses import dataclass, field
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets import Origin, Subprotocol
from websockets.asyncio.client import ClientConnection, connect

WAIT_S = 60.0
MOST_BYTES = 64 * 1024 * 1024


@dataclass
class Drawn:
    """What one run drew: ids of buttons and text inputs, HTML, whether it went well, and how long it took.

    `fragments` says in which fragment a button stands, if in any: a click on it asks for a run of that alone.
    """

    buttons: list[str] = field(default_factory=list)
    fragments: dict[str, str] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    failed: str = ""
    ms: float = 0.0

    def button(self, key: str) -> str:
        """The id of the first button whose key begins so. Raises `LookupError` with the keys there are."""
        found = next((i for i in self.buttons if _key(i).startswith(key)), None)
        if found is None:
            raise LookupError(f"No button {key} among {[_key(i) for i in self.buttons]}")
        return found


class Client:
    """A session on one page. Use it as an asynchronous context."""

    def __init__(self, url: str, page: str, query: str) -> None:
        self._url, self._page, self.query = url, page, query
        self._socket: ClientConnection | None = None
        self._fragments: dict[str, str] = {}

    async def __aenter__(self) -> "Client":
        address = self._url.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await connect(address, subprotocols=[Subprotocol("streamlit")], origin=Origin(self._url), max_size=MOST_BYTES)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def run(self, *states: WidgetState) -> Drawn:
        """Have the script run with these states of widgets, and return what it drew, once it has ended."""
        assert self._socket is not None
        within = next((self._fragments[state.id] for state in states if state.id in self._fragments), "")
        widgets = WidgetStates(widgets=states)
        wanted = ClientState(query_string=self.query, page_name=self._page, widget_states=widgets, fragment_id=within)
        start, drawn = time.perf_counter(), Drawn()
        await self._socket.send(BackMsg(rerun_script=wanted).SerializeToString())
        async with asyncio.timeout(WAIT_S):
            while not self._take(drawn, ForwardMsg.FromString(await self._socket.recv(decode=False))):
                pass
        drawn.ms = (time.perf_counter() - start) * 1000
        self._fragments = drawn.fragments
        return drawn

    def _take(self, drawn: Drawn, message: ForwardMsg) -> bool:
        """Add what a message brings; whether the run has ended."""
        match message.WhichOneof("type"):
            case "delta":
                element = message.delta.new_element
                match element.WhichOneof("type"):
                    case "button":
                        drawn.buttons.append(element.button.id)
                        if message.delta.fragment_id:
                            drawn.fragments[element.button.id] = message.delta.fragment_id
                    case "text_input":
                        drawn.inputs.append(element.text_input.id)
                    case "html":
                        drawn.html.append(element.html.body)
                    case "exception":
                        drawn.failed = element.exception.message
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "script_finished":
                return message.script_finished in (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
        return False


def press(button: str) -> WidgetState:
    """A click on a button."""
    return WidgetState(id=button, trigger_value=True)


def _key(widget_id: str) -> str:
    """The key that the app gave a widget: the id is `$$ID-<hash>-<key>`."""
    return widget_id.split("-", 2)[-1]
