/* SOCKET_URL: "http://apps.example.com:3001"
   is how it was. */
const isLocal = ["localhost", "127.0.0.1"].includes(location.hostname);
window.config = {
  // SOCKET_URL: "http://localhost:3001",
  SOCKET_URL: isLocal ? "http://localhost:3001" : location.origin,
  PRINTER_URL: "http://localhost:9100",
};
