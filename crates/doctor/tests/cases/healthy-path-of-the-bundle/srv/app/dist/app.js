const r=[{path:"/login",component:a,meta:{auth:!1}}],o={path:"/engine.io",withCredentials:!1};
const s=l(location.origin+"/notifications",{path:"/rt/socket.io",auth:{token:t}});
