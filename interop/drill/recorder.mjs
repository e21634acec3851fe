// Knows only what was answered 2xx and what each client received, and judges: each client's received list is its
// inbox, and each inbox is what was answered for it.

export class Recorder {
  answered = new Map(); // id -> { title, readers: [name] }
  clients = []; // { name, user, ids: [], titles: Map }
  cutOff = 0; // tries to publish of which nobody knows the end
  refused = 0; // tries that the server turned away, by its own word
  replayed = 0; // repeats that were answered as an earlier try was

  // A client that is watched from now on, for as long as its socket object lives.
  watch(name, user, socket) {
    const client = { name, user, socket, ids: [], connects: 0, recovered: 0 };
    socket.on('connect', () => {
      client.connects++;
      if (socket.recovered) client.recovered++;
    });
    socket.on('notification', (item) => client.ids.push(item.id));
    socket.on('sync', ({ complete }) => {
      if (!complete) client.incomplete = true;
    });
    this.clients.push(client);
    return client;
  }

  // How many a client still lacks of the inbox that it is to have.
  lacking(client, inbox) {
    const has = new Set(client.ids);
    return inbox.filter((id) => !has.has(id)).length;
  }

  // `inboxes`: user -> [{ id, title }], oldest first, as HTTP lists them.
  judge(inboxes) {
    const verdict = { lost: 0, twice: 0, outOfOrder: 0, faults: [] };
    const note = (kind, text) => {
      verdict[kind]++;
      if (verdict.faults.length < 20) verdict.faults.push(`${kind}: ${text}`);
    };
    for (const [user, inbox] of inboxes) this.#judgeInbox(user, inbox, note);
    for (const client of this.clients) {
      const inbox = inboxes.get(client.user).map(({ id }) => id);
      this.#judgeClient(client, inbox, note);
    }
    return verdict;
  }

  #judgeInbox(user, inbox, note) {
    const times = count(inbox.map(({ id }) => id));
    for (const [id, { title, readers }] of this.answered) {
      if (!readers.includes(user)) continue;
      if (!times.has(id)) note('lost', `${title} (${id}) was answered and is not in the inbox of ${user}`);
    }
    for (const [id, n] of times) if (n > 1) note('twice', `${id} is ${n} times in the inbox of ${user}`);
    // Each publish has a title of its own, and each was answered in the end.
    for (const { id, title } of inbox)
      if (!this.answered.has(id))
        note('twice', `${title} (${id}) is in the inbox of ${user} beside what was answered`);
    const titles = count(inbox.map(({ title }) => title));
    for (const [title, n] of titles)
      if (n > 1) note('twice', `${title} is ${n} times in the inbox of ${user}`);
  }

  #judgeClient(client, inbox, note) {
    const times = count(client.ids);
    for (const id of inbox) if (!times.has(id)) note('lost', `${client.name} never received ${id}`);
    for (const [id, n] of times) if (n > 1) note('twice', `${client.name} received ${id} ${n} times`);
    for (let at = 1; at < client.ids.length; at++) {
      const [before, after] = [client.ids[at - 1], client.ids[at]];
      if (after < before) note('outOfOrder', `${client.name} received ${after} after ${before}`);
    }
    if (client.incomplete) note('lost', `${client.name} was told that its replay is not complete`);
  }
}

function count(values) {
  const times = new Map();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  return times;
}
