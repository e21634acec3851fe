// Short names for the generated shapes, and the only file that knows how the generator spells them.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Role = Schemas['Role'];
export type Severity = Schemas['Severity'];
export type User = Schemas['User'];
export type Session = Schemas['Session'];
export type RefusedConnection = Schemas['RefusedConnection'];
export type Notification = Schemas['Notification'];
export type Audience = Schemas['Recipients'];
/** The server fills in what is left out. */
export type PublishRequest = Pick<Schemas['NewNotification'], 'to' | 'title'> &
  Partial<Schemas['NewNotification']>;
export type Published = Schemas['Published'];
export type Scheduled = Schemas['Scheduled'];
export type ScheduledNotification = Schemas['ScheduledNotification'];
export type ScheduledPage = Schemas['ScheduledPage'];
export type Acknowledgement = Schemas['Acknowledgement'];
export type AcknowledgeResult = Schemas['Acknowledged'];
export type Unread = Schemas['Unread'];
export type ReadSelection = Schemas['MarkRead'];
export type ReadResult = Schemas['ReadMany'];
export type ArchiveResult = Schemas['Archived'];
export type LoginResponse = Schemas['LoginAnswer'];
export type Problem = Schemas['Problem'];
export type UserPage = Schemas['UserPage'];
export type SessionPage = Schemas['SessionPage'];
export type RefusedPage = Schemas['RefusedPage'];
export type NotificationPage = Schemas['NotificationPage'];
export type Topic = Schemas['Topic'];
export type TopicPage = Schemas['TopicPage'];
export type Subscription = Schemas['Subscription'];
export type Subscriber = Schemas['Publisher'];
export type SubscriberPage = Schemas['SubscriberPage'];
export type Health = Schemas['HealthReport'];
export type HealthCheck = Schemas['HealthCheck'];
export type Way = Schemas['WayReport'];
export type WayFinding = Schemas['WayFinding'];
export type WayProbe = Schemas['WayStep'];

/** From the gravest down: the order in which an operator wants to see them. */
export const SEVERITIES = ['critical', 'warning', 'success', 'info'] as const satisfies readonly Severity[];
export const ROLES = ['admin', 'operator', 'user'] as const satisfies readonly Role[];
