const e="http://api.example.com/api",l=()=>q(`${e}/notifications`),a=z("http://api.example.com/notifications",{reconnection:!0});
