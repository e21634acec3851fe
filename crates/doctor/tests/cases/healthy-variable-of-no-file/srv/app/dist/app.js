const v={BASE_URL:"/"},b="http://api.example.com",a=z(({VITE_API_URL:b,BASE_URL:"/"}.VITE_SOCKET_URL||b)+"/notifications",{reconnection:!0});
