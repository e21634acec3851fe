const s=l("http://files.example.com/notifications",{withCredentials:!0});
