const a=z("//notifications",{reconnection:!0});
