const t=typeof a=="undefined"?"/notifications":a,u=fetch("undefined/notifications"),b=z("http://apps.example.com/notifications",{reconnection:!0});
