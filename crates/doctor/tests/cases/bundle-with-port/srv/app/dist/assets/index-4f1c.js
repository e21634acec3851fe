import{i as e}from"./io.js";const t="http://www.w3.org/2000/svg",n="http://apps.example.com:3001/api";
var r=e(`http://apps.example.com:3001/notifications`,{auth:{token:a}});
