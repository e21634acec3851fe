const s=l(location.origin,{transports:["websocket"],upgrade:!1});
