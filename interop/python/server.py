"""A python-socketio server as its documentation has it, for the doctor to examine.

    server.py PORT PING_INTERVAL_S

Answers at /socket.io/ on 127.0.0.1; a client's `echo` is acknowledged with its length.
"""

import sys

import socketio
import uvicorn


def main(port, ping_interval):
    server = socketio.AsyncServer(async_mode="asgi", ping_interval=ping_interval)

    @server.on("echo")
    async def on_echo(_sid, text):
        return len(text)

    app = socketio.ASGIApp(server)
    uvicorn.run(app, host="127.0.0.1", port=port, ws="wsproto", log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
