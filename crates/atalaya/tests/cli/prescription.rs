//! `atalaya proxy` and `atalaya service`, as a person puts what they print into a file.

use std::fs;

use crate::place::Place;

#[test]
fn a_site_for_nginx_follows_the_settings() {
    let place = Place::new();
    place.write(
        "atalaya.toml",
        "listen = \"0.0.0.0:4001\"\nsocket_path = \"/live/\"\nping_interval_seconds = \"2m\"\nmax_payload_bytes = 4000000\n",
    );
    let site = place.run(&["proxy", "nginx", "--name", "apps.example.com"]);
    assert_eq!(site.code, Some(0), "{}", site.stderr);
    for line in [
        "    server_name apps.example.com;",
        "    server 127.0.0.1:4001;",
        "    location /live/ {",
        "        proxy_read_timeout 280s;",
        "    client_max_body_size 5m;",
    ] {
        assert!(
            site.stdout.lines().any(|found| found == line),
            "{line} is not in {}",
            site.stdout
        );
    }
    fs::create_dir_all(place.path("web1/etc/nginx")).unwrap();
    place.write(
        "web1/etc/nginx/nginx.conf",
        "events {}\nhttp {\n    include site;\n}\n",
    );
    place.write("web1/etc/nginx/site", &site.stdout);
    let healthy = place.run(&[
        "doctor",
        "--offline",
        "--root",
        "web1",
        "--path",
        "/live/",
        "--direct",
        "http://127.0.0.1:4001",
    ]);
    assert_eq!(healthy.stdout, "healthy: 0 faults, 0 hints\n");
}

#[test]
fn a_site_for_caddy_and_a_configuration_for_haproxy() {
    let place = Place::new();
    let nodes = ["--node", "10.0.0.1:3001", "--node", "10.0.0.2:3001"];
    let name = ["--name", "apps.example.com"];
    let caddy = place.run(&[&["proxy", "caddy"], &name[..], &nodes].concat());
    insta::assert_snapshot!(caddy.shown(), @r"
    exit 0
    --- stdout
    # Atalaya behind Caddy. Copy into /etc/caddy/Caddyfile, and
    #   caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile && systemctl reload caddy
    # Websockets, Host and X-Forwarded-* are handed on by Caddy without being told.
    http://apps.example.com {
    	# Take http:// off the name, and Caddy gets a certificate by itself.

    	# Above the server's own limit of 1000000 bytes, so that it is the server that answers, in words.
    	request_body {
    		max_size 2MiB
    	}

    	handle /socket.io/* {
    		# A polling session is one node's: the same client goes to the same node. All nodes share one PostgreSQL
    		# (DATABASE_URL), hear of each other's publishes with ATALAYA_BUS=postgres, and believe this proxy's X-Forwarded-For
    		# if its address is among their ATALAYA_TRUSTED_PROXIES.
    		reverse_proxy 10.0.0.1:3001 10.0.0.2:3001 {
    			lb_policy ip_hash
    			# A held answer goes out the moment it is written. The server sends a heartbeat every 25 s, which may be answered 20 s later,
    			# so an answer never takes as long as this.
    			flush_interval -1
    			transport http {
    				response_header_timeout 120s
    			}
    		}
    	}

    	handle {
    		reverse_proxy 10.0.0.1:3001 10.0.0.2:3001 {
    			lb_policy ip_hash
    		}
    	}
    }
    ");
    let haproxy = place.run(&[&["proxy", "haproxy"], &name[..], &nodes].concat());
    insta::assert_snapshot!(haproxy.shown(), @r#"
    exit 0
    --- stdout
    # Atalaya behind HAProxy. Copy to /etc/haproxy/haproxy.cfg, and
    #   haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy

    global
        log stdout format raw local0

    defaults
        mode http
        log global
        # Without the query, which holds a session's id.
        log-format "%ci [%t] %HM %HP %ST %B %Ta"
        timeout connect 5s
        timeout http-request 10s
        # The server sends a heartbeat every 25 s, which may be answered 20 s later: a connection
        # that is well is never silent for as long as these. `tunnel` is for websockets.
        timeout client 120s
        timeout server 120s
        timeout tunnel 120s

    frontend atalaya
        bind :::80 v4v6
        # The address that HAProxy saw, and nothing that the client claims.
        http-request set-header X-Forwarded-For %[src]
        http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
        acl named req.hdr(host),field(1,:),lower -m str apps.example.com
        use_backend atalaya if named

    backend atalaya
        # A polling session is one node's: the same client goes to the same node. All nodes share one PostgreSQL
        # (DATABASE_URL), hear of each other's publishes with ATALAYA_BUS=postgres, and believe this proxy's X-Forwarded-For
        # if its address is among their ATALAYA_TRUSTED_PROXIES.
        balance source
        hash-type consistent
        option httpchk GET /readyz
        http-check expect status 200
        server node1 10.0.0.1:3001 check
        server node2 10.0.0.2:3001 check
    "#);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let place = Place::new();
    for wrong in [
        &["proxy", "nginx"][..],
        &["proxy", "apache", "--name", "a"],
        &["proxy", "nginx", "--name", "a; return 200"],
        &["proxy", "nginx", "--name", "a", "--node", "b"],
        &["proxy", "nginx", "--name", "a", "--tls-key", "/k"],
        &["proxy", "haproxy", "--name", "a", "--pages", "/srv"],
        &["service", "cron"],
        &["service", "systemd", "--binary", "a b"],
    ] {
        let outcome = place.run(wrong);
        assert_eq!(outcome.code, Some(2), "{wrong:?}: {}", outcome.stdout);
        assert!(
            outcome.stdout.is_empty() && outcome.stderr.contains("error"),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_unit_and_a_file_for_pm2_follow_the_settings() {
    let place = Place::new();
    place.write("atalaya.toml", "shutdown_grace_seconds = \"1m\"\n");
    let unit = place.run(&[
        "service",
        "systemd",
        "--binary",
        "/opt/atalaya",
        "--user",
        "alerts",
    ]);
    for line in [
        "ExecStart=/opt/atalaya serve",
        "User=alerts",
        "TimeoutStopSec=70s",
    ] {
        assert!(
            unit.stdout.lines().any(|found| found == line),
            "{line} is not in {}",
            unit.stdout
        );
    }
    let file = place.run(&["service", "pm2", "--logs", "/srv/logs", "--json"]);
    let file: serde_json::Value = serde_json::from_str(&file.stdout).unwrap();
    let file = file["configuration"].as_str().unwrap();
    assert!(
        file.contains("\"/srv/logs\"") && file.contains("kill_timeout: 65000,"),
        "{file}"
    );
}
