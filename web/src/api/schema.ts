/**
 * The shapes of the HTTP API: generated from the server's OpenAPI document by `npm run api:types`.
 * `npm run api:check` fails when it is stale. Do not edit.
 */

export interface paths {
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the server is
         * @description For administrators. Every five minutes the server walks a client's way to itself, at its own address and at
         *     the one that people open; `POST /api/health/way` does it at once.
         */
        get: operations["showHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health/way": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Walk a client's way now
         * @description For administrators. It is a real connection of the asking user, with its row in the ledger, open and then closed; it takes
         *     from half a second to some ten.
         */
        post: operations["examineWay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List my notifications */
        get: operations["listNotifications"];
        put?: never;
        /**
         * Publish a notification
         * @description When this answers 201, the notification is committed: it is in each recipient's inbox, and reaches each
         *     of their sockets now or on their next connection.
         *
         *     With an `Idempotency-Key` a request that got no answer can be repeated: for 24 hours the same key and the same
         *     notification are answered as the first time, with `Idempotent-Replayed: true`, and publish nothing.
         */
        post: operations["publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Archive several
         * @description Read or not. Ids that are not in my inbox are passed over. My other sockets are told. They are still there under
         *     `status=archived`.
         */
        post: operations["archiveNotifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish many notifications
         * @description Each line of the body is a notification as `POST /api/notifications` takes it, of at most 256 KiB; there are at most
         *     10 000. Each line of the answer says what became of one line, in the same order, as soon as it is known; status
         *     201 means that it is committed, and 202 that it is for later. A line that is refused does not stop the others, and blank lines are counted and
         *     passed over. The ids of a batch are in the order of its lines.
         *
         *     If not all lines were read, the last line of the answer says why and names the first that was not: 413
         *     `too_many_lines`, 408 `body_too_slow` (nothing came for 15 s, or not all within 10 minutes), 503 `server_stopping`.
         */
        post: operations["publishBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark several as read
         * @description Ids that are not in my inbox are passed over. My other sockets are told.
         */
        post: operations["readNotifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/scheduled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what is scheduled
         * @description My own; an administrator sees everybody's.
         */
        get: operations["listScheduled"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/scheduled/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Cancel what is scheduled
         * @description One's own; an administrator may cancel everybody's. What is published already is recalled instead.
         */
        delete: operations["cancelScheduled"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow my notifications
         * @description Server-Sent Events: `notification` (or the name that the publisher gave), `inbox`, `sync` and the others, with the
         *     same JSON as over the socket. A notification has its id, and a request with `Last-Event-ID` gets what came after that one;
         *     without it, what is unread. `curl -N` shows it; `EventSource` cannot send the token, libraries that stand in for it can.
         */
        get: operations["streamNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/unacknowledged": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what awaits an acknowledgement
         * @description Of what is for me: published with `requires_ack`, and acknowledged by nobody yet. Reading or archiving does not take it from
         *     here. Newest first, 200 at most.
         */
        get: operations["listUnacknowledged"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Recall a notification
         * @description Of one's own; an administrator may recall everybody's. It leaves every inbox, read or not, and every open tab at once.
         *     Doing it again changes nothing.
         */
        delete: operations["recallNotification"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Acknowledge one
         * @description For everyone whom it is for: it leaves the front of their inboxes, and they are told who did it and when. It is
         *     marked as read for me. Doing it again changes nothing.
         */
        post: operations["acknowledgeNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark one as read
         * @description Doing it again changes nothing. My other sockets are told.
         */
        post: operations["readNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List sessions */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/refused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List refused connections */
        get: operations["listRefusedConnections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show one session */
        get: operations["showSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/topics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List topics
         * @description Those that I am subscribed to, and those that an administrator has listed and my role may read. Administrators and
         *     operators see all.
         */
        get: operations["listTopics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/topics/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * List a topic, and say who may read it
         * @description It is made if it is not there. Who is subscribed and may not read it any more keeps the subscription, and nothing of the
         *     topic is in their inbox until they may again; what was published meanwhile they never see.
         */
        put: operations["setTopic"];
        post?: never;
        /**
         * Remove a topic
         * @description With all its subscriptions; what came by it alone is in nobody's inbox any more.
         */
        delete: operations["removeTopic"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/topics/{name}/subscription": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Subscribe to a topic
         * @description What is published from now on is mine. Doing it again changes nothing. A topic that is not there is made.
         */
        put: operations["subscribe"];
        post?: never;
        /**
         * Unsubscribe from a topic
         * @description What came by it alone is in my inbox no more. Doing it again changes nothing.
         */
        delete: operations["unsubscribe"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/topics/{name}/subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who is subscribed to a topic
         * @description Whether their role may read it now or not. Of a topic that is not there the list is empty.
         */
        get: operations["listSubscribers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/topics/{name}/subscriptions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Subscribe somebody to a topic
         * @description As they could themselves: their role must be one that may read it.
         */
        put: operations["subscribeUser"];
        post?: never;
        /** Unsubscribe somebody from a topic */
        delete: operations["unsubscribeUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List users */
        get: operations["listUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description One notification is acknowledged. */
        Acknowledged: components["schemas"]["Unread"] & {
            /**
             * Format: date-time
             * @description When I did so first.
             */
            acknowledged_at: string | null;
            /** @description Who has, the first of them first. */
            acknowledgements: components["schemas"]["Acknowledgement"][];
            /**
             * Format: int64
             * @example 1042
             */
            id: number;
        };
        /** @description Who has acknowledged a notification, and when. */
        Acknowledgement: {
            /** Format: date-time */
            at: string;
            user: components["schemas"]["Publisher"];
        };
        /**
         * @description What to put away.
         * @example {
         *       "ids": [
         *         1041,
         *         1042
         *       ]
         *     }
         */
        Archive: {
            /** @description These (at most 1000), as far as they are in my inbox. */
            ids: number[];
        };
        /** @description What is archived now that was not. */
        Archived: components["schemas"]["Unread"] & {
            /** @description Ascending. */
            archived: number[];
        };
        /** @description What became of one line. */
        BatchResult: components["schemas"]["PublishedLine"] | components["schemas"]["ScheduledLine"] | components["schemas"]["RefusedLine"];
        /**
         * @description Which database the server has.
         * @enum {string}
         */
        DatabaseKind: "sqlite" | "postgres";
        /** @description A field or parameter that was refused, and why. */
        FieldError: {
            /** @example to.users */
            field: string;
            /** @example must name at least one user */
            message: string;
        };
        /** @description One thing that must be well. */
        HealthCheck: {
            /** @description What is the matter. */
            detail: string | null;
            /**
             * @description `database`, `lease` or `ledger`.
             * @example database
             */
            name: string;
            ok: boolean;
        };
        /** @description How the server is. */
        HealthReport: {
            checks: components["schemas"]["HealthCheck"][];
            database: components["schemas"]["DatabaseKind"];
            /** @description This server among several. */
            node: string;
            /** @description What people open, if the server was told (`ATALAYA_PUBLIC_URL`). */
            public_url: string | null;
            /** @description How many sockets are open here. */
            sockets: number;
            /** Format: date-time */
            started_at: string;
            /** @description How many users have one. */
            users: number;
            /** @example 0.1.0 */
            version: string;
            way: components["schemas"]["WayReport"] | null;
        };
        /** @description The token, and whose it is. */
        LoginAnswer: {
            /**
             * @description Send it as `Authorization: Bearer …`, and as `auth.token` of the socket.
             * @example eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.…
             */
            access_token: string;
            /**
             * Format: int64
             * @description Seconds until the token expires.
             * @example 43200
             */
            expires_in: number;
            /** @example Bearer */
            token_type: string;
            user: components["schemas"]["User"];
        };
        /** @description Who logs in. */
        LoginRequest: {
            /** @example correct horse battery */
            password: string;
            /** @example ana */
            username: string;
        };
        /**
         * @description What to mark as read: exactly one of the three.
         * @example {
         *       "ids": [
         *         1041,
         *         1042
         *       ]
         *     }
         * @example {
         *       "up_to": 1042
         *     }
         * @example {
         *       "all": true
         *     }
         */
        MarkRead: {
            /** @description These (at most 1000), as far as they are in my inbox. */
            ids: number[];
        } | {
            /**
             * Format: int64
             * @description Everything up to and including this one.
             */
            up_to: number;
        } | {
            /** @description Everything that is there now. */
            all: boolean;
        };
        /**
         * @description A notification to publish.
         * @example {
         *       "body": "web-1 has 3 % left.",
         *       "data": {
         *         "free_percent": 3,
         *         "server": "web-1"
         *       },
         *       "link": "/servers/web-1",
         *       "severity": "warning",
         *       "title": "Disk almost full",
         *       "to": {
         *         "roles": [
         *           "operator"
         *         ]
         *       },
         *       "type": "disk"
         *     }
         */
        NewNotification: {
            /** @description At most 8 KiB of UTF-8. */
            body?: string | null;
            /**
             * @description Replaces your last notification with the same key for the same audience, for everyone who has neither read nor
             *     archived that one.
             */
            collapse_key?: string | null;
            /** @description Any JSON of at most 32 KiB, handed on as it is. */
            data?: unknown;
            /**
             * Format: date-time
             * @description RFC 3339, in the future, 366 days at most: it is published then, to whoever is in its audience then.
             */
            deliver_at?: string | null;
            /** @description The Socket.IO event under which sockets get it, when not `notification`; not one of Socket.IO's own. */
            event?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, in the future; after it the notification is shown to nobody.
             */
            expires_at?: string | null;
            /** @description The same as the header `Idempotency-Key`; in a batch the only way to give a line one. */
            idempotency_key?: string | null;
            /** @description An http(s) address, or a path that begins with one slash. */
            link?: string | null;
            /** @default false */
            requires_ack: boolean;
            /** @default info */
            severity: components["schemas"]["Severity"];
            title: string;
            to: components["schemas"]["Recipients"];
            /** @description The publisher's own word for the kind of thing that happened. */
            type?: string | null;
        };
        /**
         * @description What a topic is to be.
         * @example {
         *       "roles": [
         *         "admin",
         *         "operator"
         *       ]
         *     }
         */
        NewTopic: {
            /** @description Who may read it; every role, where it is left out. */
            roles?: components["schemas"]["Role"][] | null;
        };
        /** @description One notification, as its recipient sees it. */
        Notification: {
            /**
             * Format: date-time
             * @description When I acknowledged it.
             */
            acknowledged_at: string | null;
            /** @description Who has acknowledged it, the first of them first; empty where `requires_ack` is false. */
            acknowledgements: components["schemas"]["Acknowledgement"][];
            body: string | null;
            /** Format: date-time */
            created_at: string;
            /** @description Whatever JSON the publisher attached. */
            data: unknown;
            /** @description The Socket.IO event under which it is delivered; `notification` when null. */
            event: string | null;
            /** Format: date-time */
            expires_at: string | null;
            from: components["schemas"]["Publisher"] | null;
            /**
             * Format: int64
             * @description Also the position in the inbox: a larger id is newer.
             */
            id: number;
            link: string | null;
            /** Format: date-time */
            read_at: string | null;
            /**
             * Format: int64
             * @description The notification whose place this one takes, for whoever has neither read nor archived that one.
             */
            replaces: number | null;
            requires_ack: boolean;
            severity: components["schemas"]["Severity"];
            title: string;
            /** @description The publisher's own word for the kind of thing that happened. */
            type: string | null;
        };
        /** @description A page of an inbox, newest first. */
        NotificationPage: components["schemas"]["Unread"] & {
            items: components["schemas"]["Notification"][];
            /** @description Where the list goes on; null on its last page. */
            next_cursor: string | null;
            /**
             * Format: int64
             * @description Pass it as `cursor` in the socket's `auth` to get exactly what comes after this list. Null on a
             *     page that was asked for with a cursor: what counts is when the first page was read.
             * @example 1042
             */
            position: number | null;
        };
        /** @description What went wrong, as problem details (RFC 9457). */
        Problem: {
            /**
             * @description Stable: match on this.
             * @example invalid_field
             */
            code: string;
            column?: number;
            /**
             * @description What is particular to this occurrence.
             * @example title: has at most 200 characters
             */
            detail: string;
            /** @description With `invalid_field` and `invalid_parameter`: every refused field. */
            errors?: components["schemas"]["FieldError"][];
            /** @description With `invalid_json`: where reading stopped, counted from 1. */
            line?: number;
            /**
             * @description What you can do about it.
             * @example Correct the fields named in `errors`; all of them are there.
             */
            remedy: string;
            /**
             * Format: int32
             * @example 422
             */
            status: number;
            /** @example A field is not valid */
            title: string;
            /**
             * @description A URN made of the code.
             * @example urn:atalaya:problem:invalid_field
             */
            type: string;
            /** @description With `unknown_recipients`: the ids that name nobody. */
            users?: number[];
        };
        /** @description What was committed. */
        Published: {
            /**
             * Format: date-time
             * @example 2026-01-31T09:15:00.000Z
             */
            created_at: string;
            /**
             * Format: int64
             * @example 1042
             */
            id: number;
            /**
             * Format: int64
             * @description How many users it is for.
             * @example 1
             */
            recipients: number;
        };
        /** @description A line whose notification is committed. */
        PublishedLine: components["schemas"]["Published"] & {
            /**
             * Format: int64
             * @description Counted from 1, blank lines included.
             * @example 1
             */
            line: number;
            /** @description There and true where the line's `idempotency_key` was known: this is the first answer to it. */
            replayed?: boolean;
            /**
             * Format: int32
             * @example 201
             */
            status: number;
        };
        /** @description A user, as others see them. */
        Publisher: {
            /** Format: int64 */
            id: number;
            username: string;
        };
        /** @description What is read now that was not. */
        ReadMany: components["schemas"]["Unread"] & {
            /** @description Ascending; the newest thousand when there are more. */
            read: number[];
            /**
             * Format: int64
             * @description Everything up to here is read now; null when single ids were named.
             * @example 1042
             */
            up_to: number | null;
        };
        /** @description One notification is read. */
        ReadOne: components["schemas"]["Unread"] & {
            /**
             * Format: int64
             * @example 1042
             */
            id: number;
            /**
             * Format: date-time
             * @description When it was read first.
             * @example 2026-01-31T09:16:30.250Z
             */
            read_at: string;
        };
        /** @description One notification is taken back. */
        Recalled: {
            /**
             * Format: int64
             * @example 1042
             */
            id: number;
            /**
             * Format: date-time
             * @description When it was recalled first.
             * @example 2026-01-31T09:16:30.250Z
             */
            recalled_at: string;
        };
        /**
         * @description Whom a notification is for: exactly one of the four.
         * @example {
         *       "users": [
         *         27
         *       ]
         *     }
         * @example {
         *       "roles": [
         *         "operator"
         *       ]
         *     }
         * @example {
         *       "topic": "alerts.north"
         *     }
         * @example {
         *       "all": true
         *     }
         */
        Recipients: {
            /** @description These users, by their ids: from 1 to 1000 of them. */
            users: number[];
        } | {
            /** @description Everyone who has one of these roles now. */
            roles: components["schemas"]["Role"][];
        } | {
            /** @description Whoever is subscribed to this topic: from 1 to 100 of the characters A-Z, a-z, 0-9, `.`, `_` and `-`. */
            topic: string;
        } | {
            /** @description Everyone. */
            all: boolean;
        };
        /** @description A connection that was refused. There is no secret in it. */
        RefusedConnection: {
            /**
             * @description The same code that the client got in `connect_error`.
             * @example token_expired
             */
            code: string;
            /** @example the token has expired: log in again */
            detail: string | null;
            /**
             * Format: int64
             * @example 12
             */
            id: number;
            /** @example 192.0.2.7 */
            ip_address: string | null;
            /** @example /notifications */
            namespace: string | null;
            /** @example web-1:3001 */
            node: string;
            /** @example https://app.example.com */
            origin: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T09:15:00.000Z
             */
            refused_at: string;
            /** @example websocket */
            transport: string;
            user_agent: string | null;
            /**
             * Format: int64
             * @description Null when the token did not say who it was.
             * @example 27
             */
            user_id: number | null;
            username: string | null;
        };
        /** @description A line that was not published, with what `POST /api/notifications` would have answered to it. */
        RefusedLine: {
            /**
             * @description Stable: match on this.
             * @example invalid_field
             */
            code: string;
            /**
             * Format: int64
             * @description With `invalid_json`: where in the line reading stopped, counted from 1.
             */
            column?: number;
            /** @description With `invalid_field`: the refused fields, 32 of them at most. */
            errors?: components["schemas"]["FieldError"][];
            /**
             * Format: int64
             * @description Counted from 1, blank lines included.
             * @example 2
             */
            line: number;
            /** @example title: must not be blank */
            message: string;
            /**
             * Format: int32
             * @example 422
             */
            status: number;
            /** @description With `unknown_recipients`: the ids that name nobody. */
            users?: number[];
        };
        /** @description Refused connections, newest first. */
        RefusedPage: {
            items: components["schemas"]["RefusedConnection"][];
            /** @description Where the list goes on; null on its last page. */
            next_cursor: string | null;
        };
        /**
         * @description Roles, from the most to the least powerful.
         * @enum {string}
         */
        Role: "admin" | "operator" | "user";
        /** @description What is committed, to be published later. */
        Scheduled: {
            /**
             * Format: date-time
             * @example 2026-01-31T09:15:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-31T22:00:00.000Z
             */
            deliver_at: string;
            /**
             * Format: int64
             * @description Not yet the id of a notification: that is given out when it is published.
             * @example 17
             */
            scheduled_id: number;
        };
        /** @description A line whose notification is committed for later. */
        ScheduledLine: components["schemas"]["Scheduled"] & {
            /**
             * Format: int64
             * @description Counted from 1, blank lines included.
             * @example 1
             */
            line: number;
            /** @description As of a published line. */
            replayed?: boolean;
            /**
             * Format: int32
             * @example 202
             */
            status: number;
        };
        /** @description A notification that is to be published later. */
        ScheduledNotification: {
            body: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            deliver_at: string;
            /** Format: date-time */
            expires_at: string | null;
            from: components["schemas"]["Publisher"] | null;
            link: string | null;
            requires_ack: boolean;
            /**
             * Format: int64
             * @example 17
             */
            scheduled_id: number;
            severity: components["schemas"]["Severity"];
            title: string;
            /** @description Whom it is for: `all`, `role:operator`, `topic:alerts.north`, `user:27`. */
            to: string[];
            type: string | null;
            /** @description The names of the users among them; of 20 at most. */
            users: components["schemas"]["Publisher"][];
        };
        /** @description What is to be published later, the last scheduled first. */
        ScheduledPage: {
            items: components["schemas"]["ScheduledNotification"][];
            /** @description Where the list goes on; null on its last page. */
            next_cursor: string | null;
        };
        /** @description One row of the ledger: one connection from its first to its last moment. */
        Session: {
            /**
             * Format: date-time
             * @example 2026-01-31T09:15:00.000Z
             */
            connected_at: string;
            /** @example client_disconnect */
            disconnect_reason: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T17:02:11.480Z
             */
            disconnected_at: string | null;
            /**
             * Format: int64
             * @example 4711
             */
            id: number;
            /** @example 192.0.2.7 */
            ip_address: string | null;
            is_active: boolean;
            /**
             * Format: date-time
             * @description The last time anything was heard on it, heartbeats included.
             * @example 2026-01-31T17:02:11.480Z
             */
            last_seen_at: string;
            /**
             * @description The server that holds, or held, the connection.
             * @example web-1:3001
             */
            node: string;
            /**
             * Format: int64
             * @description The session that this one continues.
             */
            recovered_from: number | null;
            /** @example pN2xv0Y4bq7Wc1dLrT8e */
            socket_id: string;
            /**
             * @description `websocket`, `polling`, or `sse` for a stream of events, as it was when the connection was admitted.
             * @example websocket
             */
            transport: string;
            /** @example Mozilla/5.0 */
            user_agent: string | null;
            /**
             * Format: int64
             * @example 27
             */
            user_id: number;
            /**
             * @description Null when the account is gone.
             * @example ana
             */
            username: string | null;
        };
        /** @description Rows of the ledger, newest first. */
        SessionPage: {
            /**
             * Format: int64
             * @description How many are connected now: of the user asked for, or of all whom you may see.
             * @example 3
             */
            active: number;
            items: components["schemas"]["Session"][];
            /** @description Where the list goes on; null on its last page. */
            next_cursor: string | null;
        };
        /**
         * @description How much a notification matters.
         * @enum {string}
         */
        Severity: "info" | "success" | "warning" | "critical";
        /** @description Users in the order of their ids. */
        SubscriberPage: {
            items: components["schemas"]["Publisher"][];
            /** @description Where the list goes on; null on its last page. */
            next_cursor: string | null;
        };
        /** @description A user is subscribed. */
        Subscription: {
            /**
             * Format: int64
             * @description What is published after this notification is theirs.
             * @example 1042
             */
            since: number;
            /** @example alerts.north */
            topic: string;
        };
        /** @description A topic, as I see it. */
        Topic: {
            /**
             * @description Whether an administrator has it in the list for everyone who may read it. One that is not listed is there as long as
             *     somebody is subscribed.
             */
            listed: boolean;
            /** @example alerts.north */
            name: string;
            /** @description Who may read it: every role, where it is not restricted. */
            roles: components["schemas"]["Role"][];
            /**
             * Format: int64
             * @description After which notification it is mine; null where I am not subscribed.
             * @example 1042
             */
            subscribed_since: number | null;
            /**
             * Format: int64
             * @description How many users are subscribed; null where I am neither an administrator nor an operator.
             * @example 12
             */
            subscribers: number | null;
        };
        /** @description Topics in the order in which they were made. */
        TopicPage: {
            items: components["schemas"]["Topic"][];
            /** @description Where the list goes on; null on its last page. */
            next_cursor: string | null;
        };
        /** @description What is to be acknowledged, newest first. */
        Unacknowledged: {
            items: components["schemas"]["Notification"][];
        };
        /** @description How many of an inbox are unread, and how new that number is. */
        Unread: {
            /**
             * Format: int64
             * @description How many are unread in the whole inbox.
             * @example 2
             */
            unread: number;
            /**
             * Format: int64
             * @description Notifications up to this id are in the number; those above it are not.
             * @example 1042
             */
            unread_position: number;
            /**
             * Format: int64
             * @description Larger with whatever changes the number: one with a smaller version than the last is older, and not to be shown.
             * @example 2310
             */
            unread_version: number;
        };
        /** @description An account. Its password is never shown. */
        User: {
            /**
             * Format: date-time
             * @example 2026-01-31T09:15:00.000Z
             */
            created_at: string;
            /** @description A disabled user cannot log in or connect. */
            disabled: boolean;
            /** @example Ana Pérez */
            display_name: string | null;
            /**
             * Format: int64
             * @example 27
             */
            id: number;
            role: components["schemas"]["Role"];
            /** @example ana */
            username: string;
        };
        /** @description Users in the order of their ids. */
        UserPage: {
            items: components["schemas"]["User"][];
            /** @description Where the list goes on; null on its last page. */
            next_cursor: string | null;
        };
        /** @description Something that is wrong with the way; its `rule` is the doctor's. */
        WayFinding: {
            /** @description What a client sees because of it. */
            effect: string;
            /**
             * @description Where the rule is explained.
             * @example docs/checks.md#way-broken
             */
            help: string;
            /** @description What to do. */
            mend: string;
            message: string;
            /** @example way-broken */
            rule: string;
            severity: components["schemas"]["WaySeverity"];
        };
        /** @description What a client's way to this server came to, walked by the server itself. */
        WayReport: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            duration_ms: number;
            findings: components["schemas"]["WayFinding"][];
            probes: components["schemas"]["WayStep"][];
            verdict: components["schemas"]["WayVerdict"];
        };
        /**
         * @description How bad a finding is.
         * @enum {string}
         */
        WaySeverity: "error" | "warning" | "hint";
        /** @description A step of the way. */
        WayStep: {
            /** @description What was seen. */
            detail: string;
            /** Format: int64 */
            duration_ms: number;
            ok: boolean;
            /**
             * @description `direct` or `proxied`, and the step.
             * @example proxied websocket
             */
            step: string;
            target: string;
        };
        /**
         * @description Faulty with an error or a warning; a hint leaves it healthy.
         * @enum {string}
         */
        WayVerdict: "healthy" | "faulty";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description Logged in */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginAnswer"];
                };
            };
            /** @description `invalid_json`, with line and column. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_credentials`: no such user, wrong password, or disabled. Which of them is not told. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body_too_large`: more than 256 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: not `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_field`, with every refused field in `errors`. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_attempts`: wait for as many seconds as `Retry-After` says. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user of the token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showHealth: {
        parameters: {
            query?: {
                /**
                 * @description `en` or `es`.
                 * @example es
                 */
                lang?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
            /** @description `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    examineWay: {
        parameters: {
            query?: {
                /**
                 * @description `en` or `es`.
                 * @example es
                 */
                lang?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What it came to */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WayReport"];
                };
            };
            /** @description `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `examination_under_way`: one is made at a time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                /**
                 * @description `unread`, `read` and `archived`, separated by commas; what is not archived when left out.
                 * @example unread
                 */
                status?: string;
                /** @description How many items at most. */
                limit?: number;
                /** @description `next_cursor` of the page before; left out for the first page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationPage"];
                };
            };
            /** @description `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish: {
        parameters: {
            query?: never;
            header?: {
                /** @description Up to 255 characters of ASCII */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewNotification"];
            };
        };
        responses: {
            /** @description Committed */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Published"];
                };
            };
            /** @description Committed for later: it had a `deliver_at` */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scheduled"];
                };
            };
            /** @description `invalid_json`, with line and column. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_key_reused`: within the last 24 hours the key was used for another notification. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body_too_large`: more than 256 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: not `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `invalid_field` with every refused field in `errors`; `unknown_recipients` with the ids in `users`;
             *     `no_recipients`. Nothing was published.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    archiveNotifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Archive"];
            };
        };
        responses: {
            /** @description What changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Archived"];
                };
            };
            /** @description `invalid_json`, with line and column. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body_too_large`: more than 256 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: not `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_field`, with every refused field in `errors`. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publishBatch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description One notification a line */
        requestBody: {
            content: {
                "application/x-ndjson": components["schemas"]["NewNotification"];
            };
        };
        responses: {
            /** @description One result a line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["BatchResult"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: neither `application/x-ndjson` nor `application/ndjson`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readNotifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MarkRead"];
            };
        };
        responses: {
            /** @description What changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadMany"];
                };
            };
            /** @description `invalid_json`, with line and column. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body_too_large`: more than 256 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: not `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_field`, with every refused field in `errors`. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listScheduled: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `next_cursor` of the page before; left out for the first page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledPage"];
                };
            };
            /** @description `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelScheduled: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `scheduled_id`
                 * @example 17
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is cancelled */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_parameter`: the id is not a positive whole number. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: there is none with this id, or it is someone else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamNotifications: {
        parameters: {
            query?: {
                /**
                 * @description As the header `Last-Event-ID`, for the first request of a client that cannot set it.
                 * @example 1042
                 */
                last_event_id?: number;
            };
            header?: {
                /** @description The last notification that the client has */
                "Last-Event-ID"?: number | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, until either side ends it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description `invalid_parameter`: the id to go on after is none. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `origin_denied`: pages of this origin may not. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_sessions`: the user has as many connections as one may. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listUnacknowledged: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Unacknowledged"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    recallNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the notification
                 * @example 1042
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is recalled */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recalled"];
                };
            };
            /** @description `invalid_parameter`: the id is not a positive whole number. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: there is none with this id, or it is someone else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    acknowledgeNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the notification
                 * @example 1042
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is acknowledged */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Acknowledged"];
                };
            };
            /** @description `invalid_parameter`: the id is not a positive whole number. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: there is none with this id, or it is someone else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_asked_for`: it was published without `requires_ack`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the notification
                 * @example 1042
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is read */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadOne"];
                };
            };
            /** @description `invalid_parameter`: the id is not a positive whole number. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: there is none with this id, or it is someone else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description Only those that are connected now, or only those that are not. */
                active?: boolean;
                /** @description Only this user's. Without the role admin it is always your own. */
                user_id?: number;
                /** @description How many items at most. */
                limit?: number;
                /** @description `next_cursor` of the page before; left out for the first page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            /** @description `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRefusedConnections: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `next_cursor` of the page before; left out for the first page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefusedPage"];
                };
            };
            /** @description `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the row
                 * @example 4711
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The row */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `invalid_parameter`: the id is not a positive whole number. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: there is none with this id, or it is someone else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTopics: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `next_cursor` of the page before; left out for the first page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopicPage"];
                };
            };
            /** @description `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setTopic: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name of the topic
                 * @example alerts.north
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTopic"];
            };
        };
        responses: {
            /** @description As it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Topic"];
                };
            };
            /** @description `invalid_json`, with line and column. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body_too_large`: more than 256 KiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: not `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid_field`, with every refused field in `errors`. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeTopic: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name of the topic
                 * @example alerts.north
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_parameter`: it is not the name of a topic. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: there is none with this id, or it is someone else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    subscribe: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name of the topic
                 * @example alerts.north
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Subscribed before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            /** @description Subscribed from now on */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            /** @description `invalid_parameter`: it is not the name of a topic. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `topic_restricted`: the detail says which roles may read it. Also `forbidden`, where it is for another user. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_subscriptions`: 50 is the most. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unsubscribe: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name of the topic
                 * @example alerts.north
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Not subscribed any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_parameter`: it is not the name of a topic. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSubscribers: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `next_cursor` of the page before; left out for the first page. */
                cursor?: string;
            };
            header?: never;
            path: {
                /**
                 * @description The name of the topic
                 * @example alerts.north
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubscriberPage"];
                };
            };
            /** @description `invalid_parameter`: it is not the name of a topic. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    subscribeUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name of the topic
                 * @example alerts.north
                 */
                name: string;
                /**
                 * @description The id of the user
                 * @example 27
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Subscribed before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            /** @description Subscribed from now on */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            /** @description `invalid_parameter`: it is not the name of a topic. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `topic_restricted`: the detail says which roles may read it. Also `forbidden`, where it is for another user. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: there is none with this id, or it is someone else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_subscriptions`: 50 is the most. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unsubscribeUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name of the topic
                 * @example alerts.north
                 */
                name: string;
                /**
                 * @description The id of the user
                 * @example 27
                 */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Not subscribed any more */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_parameter`: it is not the name of a topic. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /**
                 * @description Only those whose user name or display name contains this text.
                 * @example ana
                 */
                q?: string;
                /** @description How many items at most. */
                limit?: number;
                /** @description `next_cursor` of the page before; left out for the first page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPage"];
                };
            };
            /** @description `invalid_parameter` with every refused one in `errors`, or `invalid_cursor`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` or `token_revoked` (the user is disabled). */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the detail says which role is needed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable` or `busy`: the same request may succeed later. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
