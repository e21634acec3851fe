const api="http://apps.example.com:3001/api",ws="http://apps.example.com:3001";
export{api,ws};
