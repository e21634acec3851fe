const b="http://api.example.com/api",a=z(({VITE_API_URL:b,BASE_URL:"/"}.VITE_SOCKET_URL||"")+"/notifications",{reconnection:!0});
