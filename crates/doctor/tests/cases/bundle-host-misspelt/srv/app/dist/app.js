const a=z("http://realtme.example.com/notifications",{transports:["polling"]});
