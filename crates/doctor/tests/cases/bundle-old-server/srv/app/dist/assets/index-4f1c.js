var e={production:!0,apiUrl:"/api",socketUrl:"http://190.210.44.17:3100",docs:"http://docs.example.org/manual"};export{e};
