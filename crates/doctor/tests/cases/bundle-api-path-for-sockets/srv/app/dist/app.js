const e={apiUrl:"http://apps.example.com/api",wsUrl:"http://apps.example.com/api"},c=()=>io(`${e.wsUrl}/notifications`);
