const s=l(location.origin,{withCredentials:!0});
const r=l("http://push.example.com/news",{path:"/push/socket.io",transports:["websocket","polling"]});
