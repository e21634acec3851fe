const a=z("http://alerts.example.net/notifications",{transports:["polling"]});
