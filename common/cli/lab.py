"""JupyterLab kernel connection without Nagle's algorithm; `make lab` passes it to the server.

With Nagle's algorithm, which the server leaves on, a kernel's reply waits 40 ms for the
acknowledgement of the short "busy" message before it, and a slider's redraw takes twice as long.
"""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Connection that sends each of the kernel's messages at once."""

    def connect(self):
        """Connect with Nagle's algorithm off."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
