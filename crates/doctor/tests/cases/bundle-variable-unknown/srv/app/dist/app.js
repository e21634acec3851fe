const q=1;
const a=z({VITE_API_URL:"/api",BASE_URL:"/"}.VITE_SOCKET_URL+"/notifications",{reconnection:!0});
