const s=io("ws://apps.example.com/notifications");
