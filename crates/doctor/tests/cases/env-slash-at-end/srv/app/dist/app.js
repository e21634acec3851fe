const a=z("http://apps.example.com//notifications",{reconnection:!0});
