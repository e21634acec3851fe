const s=io("/notifications",{transports:["websocket"],upgrade:!1});
