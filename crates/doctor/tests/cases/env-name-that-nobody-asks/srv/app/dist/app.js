const a=z(({VITE_API_URL:"http://api.example.com/api",VITE_SOKET_URL:"http://api.example.com",BASE_URL:"/"}.VITE_SOCKET_URL||"")+"/notifications",{reconnection:!0});
