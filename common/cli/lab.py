"""JupyterLab's connection to its kernels without a wait: `make lab` names it to the server.

The server leaves Nagle's algorithm on. The small "busy" message that precedes every answer is
then acknowledged late, after 40 ms, and the answer waits for that: a slider's redraw takes twice
as long.
"""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Sends each of the kernel's messages at once."""

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()
