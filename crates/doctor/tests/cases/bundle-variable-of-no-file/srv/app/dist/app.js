const a=z(({VITE_API_URL:"http://api.example.com/api",BASE_URL:"/"}.VITE_SOCKET_URL??"")+"/notifications",{reconnection:!0});
