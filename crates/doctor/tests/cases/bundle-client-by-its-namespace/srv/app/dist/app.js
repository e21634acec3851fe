const on="http://alerts-staging.example.net",l=()=>fetch(on+"/api/list"),c=()=>he(on+"/notifications",{auth:t=>t({token:a})});
