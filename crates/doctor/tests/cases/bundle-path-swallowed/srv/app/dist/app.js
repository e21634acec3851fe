const s=l(location.origin,{path:"/live/socket.io"});
