const e="http://api.example.com/api",a=z("http://api.example.com/api/notifications",{reconnection:!0});
