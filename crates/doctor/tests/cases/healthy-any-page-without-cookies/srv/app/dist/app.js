const a=z("http://api.example.com/notifications",{withCredentials:!1,reconnection:!0});
