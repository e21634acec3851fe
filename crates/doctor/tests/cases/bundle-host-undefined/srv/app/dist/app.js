const a=z("http://undefined/notifications",{reconnection:!0});
