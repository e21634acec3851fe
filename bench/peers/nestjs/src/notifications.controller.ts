import { Body, Controller, Post, Req, UnprocessableEntityException, UseGuards } from '@nestjs/common';
import { NotificationsGateway } from './notifications.gateway.js';
import { PrismaService } from './prisma.service.js';
import { TokenGuard } from './token.guard.js';

type NewNotification = {
  to?: { all?: true; users?: number[] };
  title?: string;
  body?: string;
  severity?: string;
};

/** Publishing: to everyone, stored first; or to some users, sent and not stored. */
@Controller('api/notifications')
@UseGuards(TokenGuard)
export class NotificationsController {
  private unstored = 0;

  constructor(
    private readonly gateway: NotificationsGateway,
    private readonly prisma: PrismaService,
  ) {}

  @Post()
  async create(
    @Body() { to, title, body, severity = 'info' }: NewNotification,
    @Req() { userId }: { userId: number },
  ) {
    if (typeof title !== 'string' || !(to?.all === true || Array.isArray(to?.users))) {
      throw new UnprocessableEntityException('invalid_field');
    }
    const stored = to.all && (await this.store({ title, body, severity, publisherId: userId }));
    const id = stored ? Number(stored.id) : ++this.unstored;
    const created_at = stored ? stored.createdAt : new Date();
    const { sockets } = this.gateway;
    const audience = to.all ? sockets : sockets.to(to.users!.map((user) => `user:${user}`));
    audience.emit('notification', { id, title, body, severity, created_at, from: { id: userId } });
    return { id, created_at };
  }

  private store(data: { title: string; body?: string; severity: string; publisherId: number }) {
    return this.prisma.notification.create({ data, select: { id: true, createdAt: true } });
  }
}
