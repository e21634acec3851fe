// What may be the name of a topic: the server's rule, told before it is asked. Of `.` and `..` a browser makes
// another address, so those two cannot be asked for from here.

export const LONGEST_TOPIC = 100;

export function isTopicName(text: string): boolean {
  return text.length <= LONGEST_TOPIC && /^[A-Za-z0-9._-]+$/.test(text) && !/^\.{1,2}$/.test(text);
}
