const a=z("http://api.example.com/notifications",{withCredentials:!0,reconnection:!0});
