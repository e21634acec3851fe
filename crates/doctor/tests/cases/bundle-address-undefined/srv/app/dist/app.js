const a=z("undefined/notifications",{reconnection:!0});
