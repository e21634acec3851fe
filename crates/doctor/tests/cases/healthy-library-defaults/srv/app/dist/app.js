class M{constructor(e,t){this.opts=Object.assign({path:"/socket.io",autoConnect:!0},t)}}
const s=io("/notifications",{path:"/backend/socket.io",withCredentials:!0});
