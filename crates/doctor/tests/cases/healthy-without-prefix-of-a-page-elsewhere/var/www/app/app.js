const b="http://api.example.com/api",a=z(new URL(b).origin+"/notifications",{reconnection:!0});
