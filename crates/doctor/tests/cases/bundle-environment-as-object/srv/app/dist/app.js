const o={NODE_ENV:"production",PUBLIC_URL:"",REACT_APP_API_URL:"http://apps.example.com/api",REACT_APP_SOCKET_URL:"http://apps.example.com:3001"},s=o.REACT_APP_SOCKET_URL,c=()=>z(s+"/notifications");
