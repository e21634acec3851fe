var r=[{path:"/login",component:a}];
var o={path:"/notifications",transports:["polling","websocket"]},s=U(location.origin,o);
