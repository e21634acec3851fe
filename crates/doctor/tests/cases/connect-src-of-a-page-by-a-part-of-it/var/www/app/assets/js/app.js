const a=z("http://api.example.com/notifications",{reconnection:!0});
