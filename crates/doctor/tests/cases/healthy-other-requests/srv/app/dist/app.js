const r=[{path:"/"},{path:"/admin",auth:{role:1}}];
a.get("http://files.example.com/list",{withCredentials:!0});
