"""python-socketio against Atalaya.

    client.py ORIGIN TRANSPORTS TOKEN TITLE

Connects to /notifications, waits for the notification with this title, marks it read with an
acknowledgement, and leaves. Each thing that happens is a line of JSON on standard output.
Exit code: 0 all of it happened, 1 the connection was refused, 2 something did not come.
"""

import json
import sys
import threading

import socketio

NAMESPACE = "/notifications"
PATIENCE_S = 20


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def main(origin, transports, token, title):
    client = socketio.Client(reconnection=False)
    connected = threading.Event()
    arrived = threading.Event()
    wanted = {}

    @client.on("connect", namespace=NAMESPACE)
    def on_connect():
        say("connect", socket_id=client.get_sid(NAMESPACE))
        connected.set()

    @client.on("connect_error", namespace=NAMESPACE)
    def on_connect_error(data):
        say("connect_error", data=data)

    @client.on("notification", namespace=NAMESPACE)
    def on_notification(item, _offset=None):
        if item["title"] == title:
            say("notification", item=item)
            wanted.update(item)
            arrived.set()

    try:
        client.connect(
            origin,
            auth={"token": token},
            transports=transports.split(","),
            namespaces=[NAMESPACE],
            wait_timeout=PATIENCE_S,
        )
    except socketio.exceptions.ConnectionError as error:
        say("refused", message=str(error))
        return 1
    if not connected.wait(PATIENCE_S) or not arrived.wait(PATIENCE_S):
        say("nothing_came")
        return 2
    answer = client.call("read", {"ids": [wanted["id"]]}, namespace=NAMESPACE, timeout=PATIENCE_S)
    say("read", answer=answer)
    client.disconnect()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
