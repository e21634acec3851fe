const o=typeof window<"u"&&window.location.href||"http://localhost",n="http://www.w3.org/1999/xlink",d="https://tiles.example.org:8443/v1";
const b="http://apps.example.com/api"||"http://localhost:3001";
const w=location.hostname==="localhost"?"http://localhost:3001":location.origin;
